"""Parse JSON as TensorFlow Serving parses it.

The parser of TensorFlow Serving accepts NaN and Infinity, stops after the first value, and reports
the byte offset of an error. Python's `json` module differs in these details, but it is about thirty
times faster than a parser that is written in Python. So `parse` tries the `json` module first. The
exact parser reads only the texts that the `json` module refuses or could read differently.
"""

import json
import math
import re

from helpers.serving.protocol.errors import invalid
from helpers.serving.protocol.json_text import debug_string


class Repeated(dict):
    """A JSON object in which a key occurs more than once.

    The dict has the first value of each key. `members` is the list of all (key, value) pairs.
    """

    def __init__(self, members):
        super().__init__(reversed(members))
        self.members = members


def _object(members):
    found = dict(members)
    return found if len(found) == len(members) else Repeated(members)


_LARGE = re.compile(r"[eE]\+?\d{3}")
_DIGITS, _TOO_MANY = "0123456789", 309  # the largest double has 309 digits
_decoder = json.JSONDecoder(object_pairs_hook=_object)


def _has_large_integer(text):
    """Return whether the text contains at least 309 consecutive digits.

    Such a sequence contains an offset 309 * k - 1, so it is enough to look at these offsets.
    """
    for at in range(_TOO_MANY - 1, len(text), _TOO_MANY):
        if text[at] in _DIGITS:
            before, after = text[at - _TOO_MANY + 1 : at], text[at : at + _TOO_MANY]
            others = len(before.rstrip(_DIGITS)) + len(after.lstrip(_DIGITS))
            if len(before) + len(after) - others >= _TOO_MANY:
                return True
    return False


def parse(body: bytes) -> tuple[dict, bool]:
    """Parse the JSON object in the body of a request.

    Parameters
    ----------
    body : bytes

    Returns
    -------
    dict
        the object; bytes that are not UTF-8 are surrogate escapes in its strings, and
        `json_text.to_bytes` returns the original bytes
    bool
        whether the exact parser has read the text; if not, integers of more than 64 bits are int,
        where TensorFlow Serving reads floats

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, with the kind of error and its offset in bytes
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    # Python accepts a single surrogate, and reads numbers that are too large as inf or as int.
    if not ("\\ud" in text or "\\uD" in text or _LARGE.search(text) or _has_large_integer(text)):
        try:
            start = len(text) - len(text.lstrip(" \t\n\r"))
            return _must_be_object(_decoder.raw_decode(text, start)[0]), False
        except (ValueError, RecursionError):
            pass
    return parse_exactly(body), True


def parse_exactly(body: bytes) -> dict:
    """Parse the JSON object in the body of a request with the exact, slower parser.

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
    return _must_be_object(_Exact(body).document())


def _must_be_object(document):
    if not isinstance(document, dict):
        raise invalid("JSON Value: ", debug_string(document), " Is not object")
    return document


_SPACE = re.compile(rb"[ \t\n\r]*")
_PLAIN = re.compile(rb'[^\x00-\x1f"\\]*')
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_HEX = re.compile(rb"[0-9a-fA-F]{4}")
_ESCAPES = dict(zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True))
_WORDS = {b"n": (b"null", None), b"t": (b"true", True), b"f": (b"false", False)}


class _Exact:
    """A parser that reads one text byte by byte and raises the protocol's errors and offsets."""

    def __init__(self, body):
        self.body, self.at = body, 3 if body.startswith(b"\xef\xbb\xbf") else 0

    def fail(self, text, at=None):
        at = self.at if at is None else at
        raise invalid("JSON Parse error: ", text, " at offset: ", at)

    def peek(self):
        """Skip white space and return the next byte; b"" at the end of the text or a NUL byte."""
        self.at = _SPACE.match(self.body, self.at).end()
        following = self.body[self.at : self.at + 1]
        return b"" if following == b"\0" else following

    def document(self):
        if not (first := self.peek()) or first in b"]},:":
            self.fail("The document is empty.")
        holders = []  # the open containers with their closing brackets, outermost first
        keys = []  # the current key of each open object, outermost first
        while True:
            value, complete = self.value(holders, keys)
            while complete:
                if not holders:
                    return value
                value, complete = self.close(holders, keys, value)

    def value(self, holders, keys):
        """Read a value and return (value, True); open a container and return (None, False)."""
        first = self.peek()
        if first == b"{" or first == b"[":
            self.at += 1
            if first == b"[":
                if self.peek() == b"]":
                    self.at += 1
                    return [], True
                holders.append(([], b"]"))
            else:
                if self.peek() == b"}":
                    self.at += 1
                    return {}, True
                holders.append(([], b"}"))
                keys.append(self.key())
            return None, False
        if first == b'"':
            return self.string(), True
        if not first or first in b"]},:":
            self.fail("Invalid value.")
        if first in _WORDS:
            word, value = _WORDS[first]
            return self.word(word, value), True
        return self.number(), True

    def close(self, holders, keys, value):
        """Add a value to the innermost container; return (container, True) if that ends."""
        held, end = holders[-1]
        held.append((keys.pop(), value) if end == b"}" else value)
        following = self.peek()
        if following == b",":
            self.at += 1
            if end == b"}":
                keys.append(self.key())
            return None, False
        if following != end:
            name = "array element" if end == b"]" else "object member"
            self.fail(f"Missing a comma or '{end.decode()}' after an {name}.")
        self.at += 1
        holders.pop()
        return (held if end == b"]" else _object(held)), True

    def key(self):
        if self.peek() != b'"':
            self.fail("Missing a name for object member.")
        key = self.string()
        if self.peek() != b":":
            self.fail("Missing a colon after a name of object member.")
        self.at += 1
        return key

    def word(self, word, value):
        for byte in word:
            if self.body[self.at : self.at + 1] != bytes((byte,)):
                self.fail("Invalid value.")
            self.at += 1
        return value

    def number(self):
        start, text = self.at, self.body
        found = _NUMBER.match(text, start)
        if not found:
            return self.no_digits()
        self.at = found.end()
        whole = True
        if text[self.at : self.at + 1] == b".":
            whole, self.at = False, self.at + 1
            self.digits("Miss fraction part in number.")
        if text[self.at : self.at + 1] in (b"e", b"E"):
            whole, self.at = False, self.at + 1
            if text[self.at : self.at + 1] in (b"+", b"-"):
                self.at += 1
            self.digits("Miss exponent in number.")
        token = text[start : self.at]
        if whole and len(token) < 21 and -(2**63) <= int(token) < 2**64:
            return int(token)
        mantissa, _, exponent = token.lower().partition(b"e")
        integer, _, fraction = mantissa.partition(b".")
        # A number that overflows only because of its last digits becomes an infinity.
        largest = 308 + min(len(fraction), 17)
        if math.isinf(float(integer)) or (len(exponent) > 1 and int(exponent) > largest):
            self.fail("Number too big to be stored in double.", start)
        return float(token)

    def no_digits(self):
        negative = self.body[self.at : self.at + 1] == b"-"
        self.at += negative
        if self.body[self.at : self.at + 1] == b"N":
            return self.word(b"NaN", math.nan)
        value = self.word(b"Inf", -math.inf if negative else math.inf)
        if self.body[self.at : self.at + 1] == b"i":
            self.word(b"inity", None)
        return value

    def digits(self, missing):
        end = self.at
        while self.body[end : end + 1].isdigit():
            end += 1
        if end == self.at:
            self.fail(missing)
        self.at = end

    def string(self):
        body, parts = self.body, []
        self.at += 1
        while True:
            plain = _PLAIN.match(body, self.at)
            parts.append(plain[0])
            self.at = plain.end()
            following = body[self.at : self.at + 1]
            if following == b'"':
                self.at += 1
                return b"".join(parts).decode("utf-8", "surrogateescape")
            if following == b"\\":
                parts.append(self.escape())
            elif following in (b"", b"\0"):
                self.fail("Missing a closing quotation mark in string.")
            else:
                self.fail("Invalid escape character in string.")

    def escape(self):
        start, body = self.at, self.body
        kind = body[start + 1 : start + 2]
        self.at += 2
        if kind and kind[0] in _ESCAPES:
            return bytes((_ESCAPES[kind[0]],))
        if kind != b"u":
            self.fail("Invalid escape character in string.", start)
        code = self.hexadecimal(start)
        if 0xD800 <= code <= 0xDBFF:
            if body[self.at : self.at + 2] != b"\\u":
                self.fail("The surrogate pair in string is invalid.", start)
            self.at += 2
            low = self.hexadecimal(start)
            if not 0xDC00 <= low <= 0xDFFF:
                self.fail("The surrogate pair in string is invalid.", start)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        return chr(code).encode("utf-8", "surrogatepass")

    def hexadecimal(self, start):
        found = _HEX.match(self.body, self.at)
        if not found:
            self.fail("Incorrect hex digit after \\u escape in string.", start)
        self.at = found.end()
        return int(found[0], 16)
