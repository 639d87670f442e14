"""What to do about an error that no entry explains."""

import re

from helpers.errors.cure import entry
from helpers.errors.known_error import GENERAL

FRAME = re.compile(
    r'^[ \t]*File "([^"\n]{1,400})", line (\d{1,7})[^\n]*(?:\n[ \t]+(\S[^\n]*))?', re.M
)
# A cell of a notebook, and the line of it that IPython points to.
CELL = re.compile(
    r"^(?:Cell In ?\[\d+\]|Input In \[\d+\]|<ipython-input-|/tmp/ipykernel_)[^\n]*\n"
    r"(?:(?!-+> ?\d)[^\n]*\n){0,12}?-+> ?(\d{1,7}) ([^\n]*)",
    re.M,
)
NOT_YOURS = re.compile(
    r"(site|dist)-packages|[/\\]lib[/\\]python\d|\\Lib\\|^<frozen |__autograph_generated_file"
)
SLASH = re.compile(r"[/\\]")
# A frame of a library, as Python or as IPython prints it.
LIBRARY = re.compile(
    r'^[ \t]*(?:File )?["~/A-Z][^\n]{0,400}'
    r"(?:(?:site|dist)-packages|[/\\]lib[/\\]python\d|\\Lib\\)",
    re.M,
)
PYTHON = re.compile(r"^\s*(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Iteration|Exit)\b")
MODULE = "ModuleNotFoundError"
WHOLE = "Paste the whole traceback: the functions above the last line tell similar errors apart."
SEARCH = (
    "Take your own names, paths and numbers out of the message, and search the rest in quotation "
    "marks in the issues of the program that printed it. If no program reports an error, lesson 07 "
    "helps."
)


def next_step(message: str, traceback: str) -> str:
    """Return what to do next, in one to three sentences.

    Parameters
    ----------
    message : str
        The error: "Type: what it says".
    traceback : str
        What stands above the message; "" if only the message is there.

    Returns
    -------
    str
        The lowest line of the reader's own code, if the traceback has one, and the usual cause of
        errors of this type, if there is one. Otherwise what to paste or to search.
    """
    line, is_lowest = _own_line(traceback)
    general = _general(message)
    if line:
        look = " Print the values that it uses: their type, shape and dtype, or the whole path."
        if not is_lowest and not message.startswith(MODULE):
            general = ""  # a name that a library does not find
        return f"The lowest line that is yours is {line}.{general or look}"
    if general:
        return general.strip()
    return WHOLE if PYTHON.match(message) and not FRAME.search(traceback) else SEARCH


def _general(message):
    """What errors of this type usually mean, with a space before it; "" if nothing is known."""
    error = entry(message)
    if error is None or error.group != GENERAL or error.marks or error.framed_marks:
        return ""
    return f" {error.cause} {error.cure}"


def _own_line(traceback):
    """(the lowest line of a traceback that belongs to no library, whether it is the lowest at all).

    The line is in words; "" if there is none.
    """
    found = [
        (match.start(), f"line {match[2]} of {SLASH.split(match[1])[-1]}", match[3])
        for match in FRAME.finditer(traceback)
        if not NOT_YOURS.search(match[1])
    ]
    found += [
        (match.start(), f"line {match[1]} of your cell", match[2])
        for match in CELL.finditer(traceback)
    ]
    if not found:
        return "", False
    at, place, code = max(found, key=lambda each: each[0])
    is_lowest = not any(match.start() > at for match in LIBRARY.finditer(traceback))
    return (f"{place}: {code.strip()[:100]}" if code else place), is_lowest
