"""Undo what a terminal, a log, a browser or JSON did to the text of an error."""

import html
import re

# How many characters of a longer text are read at each end.
ENDS = 50_000

# Colour codes, and characters that no message contains, such as the zeros of UTF-16.
NOISE = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2060\ufeff]")
# A word processor or a chat replaces quotation marks and spaces.
TYPED = str.maketrans(
    "“”„‟″‘’‚‛′\u00a0\u2000\u2001\u2002\u2003\u2007\u2009\u202f", '"' * 5 + "'" * 5 + " " * 8
)
ENTITY = re.compile(r"&(?:#\d{1,5}|#x[0-9A-Fa-f]{1,4}|amp|lt|gt|quot|apos|nbsp);")

# A line of JSON, or the repr of a message: its quotation marks and line ends are escaped. The path
# C:\new has a backslash and an n as well, so something of a traceback must follow.
ESCAPED = re.compile(
    r"""\\["'](?=.)"""
    r"""|\\n(?=\\n|\\t|[ \t]{2}|Traceback |[A-Za-z_.]{1,80}(?:Error|Exception)\b|"?\}?$)"""
)
ESCAPE = re.compile(r"""\\([\\"'/nt])""")
MEANS = {"n": "\n", "t": "\t"}

TRACEBACK = "Traceback (most recent call last)"
LEVEL = r"(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)"
# The prefix of each line in a quoted e-mail, in a log, and in pytest's output.
MARGIN = re.compile(
    r"^(?:(?: ?>)+ ?"
    r"|[\w.-]{0,60} {0,20}\| ?"
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\s|]{0,20}(?: [+-]\d{4}\])?"
    rf"(?: (?:stdout|stderr) [FP](?= )| - [\w.]{{1,60}} - {LEVEL} -| [\w.]{{0,60}}\b{LEVEL}:)? "
    rf"|[A-Z][a-z][a-z] [\d ]\d \d\d:\d\d:\d\d [\w.-]{{1,60}} [\w.@/-]{{1,60}}(?:\[\d{{1,9}}\])?: "
    r"|E(?=   ))",
    re.M,
)
# pytest repeats the type of an error behind the place of the last line.
TRAILER = re.compile(r"^\S{1,300}\.py:\d{1,6}:\s{1,3}\w{1,60}(?:Error|Exception|Warning)$", re.M)
# Python prints these about objects that it deletes when it ends.
AFTERWARDS = re.compile(r"^Exception ignored in", re.M)


def cleaned(text: str) -> str:
    """Return a pasted text as the program printed it, as far as this can be told.

    Parameters
    ----------
    text : str
        A traceback or a message: from a terminal, a log file, a web page, a chat or JSON.

    Returns
    -------
    str
        The text without colours, margins and escapes. Of a very long text, both ends.
    """
    if len(text) > 2 * ENDS:
        text = f"{text[:ENDS]}\n{text[-ENDS:]}"
    text = NOISE.sub("", text).translate(TYPED)
    if ENTITY.search(text):
        text = html.unescape(text).translate(TYPED)
    if "\\" in text:
        text = "\n".join(map(_unescaped, text.split("\n")))
    text = MARGIN.sub("", _without_column(text))
    text = TRAILER.sub("", text)
    return AFTERWARDS.split(text)[0].strip() or text


def _unescaped(line):
    for _ in range(2):  # JSON in JSON
        if not ESCAPED.search(line):
            return line
        line = ESCAPE.sub(lambda match: MEANS.get(match[1], match[1]), line)
    return line


def _without_column(text):
    """The text without the column that a log puts before each line of a traceback."""
    at = text.find(TRACEBACK)
    column = text[text.rfind("\n", 0, at) + 1 : at] if at > 0 else ""
    if not column.strip() or len(column) > 200:
        return text
    shape, width = _shape(column), len(column)
    lines = text.split("\n")
    within = [_shape(line[:width].ljust(width)) == shape for line in lines]
    if sum(within) < 2:
        return text  # a message of one line that names the traceback
    return "\n".join(
        line[width:] if inside else line for line, inside in zip(lines, within, strict=True)
    )


def _shape(column):
    """A column with a 0 in place of each digit: the time in it changes from line to line."""
    return re.sub(r"\d", "0", column)
