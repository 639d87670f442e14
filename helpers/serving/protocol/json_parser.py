"""JSON as the server of the protocol reads it.

TensorFlow Serving reads with a parser that accepts NaN and Infinity, stops behind the first value
and names the byte at which a text goes wrong. Python's own parser is some thirty times faster than
one in Python, so it goes first; whatever it refuses or might read otherwise is read again exactly.
"""

import json
import math
import re

from helpers.serving.protocol.errors import invalid
from helpers.serving.protocol.json_text import debug_string


class Repeated(dict):
    """A JSON object that has a key twice: the first value counts, `members` holds them all."""

    def __init__(self, members):
        super().__init__(reversed(members))
        self.members = members


def _object(members):
    found = dict(members)
    return found if len(found) == len(members) else Repeated(members)


_LARGE = re.compile(r"[eE]\+?\d{3}")
_DIGITS, _TOO_MANY = "0123456789", 309  # the largest double has so many
_decoder = json.JSONDecoder(object_pairs_hook=_object)


def _has_large_integer(text):
    """Whether there are so many digits in a row; if so, one of them is at a multiple of that."""
    for at in range(_TOO_MANY - 1, len(text), _TOO_MANY):
        if text[at] in _DIGITS:
            before, after = text[at - _TOO_MANY + 1 : at], text[at : at + _TOO_MANY]
            others = len(before.rstrip(_DIGITS)) + len(after.lstrip(_DIGITS))
            if len(before) + len(after) - others >= _TOO_MANY:
                return True
    return False


def parse(body):
    """The object that a request's body holds.

    Parameters
    ----------
    body : bytes

    Returns
    -------
    dict
        strings that are not UTF-8 hold surrogate escapes; `json_text.to_bytes` gives what was sent
    bool
        whether it was read exactly; else what is beyond 64 bits is an integer and not a float

    Raises
    ------
    ServingError
        INVALID_ARGUMENT with the kind of mistake and its offset in bytes
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    # Python reads half a pair of surrogates, and numbers too large as infinity or as integers.
    if not ("\\ud" in text or "\\uD" in text or _LARGE.search(text) or _has_large_integer(text)):
        try:
            start = len(text) - len(text.lstrip(" \t\n\r"))
            return _must_be_object(_decoder.raw_decode(text, start)[0]), False
        except (ValueError, RecursionError):
            pass
    return parse_exactly(body), True


def parse_exactly(body):
    """Like `parse`, about thirty times slower, with nothing left to look for."""
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
    """Reads one text byte by byte, with the errors and offsets of the protocol."""

    def __init__(self, body):
        self.body, self.at = body, 3 if body.startswith(b"\xef\xbb\xbf") else 0

    def fail(self, text, at=None):
        at = self.at if at is None else at
        raise invalid("JSON Parse error: ", text, " at offset: ", at)

    def peek(self):
        """The next byte behind white space; nothing at the end, which a NUL byte is as well."""
        self.at = _SPACE.match(self.body, self.at).end()
        following = self.body[self.at : self.at + 1]
        return b"" if following == b"\0" else following

    def document(self):
        if not (first := self.peek()) or first in b"]},:":
            self.fail("The document is empty.")
        holders = []  # the lists and member lists that are open, outermost first
        keys = []  # the key that waits for its value, one for each open object
        while True:
            value, complete = self.value(holders, keys)
            while complete:
                if not holders:
                    return value
                value, complete = self.close(holders, keys, value)

    def value(self, holders, keys):
        """The value that starts here, or (None, False) when it is a container, now open."""
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
        """Put a value into the innermost container; the container itself if that ends it."""
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
        # What overflows only by its last digits becomes an infinity.
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
