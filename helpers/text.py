"""Texts for people: short, on one line, and safe to print."""

from collections.abc import Sequence


def printable(text: str, limit: int = 120) -> str:
    r"""Return `text` with every control character and direction character written as an escape.

    Use it for names from an export and for file names: their author may have put characters into
    them that move the cursor, hide a part of the name, or reverse the direction of reading.

    Parameters
    ----------
    text : str
        For example "a\nb", of which "a\\nb" is returned.
    limit : int
        The largest number of characters of the result. A longer one is cut and ends in " …".

    Returns
    -------
    str
        One line of printable characters.
    """
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 2] + " …"


def readable_size(size: float) -> str:
    """Write a number of bytes with a unit and two digits, so that a few bytes do not show.

    Parameters
    ----------
    size : float
        In bytes, at least 0.

    Returns
    -------
    str
        For example "< 1 kB" for 300, "4.6 kB" for 4,612 and "22 MB" for 21,700,000.
    """
    number, units = size / 1000, ["kB", "MB", "GB", "TB"]
    if number < 1:
        return "< 1 kB"
    while number >= 995 and len(units) > 1:  # 995 would be rounded to 1000
        number, units = number / 1000, units[1:]
    digits = f"{number:.1f}" if number < 9.95 else f"{float(f'{number:.2g}'):.0f}"
    return f"{digits} {units[0]}"


def shorten(text: str, limit: int = 300) -> str:
    """Return `text` on one line, cut where it is too long.

    Parameters
    ----------
    text : str
        Each run of white space in it becomes one blank. A colon at its end is removed.
    limit : int
        The largest number of characters of the result. A longer one is cut and ends in " …".

    Returns
    -------
    str
        At most `limit` characters.
    """
    text = " ".join(text[: 20 * limit].split()).removesuffix(":")
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"


def safe_repr(value: object, limit: int = 80) -> str:
    """Return repr(value) on one line, cut where it is too long. Never raises.

    Parameters
    ----------
    value : object
        Anything, for example what a learner gave to a function.
    limit : int
        The largest number of characters of the repr.

    Returns
    -------
    str
        The repr, or "an object of type ..." if the repr itself raises an error.
    """
    try:
        return shorten(repr(value), limit)
    except BaseException:
        return f"an object of type {type(value).__name__}"


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Write rows of texts as lines whose columns are aligned, with two blanks between them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in padded)
