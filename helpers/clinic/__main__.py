"""Find a traceback in the error clinic: `python -m helpers.clinic [FILE]`."""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from helpers.clinic import CASES
from helpers.errors.find import find
from helpers.text import printable

FOUND, NOT_FOUND, BAD_USE = 0, 1, 2
WIDTH = 96
HOW_TO_END = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"
PASTE = f"Paste the traceback, press Enter and then {HOW_TO_END}:"
STATUS = """\
Exit status: 0 the error is in the clinic, 1 it is not (near cases are printed, if there are any,
and what to do next), 2 there is no text to read.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the case of a traceback and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.clinic",
        description="Read a traceback and print its case: symptom, cause, experiment, cure.",
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file",
        nargs="?",
        default="-",
        metavar="FILE",
        help="the file with the traceback; standard input if it is missing or -",
    )
    parser.add_argument(
        "--code", action="store_true", help="print the broken and the cured code as well"
    )
    chosen = parser.parse_args(arguments)
    try:
        text = read(chosen.file)
    except OSError as error:
        return fail(f"cannot read {printable(chosen.file)}: {error.strerror or error}")
    except KeyboardInterrupt:  # Ctrl-C instead of a paste
        return fail("no text was pasted")
    found = find(text)
    if not found.words:
        return fail("the text contains no words. Give the text of an error")
    if found.case and found.case.key in CASES and chosen.code:
        print(CASES[found.case.key].as_text())
    else:
        print(found)
        if found.next_step:
            print(textwrap.fill(f"next: {found.next_step}", WIDTH, subsequent_indent="  "))
    return FOUND if found.case else NOT_FOUND


def read(file: str) -> str:
    """Return the text of a file, or of standard input for "-".

    Bytes that are not UTF-8 are replaced: an error's own words are ASCII.
    """
    if file != "-":
        return Path(file).read_bytes().decode("utf-8", errors="replace")
    if sys.stdin is None:  # The program was started with standard input closed.
        return ""
    if sys.stdin.isatty():
        print(PASTE, file=sys.stderr)
    return sys.stdin.buffer.read().decode("utf-8", errors="replace")


def fail(reason: str) -> int:
    """Print why nothing was looked up, and return the exit status for it."""
    print(f"python -m helpers.clinic: {reason}. See --help.", file=sys.stderr)
    return BAD_USE


if __name__ == "__main__":
    sys.exit(main())
