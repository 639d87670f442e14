"""Small texts that stand in place of a file: Git LFS pointers, web pages, aliases."""

import codecs
import re
from pathlib import Path

from helpers.readers.model_files.sentences import joined
from helpers.text import printable, readable_size

LFS = b"version https://git-lfs.github.com/spec/"
PAGES = (b"<!doctype html", b"<html")


def describe(path: Path, head: bytes) -> str:
    """Say what a pointer or a web page is; "" for any other file."""
    name, head = printable(path.name), head.removeprefix(codecs.BOM_UTF8)
    if head.startswith(LFS):
        return joined(
            f"{name} is a Git LFS pointer: a short text in place of a file{_size(head)}.",
            "No program can use it.",
            "Run git lfs install and then git lfs pull in its repository, or download the file "
            "itself, and ask again.",
        )
    if head.lstrip().lower().startswith(PAGES):
        return joined(
            f"{name} is a web page (HTML), not a model: a download saved the page about the file, "
            "or a page with an error.",
            "No program can use it.",
            "Download the file itself (often the link is named raw or download), and ask again.",
        )
    return ""


def size_of_pointer(path: Path) -> str | None:
    """Return " of 300 MB" for a Git LFS pointer, "" if it names no size, None for other files."""
    if path.stat().st_size > 1024:  # the specification's limit for a pointer
        return None
    with path.open("rb") as stream:
        head = stream.read(1024).removeprefix(codecs.BOM_UTF8)
    return _size(head) if head.startswith(LFS) else None


def _size(head):
    found = re.search(rb"^size (\d{1,18})\s*$", head, re.MULTILINE)
    return f" of {readable_size(int(found[1]))}" if found else ""
