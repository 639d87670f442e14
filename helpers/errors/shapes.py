"""What to change when a signature refuses the shape of an input."""

import re

REFUSED = re.compile(
    r"Can not cast TensorSpec\(shape=\(([\dNone, ]*)\), dtype=([\w.]+), [^)]*\) "
    r"to TensorSpec\(shape=\(([\dNone, ]*)\), dtype=\2(?![\w.])"
)
Shape = tuple[int | None, ...]


def shape_advice(message: str, value: object = None) -> str:
    """Say what differs between the two shapes of an error, and what to pass instead.

    Parameters
    ----------
    message : str
        The error of a restored function: "... Can not cast TensorSpec(shape=(2,), ...".
    value : object, optional
        The list that was passed, for an example. Without it, the example consists of ones.

    Returns
    -------
    str
        Some sentences; "" if the message does not name two different shapes of one dtype.
    """
    match = REFUSED.search(" ".join(message.split()))
    if not match:
        return ""
    given, declared = _shape(match[1]), _shape(match[3])
    start = f"You passed the shape {given}, but the signature takes {declared}."
    if len(given) != len(declared):
        return f"{start} {_wrong_rank(given, declared, value)}"
    parts = [
        (_wrong_rows if axis == 0 else _wrong_columns)(here, there, axis == len(given) - 1)
        for axis, (here, there) in enumerate(zip(given, declared, strict=True))
        if there is not None and here != there
    ]
    return " ".join([start, *parts]) if parts else ""


def _shape(text: str) -> Shape:
    return tuple(None if size == "None" else int(size) for size in re.findall(r"None|\d+", text))


def _wrong_rank(given, declared, value):
    if len(declared) != 2 or len(given) != 1 or not given[0]:
        brackets = f"{len(declared)} pair{'s' * (len(declared) != 1)} of brackets"
        return f"Write lists with {brackets} around each number."
    columns = declared[1]
    if columns == 1:
        numbers = value if _short(value) else [1.0] * min(given[0], 3)
        return f"Write a list of rows with one number each: {[[number] for number in numbers]}."
    if columns is None or columns == given[0]:
        numbers = value if _short(value) else [1.0] * min(given[0], 3)
        return f"Write a list of rows, also for one row: {[numbers]}."
    return f"Write a list of rows with {columns} numbers each."


def _short(value):
    return isinstance(value, list) and len(repr(value)) <= 60


def _wrong_rows(given, declared, only):
    what = "number" if only else "row"
    return (
        f"The number of {what}s is wrong: you passed {_count(given, what)}, and the signature "
        f"takes exactly {declared}. Pass {_count(declared, what)}, or export again with None for "
        f"the number of {what}s."
    )


def _wrong_columns(given, declared, last):
    if not last:
        return f"One of the sizes is {given} and should be {declared}."
    return (
        f"The number of columns is wrong: your rows have {_count(given, 'column')}, and the "
        f"signature takes {declared}."
    )


def _count(number, what):
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
