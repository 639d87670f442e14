"""Check deeply nested JSON without keeping its values.

No value so deep can be part of a tensor, but TensorFlow Serving still reads it and finds its
errors. RapidJSON keeps the open lists and objects outside the call stack, so it has no limit of the
depth. Patterns read most of the text in C.
"""

import re
from collections.abc import Callable

from helpers.serving.protocol.json_tokens import Tokens

_LONGEST = 1 << 14  # bytes for one pattern, a millisecond; `re` keeps the interpreter's lock

_WS = r"[ \t\n\r]*+"
_STRING = r'"(?:[^\x00-\x1f"\\]|\\(?:["\\/bfnrt]|u(?![dD])[0-9a-fA-F]{4}))*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]{0,30}+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]{1,2}+)?+"
_SCALAR = rf"(?:{_STRING}|{_NUMBER}|null|true|false|NaN)"
_LIST = rf"\[{_WS}(?:{_SCALAR}{_WS}(?:,{_WS}{_SCALAR}{_WS})*+)?+\]"
_FLAT = rf"(?:{_SCALAR}|{_LIST}|\{{{_WS}\}})"
_KEY = rf"{_STRING}{_WS}:{_WS}"

# From the start of a value to the start of a value that is nested deeper.
_OPENING = re.compile(
    (
        rf"(?:\[{_WS}(?:{_FLAT}{_WS},{_WS})*+"
        rf"|\{{{_WS}(?:{_KEY}{_FLAT}{_WS},{_WS})*+{_KEY})++"
    ).encode()
)
# From the end of a value to the end of a list or object that contains it.
_CLOSE = rf"{_WS}(?:(?:,{_WS}{_FLAT}{_WS})*+\]|(?:,{_WS}{_KEY}{_FLAT}{_WS})*+\}})"
_CLOSING = re.compile(f"(?:{_CLOSE})++".encode())
_ONE_CLOSING = re.compile(_CLOSE.encode())

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"')
_FLATS = re.compile(rb"\[[^\[\]{}]*+\]|\{[ \t\n\r]*+\}")
_ENDS = bytes.maketrans(b"[{", b"]}")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def skip(tokens: Tokens, check_time: Callable[[], None]) -> None:
    """Read the list or object at which `tokens` stands, and keep nothing of it.

    Parameters
    ----------
    tokens : Tokens
    check_time : callable
        is called at least once per 16 kB, and raises an error when the time is over

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, with the kind of error and its offset in bytes
    """
    ends = bytearray()  # the closing bracket of each open list and object, outermost first
    while True:
        check_time()
        complete = _open(tokens, ends)
        while complete:
            if not ends:
                return
            check_time()
            complete = _close(tokens, ends)


def _open(tokens, ends):
    """Read up to the end of a value and return True, or to the start of an inner value: False."""
    first = tokens.peek()
    opening = _OPENING.match(tokens.body, tokens.at, tokens.at + _LONGEST)
    if opening:
        tokens.at = opening.end()
        ends += _ends(opening[0])
        if tokens.peek() == b"]" and opening[0].rstrip(b" \t\n\r").endswith(b"["):
            tokens.at += 1
            del ends[-1]
            return True
        return False
    if first == b"[" or first == b"{":
        tokens.at += 1
        end = b"]" if first == b"[" else b"}"
        if tokens.peek() == end:
            tokens.at += 1
            return True
        ends += end
        if first == b"{":
            tokens.key()
        return False
    tokens.scalar()
    return True


def _close(tokens, ends):
    """Read what follows a value; return whether that is the end of a list or object."""
    closing = _CLOSING.match(tokens.body, tokens.at, tokens.at + _LONGEST)
    if closing:
        closed = _ends(closing[0])
        if ends.endswith(closed[::-1]):
            tokens.at = closing.end()
            del ends[-len(closed) :]
            return True
        # The text ends more than is open here, or one bracket is wrong.
        before = tokens.at
        while ends and (one := _ONE_CLOSING.match(tokens.body, tokens.at)):
            if one[0][-1] != ends[-1]:
                break
            tokens.at = one.end()
            del ends[-1]
        if tokens.at > before:
            return True
    if tokens.follows(bytes(ends[-1:])):
        del ends[-1]
        return True
    return False


def _ends(text):
    """Return the closing brackets of what a text opens, or of what it closes."""
    if b'"' in text:
        text = _STRINGS.sub(b"", text)
    if (b"[" in text and b"]" in text) or (b"{" in text and b"}" in text):
        text = _FLATS.sub(b"", text)
    return text.translate(_ENDS, _NO_BRACKETS)
