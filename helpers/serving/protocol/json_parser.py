"""Parse JSON as TensorFlow Serving parses it.

The parser of TensorFlow Serving, RapidJSON 1.1.0, accepts NaN and Infinity, stops after the first
value, has no limit of the depth, and reports the byte offset of an error. No JSON package for
Python does all of this, and none releases the interpreter's lock. Python's `json` module is about
thirty times faster than a parser that is written in Python. So the exact parser of this module
walks only through the outer lists and objects, and through what the `json` module cannot read. The
`json` module reads the rest in pieces.
"""

import re
import time

from helpers.serving.protocol import json_nesting, json_pieces
from helpers.serving.protocol.errors import DEADLINE_EXCEEDED, ServingError, invalid
from helpers.serving.protocol.json_pieces import LONGEST, NotRead, members_of, to_object
from helpers.serving.protocol.json_text import debug_string
from helpers.serving.protocol.json_tokens import Tokens

# The exact parser does not keep values in more lists and objects: tensors have at most 254
# dimensions, and error texts show at most 256 brackets.
DEEPEST = 300
_SHORTEST, _SMALL = 32, 512  # bytes: the shortest piece, and the first one after a failure
_NEAR = 64  # bytes
PARSED_TOO_LONG = "Timed out while the request was parsed"
_STEPS = 512  # between two looks at the clock


def parse(body: bytes, end: float | None = None) -> dict:
    """Parse the JSON object in the body of a request.

    Parameters
    ----------
    body : bytes
    end : float, optional
        the time of `time.monotonic` at which parsing must stop, in seconds

    Returns
    -------
    dict
        the object; bytes that are not UTF-8 are surrogate escapes in its strings, and
        `json_text.to_bytes` returns the original bytes

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, with the kind of error and its offset in bytes; DEADLINE_EXCEEDED
    """
    if len(body) <= LONGEST and body.startswith(b"{"):
        try:
            return json_pieces.read(body)[0]
        except NotRead:
            pass
    return _must_be_object(_Parser(body, end).document())


def parse_exactly(body: bytes) -> dict:
    """Parse the JSON object in the body of a request without the `json` module, slowly.

    Parameters
    ----------
    body : bytes

    Returns
    -------
    dict
        as `parse` returns it

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, with the kind of error and its offset in bytes
    """
    return _must_be_object(_Parser(body, None, in_pieces=False).document())


def _must_be_object(document):
    if not isinstance(document, dict):
        raise invalid("JSON Value: ", debug_string(document), " Is not object")
    return document


# What stands between two values: the comma with the brackets and quotation marks next to it.
_BEFORE = re.compile(rb"[\]}\" \t\n\r]*$")
_AFTER = re.compile(rb"[ \t\n\r]*[\[{\"]*")
_REACH = 16  # bytes on each side


class _Open:
    """A list or object that is not complete."""

    __slots__ = ("comma", "end", "held", "key", "separator")

    def __init__(self, end):
        self.end, self.held = end, []  # the closing bracket; values, or pairs of key and value
        self.key = None  # of the current member
        self.separator, self.comma = b"", 0  # and the offset of the comma in it


class _Parser(Tokens):
    """The exact parser of one text.

    Where it can, it takes a piece of the text: a whole list or object, or several values of an open
    one up to a comma. Where a piece ends is a guess, which the `json` module proves: with a bracket
    on each side, a piece is valid only if it has complete values.
    """

    def __init__(self, body, end, in_pieces=True):
        super().__init__(body)
        self._end = end
        self._open = []  # outermost first
        self._steps = 0
        self._size = LONGEST  # bytes of the next piece
        self._from = 0 if in_pieces else len(body)  # no piece starts before this offset
        self._different = -1  # no piece contains this offset
        self._too_long = -_NEAR  # the offset of a value that was longer than a piece

    def check_time(self):
        """Stop when the time is over."""
        if self._end is not None and time.monotonic() >= self._end:
            raise ServingError(DEADLINE_EXCEEDED, PARSED_TOO_LONG)

    def document(self):
        if not self.body:
            raise invalid("JSON Parse error: The document is empty")
        if not (first := self.peek()) or first in b"]},:":
            self.fail("The document is empty.")
        while True:
            self._steps += 1
            if not self._steps % _STEPS:
                self.check_time()
            complete, value = self._value()
            while complete:
                if not self._open:
                    return value
                complete, value = self._close(value)

    def _value(self):
        """Read a value and return (True, value); open a list or object and return (False, None)."""
        first = self.peek()
        if first != b"[" and first != b"{":
            return True, self.scalar()
        if len(self._open) >= DEEPEST:
            json_nesting.skip(self, self.check_time)
            return True, [] if first == b"[" else {}
        if (found := self._whole()) is not None:
            return True, found
        self.at += 1
        opened = _Open(b"]" if first == b"[" else b"}")
        if self.peek() == opened.end:
            self.at += 1
            return True, [] if first == b"[" else {}
        self._open.append(opened)
        if first == b"{":
            opened.key = self.key()
        return False, None

    def _close(self, value):
        """Add a value to the innermost container; return (True, container) if that ends."""
        opened = self._open[-1]
        opened.held.append(value if opened.end == b"]" else (opened.key, value))
        while self.peek() == b"," and self._several(opened):
            pass
        if self.follows(opened.end):
            self._open.pop()
            return True, opened.held if opened.end == b"]" else to_object(opened.held)
        opened.key = self.last_key
        return False, None

    # -- pieces ------------------------------------------------------------------------------------

    def _whole(self):
        """Return the list or object that starts here if it is in one piece, or else None."""
        if self.at - self._too_long < _NEAR:  # its first value is often too long, too
            return None
        start, limit = self.at, self._limit(self.at)
        found = self._read(start, limit, "", "")
        if found is None:
            return None
        value, end = found
        self.at = start + end
        return value

    def _several(self, opened):
        """Add the values from this comma to another one, or to the last, and return whether any."""
        if not opened.separator:
            before = _BEFORE.search(self.body[max(self.at - _REACH, 0) : self.at])[0]
            after = _AFTER.match(self.body, self.at + 1, self.at + 1 + _REACH)[0]
            opened.separator, opened.comma = before + b"," + after, len(before)
        start = self.at + 1
        stop = self.body.rfind(opened.separator, start, self._limit(start)) + opened.comma
        before, after = ("[", "]") if opened.end == b"]" else ("{", "}")
        found = self._read(start, stop, before, after)
        if not found or not found[0]:
            opened.separator = b""
            return False
        value, end = found
        opened.held.extend(value if opened.end == b"]" else members_of(value))
        self.at = start + end - 1  # at the comma, or at the closing bracket before it
        return True

    def _limit(self, start):
        """Return the offset at which a piece from `start` must end at the latest."""
        limit = start + self._size
        return min(limit, self._different) if start <= self._different else limit

    def _read(self, start, stop, before, after):
        """Read a piece and return what `json_pieces.read` returns, or None."""
        if start < self._from or stop - start < _SHORTEST:
            return None
        self.check_time()
        piece = self.body[start:stop]
        try:
            value, end = json_pieces.read(piece, before, after)
        except NotRead as reason:
            if reason.too_deep:
                self._from = start + len(piece)
            elif reason.at is not None:
                self._different = start + reason.at
                self._size = _SMALL
            elif not after and self._size == LONGEST:
                self._too_long = start
            else:
                self._size = max(self._size // 4, _SMALL)
            return None
        self._size = min(max(4 * end, _SMALL), LONGEST)
        return value, end
