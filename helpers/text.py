"""Texts for people: safe to print, short, on one line."""


def printable(text, limit=120):
    """`text` with every control and direction character written out, cut to `limit` characters.

    Names in an artifact, and file names, are whatever its author wanted them to be.
    """
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 2] + " …"


def readable_size(size):
    """Bytes as "< 1 kB", "4.6 kB", "22 kB": two digits, so that a few bytes do not show."""
    number, units = size / 1000, ["kB", "MB", "GB", "TB"]
    if number < 1:
        return "< 1 kB"
    while number >= 995 and len(units) > 1:  # 995 would be rounded to 1000
        number, units = number / 1000, units[1:]
    digits = f"{number:.1f}" if number < 9.95 else f"{float(f'{number:.2g}'):.0f}"
    return f"{digits} {units[0]}"


def shorten(text, limit=300):
    """`text` on one line of at most `limit` characters."""
    text = " ".join(text[: 20 * limit].split()).removesuffix(":")
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"


def safe_repr(value, limit=80):
    """repr(value) on one line, cut to `limit` characters. Never raises."""
    try:
        return shorten(repr(value), limit)
    except BaseException:
        return f"an object of type {type(value).__name__}"
