"""Read pieces of JSON with Python's `json` module where it reads them as RapidJSON does.

The `json` module keeps the interpreter's lock while it parses. A piece is therefore short: other
threads can run between two pieces.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

LONGEST = 1 << 16  # bytes; the json module needs about a millisecond for them


class Repeated(dict):
    """A JSON object in which a key occurs more than once.

    The dict has the first value of each key. `members` is the list of all (key, value) pairs.
    """

    def __init__(self, members: list[tuple]) -> None:
        super().__init__(reversed(members))
        self.members = members


def to_object(members: list[tuple]) -> dict:
    """Return the dict with these (key, value) pairs, `Repeated` if a key occurs again."""
    found = dict(members)
    return found if len(found) == len(members) else Repeated(members)


def members_of(value: dict) -> Iterable[tuple]:
    """Return all (key, value) pairs of a JSON object."""
    return value.members if isinstance(value, Repeated) else value.items()


class NotRead(Exception):
    """The `json` module cannot read a piece, or could read it differently.

    Parameters
    ----------
    at : int, optional
        the offset in the piece at which only the exact parser can read; None if the piece ends
        within a value
    too_deep : bool
        whether the piece has too many nested values for the `json` module
    """

    def __init__(self, at: int | None, too_deep: bool = False) -> None:
        super().__init__(at)
        self.at, self.too_deep = at, too_deep


def _integer(digits):
    """Read an integer; RapidJSON reads one of more than 64 bits as a double."""
    value = int(digits)
    return value if -(2**63) <= value < 2**64 else float(digits)


_plain = json.JSONDecoder(object_pairs_hook=to_object)
_long_integers = json.JSONDecoder(object_pairs_hook=to_object, parse_int=_integer)

# With these replacements, one search in C finds what the json module could read differently.
_ALIKE = bytes.maketrans(b"123456789ED", b"000000000ed")
_OVERFLOW = re.compile(rb"[eE]\+?0*+(?:[1-9][0-9]{3}|[4-9][0-9]{2}|3[1-9][0-9]|309)")
# A surrogate without its other half; also one after two backslashes, where "\u" is no escape.
_SINGLE = re.compile(
    rb"\\(?:\\u[dD][89a-fA-F]|u[dD](?:"
    rb"[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F]))"
)
_TOO_MANY = b"0" * 309  # the largest double has 309 digits
_PAIR = 12  # bytes of two escapes
_WORD = re.compile(r'"(?:[^"\\]|\\.)*+"|-?NaN|Inf(?!inity)')
_NAMES = {"Inf": "Infinity", "-NaN": "NaN"}
_TOKEN = 40  # bytes; an error nearer to the end of a piece can be due to the end


def _different(piece, alike):
    """Return the first offset at which the json module could read differently, or None."""
    found = []
    if b"e000" in alike or b"e+000" in alike:
        found.append(_OVERFLOW.search(piece))
    if b"\\ud" in alike:
        found.append(_SINGLE.search(piece))
    offsets = [match.start() for match in found if match]
    if _TOO_MANY in alike:
        offsets.append(alike.index(_TOO_MANY))
    return min(offsets, default=None)


def read(piece: bytes, before: str = "", after: str = "") -> tuple[Any, int]:
    """Read the JSON value at the start of a text.

    Parameters
    ----------
    piece : bytes
    before, after : str
        ASCII characters that the text has before and after the piece

    Returns
    -------
    object
        the value
    int
        the offset in the piece at which the value ends; len(piece) + len(after) at most

    Raises
    ------
    NotRead
    """
    alike = piece.translate(_ALIKE)
    if (at := _different(piece, alike)) is not None:
        raise NotRead(None if at > len(piece) - _PAIR else at)
    text = given = before + piece.decode("utf-8", "surrogateescape") + after
    if b"Inf" in piece or b"-NaN" in piece:
        text = _WORD.sub(lambda found: _NAMES.get(found[0], found[0]), given)
    decoder = _long_integers if b"0" * 19 in alike else _plain
    try:
        value, end = decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        at = _in_bytes(given, len(before), _unnamed(text, given, error.pos))
        short = at > len(piece) - _TOKEN or error.msg.startswith("Unterminated string")
        raise NotRead(None if short else at) from None
    except RecursionError:
        raise NotRead(0, too_deep=True) from None
    return value, _in_bytes(given, len(before), _unnamed(text, given, end))


def _unnamed(text, given, at):
    """Return the offset in the given text of an offset in the text with other names."""
    if text is given:
        return at
    shift = 0
    for found in _WORD.finditer(given):
        if found.start() + shift >= at:
            break
        shift += len(_NAMES.get(found[0], found[0])) - len(found[0])
    return at - shift


def _in_bytes(text, start, end):
    """Return the size of text[start:end] in bytes."""
    if text.isascii():
        return end - start
    return len(text[start:end].encode("utf-8", "surrogateescape"))
