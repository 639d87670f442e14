"""What an export of the corpus is, and the record of all of them.

A function in `tests/corpus/cases/` writes one export, with a fixed seed, without a download and
without data. The decorator `export` records it with the verdict that is right.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.readers.outcomes import ANSWERS, FAILS, FAILURES, NOT_TRIED, OTHER, SAME

# The words of a verdict. "same": as the live model answers. "answers": there is nothing to compare.
STATUSES = {
    "same": SAME,
    "other": OTHER,
    "fails": FAILS,
    "answers": ANSWERS,
    "not tried": NOT_TRIED,
}
SEED = 14  # of every export

Arrays = Mapping[str, np.ndarray]
Golden = Mapping[str, tuple[Arrays, Arrays]]


@dataclass(frozen=True)
class Export:
    """One export of the corpus, with the verdict that is right.

    Parameters
    ----------
    name, family : str
        The name of the function that writes it, and the name of its module.
    make : function of (directory)
        Writes the export. It may return what the live model answers, as {signature: (inputs by
        name, outputs by name)}: then `python -m tests.corpus --truth` tests the verdict without the
        readers of the course.
    verdict : dict of str to (str or dict)
        A key of STATUSES for each reader; or such a dict for each signature, by its key.
    why : str
        Why this verdict is right.
    cure : function of (directory, cured), optional
        Does what the report on the export in `directory` tells to do: it writes the export `cured`,
        which every reader must be able to use, with the same numbers.
    told : tuple of str
        Words of the report that tell the cure.
    apart : float
        The part of the largest number that an answer of the cured export may differ by. 0: the
        numbers must be the same. A cure that replaces int8 or float16 changes the rounding.
    quick : bool
        Whether it is one of those that CI asks.
    promise : str
        What every reader answers compared with the live model, where the readers agree with each
        other and not with the model. Empty if the verdict says it.
    """

    name: str
    family: str
    make: Callable[[Path], Golden | None]
    verdict: Mapping[str, str | Mapping[str, str]]
    why: str
    cure: Callable[[Path, Path], object] | None = None
    told: tuple[str, ...] = ()
    apart: float = 0.0
    quick: bool = False
    promise: str = ""

    def status(self, signature: str, reader: str) -> str:
        """Return the outcome that is right, one of helpers.readers.outcomes.OUTCOMES."""
        rows = self.verdict.get(signature, self.verdict)
        found = rows[reader] if isinstance(rows, Mapping) else rows
        return STATUSES[str(found)]

    def exit_status(self, signatures: list[str]) -> int:
        """Return the exit status that is right for an export with these signatures."""
        statuses = {self.status(key, reader) for key in signatures for reader in readers.READERS}
        if not statuses or statuses & set(FAILURES):
            return 1
        return 2 if NOT_TRIED in statuses else 0


CASES: dict[str, Export] = {}


def export(
    *,
    family: str,
    verdict: Mapping[str, str | Mapping[str, str]],
    why: str,
    cure: Callable[[Path, Path], object] | None = None,
    told: tuple[str, ...] = (),
    apart: float = 0.0,
    quick: bool = False,
    promise: str = "",
) -> Callable[[Callable[[Path], Golden | None]], Callable[[Path], Golden | None]]:
    """Record the decorated function as the one that writes an export. See `Export`.

    Raises
    ------
    ValueError
        If the name is taken, a reader is missing, or a word of the verdict is not in STATUSES.
    """

    def record(make):
        name = make.__name__
        if name in CASES:
            raise ValueError(f"two exports of the corpus are called {name}")
        nested = [rows for rows in verdict.values() if isinstance(rows, Mapping)]
        for rows in nested or [verdict]:
            if rows.keys() != readers.READERS.keys():
                raise ValueError(f"{name}: the verdict has {[*rows]}, not {[*readers.READERS]}")
            if unknown := [word for word in rows.values() if word not in STATUSES]:
                raise ValueError(f"{name}: no outcome {unknown}: there are {', '.join(STATUSES)}")
        options = {"cure": cure, "told": told, "apart": apart, "quick": quick, "promise": promise}
        CASES[name] = Export(name, family, make, verdict, why, **options)
        return make

    return record


def load() -> dict[str, Export]:
    """Import all modules of `tests/corpus/cases/` and return their exports by name."""
    from tests.corpus import cases

    for module in pkgutil.iter_modules(cases.__path__):
        importlib.import_module(f"{cases.__name__}.{module.name}")
    return CASES
