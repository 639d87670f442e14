"""Write JSON values as text, for responses and for error messages."""

import contextlib
import math

DEBUG_BYTES = 256


def to_bytes(text: str) -> bytes:
    """Encode a string as UTF-8; surrogate escapes become the bytes that they stand for."""
    return text.encode("utf-8", "surrogateescape")


_CONTROL = {code: f"\\u{code:04X}" for code in range(32)}
_QUOTED = str.maketrans(
    _CONTROL
    | {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", ord('"'): '\\"', ord("\\"): "\\\\"}
)


def quoted(text: str) -> str:
    """Write a string as a JSON string; characters that are not ASCII stay unchanged."""
    return f'"{text.translate(_QUOTED)}"'


class _Full(Exception):
    """The text has reached its maximum size."""


def debug_string(value: object) -> str:
    """Write a JSON value as error messages show it: no token starts after the first 256 bytes."""
    pieces, size = [], 0

    def put(text):
        nonlocal size
        if size >= DEBUG_BYTES:
            raise _Full
        pieces.append(text)
        size += len(to_bytes(text))

    def write(value, depth, before):
        if isinstance(value, dict):
            put(before + "{")
            members = getattr(value, "members", None) or list(value.items())
            for number, (key, held) in enumerate(members):
                put(("," if number else "") + "\n" + "    " * (depth + 1) + quoted(key))
                write(held, depth + 1, ": ")
            put("\n" + "    " * depth + "}" if members else "}")
        elif isinstance(value, list):
            put(before + "[")
            for number, held in enumerate(value):
                write(held, depth + 1, ", " if number else "")
            put("]")
        else:
            token = _token(value)
            put(before + token)
            if not token:  # TensorFlow Serving's writer stops at NaN and infinities
                raise _Full

    with contextlib.suppress(_Full):
        write(value, 0, "")
    return "".join(pieces)


def _token(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return str(value)
    return _double(float(value))


def _double(value):
    """Write a number with the fewest digits that identify it; return "" for NaN and infinities."""
    if not math.isfinite(value):
        return ""
    digits, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = digits.partition(".")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) - len(fraction)
    stripped = digits.rstrip("0")
    power += len(digits) - len(stripped)
    sign = "-" if math.copysign(1, value) < 0 else ""
    point = len(stripped) + power  # digits before the decimal point
    if not stripped:
        text = "0.0"
    elif power >= 0 and point <= 21:
        text = stripped + "0" * power + ".0"
    elif 0 < point <= 21:
        text = f"{stripped[:point]}.{stripped[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + stripped
    else:
        rest = "." + stripped[1:] if len(stripped) > 1 else ""
        text = f"{stripped[0]}{rest}e{point - 1}"
    return sign + text
