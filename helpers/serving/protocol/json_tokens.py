"""Read the tokens of JSON with RapidJSON 1.1.0's rules, error texts and offsets."""

import json
import math
import re

from helpers.serving.protocol.errors import invalid

_SPACE = re.compile(rb"[ \t\n\r]*")
# Characters and escapes of a string that the json module reads as RapidJSON does.
_RUN = re.compile(
    rb'(?:[^\x00-\x1f"\\]++|\\(?:["\\/bfnrt]|u(?:(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    rb"|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})))++"
)
_LONGEST = 1 << 16  # bytes for one pattern; Python's `re` keeps the interpreter's lock
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_DIGITS = re.compile(rb"[0-9]*")
_HEX = re.compile(rb"[0-9a-fA-F]{4}")
_ESCAPES = dict(zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True))
_WORDS = {b"n": (b"null", None), b"t": (b"true", True), b"f": (b"false", False)}


def _overflows(token):
    """Return whether RapidJSON refuses the exponent of a number.

    RapidJSON moves the decimal point behind the digits that it keeps, which are about 17. So each
    digit after the point that it keeps allows a larger exponent by one.
    """
    mantissa, _, exponent = token.lower().partition(b"e")
    exponent = exponent.lstrip(b"+").lstrip(b"0")
    if not exponent or exponent.startswith(b"-"):
        return False
    integer, _, fraction = mantissa.lstrip(b"-").partition(b".")
    zeros = len(fraction) - len(fraction.lstrip(b"0")) if integer == b"0" else 0
    kept = min(len(fraction), zeros + max(0, 18 - len(integer)))
    return len(exponent) > 9 or int(exponent) > 308 + kept


def _unescaped(run):
    if b"\\" not in run:
        return run
    text = json.loads('"' + run.decode("utf-8", "surrogateescape") + '"')
    return text.encode("utf-8", "surrogateescape")


class Tokens:
    """Reads the tokens of one text and raises the protocol's errors and offsets.

    Parameters
    ----------
    body : bytes

    Attributes
    ----------
    at : int
        the offset of the next byte
    """

    def __init__(self, body):
        self.body, self.at = body, 3 if body.startswith(b"\xef\xbb\xbf") else 0
        self.last_key = None

    def fail(self, text, at=None):
        at = self.at if at is None else at
        raise invalid("JSON Parse error: ", text, " at offset: ", at)

    def peek(self):
        """Skip white space and return the next byte; b"" at the end of the text or a NUL byte."""
        self.at = _SPACE.match(self.body, self.at).end()
        following = self.body[self.at : self.at + 1]
        return b"" if following == b"\0" else following

    def key(self):
        if self.peek() != b'"':
            self.fail("Missing a name for object member.")
        key = self.string()
        if self.peek() != b":":
            self.fail("Missing a colon after a name of object member.")
        self.at += 1
        return key

    def follows(self, end):
        """Read what follows a value: return True at the closing bracket `end` and False at a comma.

        In an object, the comma's next key is read, too, and is `self.last_key`.
        """
        following = self.peek()
        if following == end:
            self.at += 1
            return True
        if following != b",":
            name = "array element" if end == b"]" else "object member"
            self.fail(f"Missing a comma or '{end.decode()}' after an {name}.")
        self.at += 1
        if end == b"}":
            self.last_key = self.key()
        return False

    def scalar(self):
        """Read a value that is no list and no object."""
        first = self.peek()
        if first == b'"':
            return self.string()
        if not first or first in b"]},:":
            self.fail("Invalid value.")
        if first in _WORDS:
            return self.word(*_WORDS[first])
        return self.number()

    def word(self, word, value):
        for byte in word:
            if self.body[self.at : self.at + 1] != bytes((byte,)):
                self.fail("Invalid value.")
            self.at += 1
        return value

    def number(self):
        found = _NUMBER.match(self.body, self.at)
        if not found:
            return self.no_digits()
        start, self.at = self.at, found.end()
        return self.after_integer(start, found[0])

    def after_integer(self, start, integer):
        """Read the fraction and the exponent of the number that starts at `start`, if any."""
        text, point, whole = self.body, self.at, True
        if text[self.at : self.at + 1] == b".":
            whole, self.at = False, self.at + 1
            self.digits("Miss fraction part in number.")
        if text[self.at : self.at + 1] in (b"e", b"E"):
            whole, self.at = False, self.at + 1
            if text[self.at : self.at + 1] in (b"+", b"-"):
                self.at += 1
            self.digits("Miss exponent in number.")
        token = integer + text[point : self.at]
        if whole and len(token) < 21 and -(2**63) <= int(token) < 2**64:
            return int(token)
        if math.isinf(float(integer)) or _overflows(token):
            self.fail("Number too big to be stored in double.", start)
        return float(token)

    def no_digits(self):
        start, negative = self.at, self.body[self.at : self.at + 1] == b"-"
        self.at += negative
        if self.body[self.at : self.at + 1] == b"N":
            value = self.word(b"NaN", math.nan)
        else:
            value = self.word(b"Inf", -math.inf if negative else math.inf)
            if self.body[self.at : self.at + 1] == b"i":
                self.word(b"inity", None)
        if self.body[self.at : self.at + 1] in (b".", b"e", b"E"):
            # RapidJSON forgets the word and goes on as after a zero.
            return self.after_integer(start, b"-0" if negative else b"0")
        return value

    def digits(self, missing):
        end = _DIGITS.match(self.body, self.at).end()
        if end == self.at:
            self.fail(missing)
        self.at = end

    def string(self):
        body, parts = self.body, []
        self.at += 1
        while True:
            run = _RUN.match(body, self.at, self.at + _LONGEST)
            if run:
                self.at = run.end()
                parts.append(_unescaped(run[0]))
            following = body[self.at : self.at + 1]
            if following == b'"':
                self.at += 1
                return b"".join(parts).decode("utf-8", "surrogateescape")
            if following == b"\\":
                parts.append(self.escape())
            elif following in (b"", b"\0"):
                self.fail("Missing a closing quotation mark in string.")
            elif following < b" ":
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
