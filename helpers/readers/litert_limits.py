"""Operations that LiteRT computes by another formula: right for usual numbers, and not for all.

Made inputs are usual numbers. So a report names these operations, although the numbers agree.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

FORMULAS = {
    "Softplus": "log(1 + exp(x)), which is infinite for x above 88",
    "Log1p": "log(1 + x), which loses most digits of an x below 0.0001, and is 0 below 6e-8",
    "Expm1": "exp(x) - 1, which loses most digits of an x below 0.0001, and is 0 below 6e-8",
}


def operations(directory: Path) -> list[str]:
    """Return which of FORMULAS the graph of an export holds.

    Parameters
    ----------
    directory : pathlib.Path
        An export.
    """
    file = directory / "saved_model.pb"
    if not file.is_file() or not file.stat().st_size:
        return []
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        # Where a protocol buffer stores the type of an operation: field 2, and the length of it.
        places = {name: bytes([0x12, len(name)]) + name.encode() for name in FORMULAS}
        return [name for name, place in places.items() if data.find(place) >= 0]


def notes(directory: Path) -> Iterator[str]:
    """Yield a sentence for each operation of an export that LiteRT computes by another formula.

    Parameters
    ----------
    directory : pathlib.Path
        An export that LiteRT converts.
    """
    for name in operations(directory):
        yield (
            f"LiteRT computes {name} as {FORMULAS[name]}. If your numbers come there, give some of "
            "them: --inputs FILE, or compare(directory, inputs=...)."
        )
