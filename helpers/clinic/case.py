"""A case of the clinic: a known error with a function that raises it and one that cures it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.clinic import show
from helpers.errors.known_error import GROUPS, KnownError


@dataclass(frozen=True)
class Works:
    """The export that a cured function made, and the numbers that it must give.

    Attributes
    ----------
    directory : Path
        The export.
    signature : str
        The key of the signature to call.
    inputs : dict of str to array
        The inputs of that signature.
    expected : array
        What every promised reader must answer, computed without the export.
    output : str or None
        The name of the output to compare, where there are several.
    got : array or None
        The answer in this program, where the cure is a way of calling.
    """

    directory: Path
    signature: str = "serving_default"
    inputs: dict[str, Any] | None = None
    expected: Any = None
    output: str | None = None
    got: Any = None


@dataclass(frozen=True)
class Wrong:
    """The wrong answer `got` of a silent error, and the right one, `expected`; both arrays."""

    expected: Any
    got: Any


@dataclass(frozen=True)
class Case(KnownError):
    """A known error with its code.

    Attributes
    ----------
    broken : function of an empty folder (Path)
        Raises the error, or returns `Wrong` if the error is silent.
    cured : function of an empty folder (Path)
        Returns `Works`.
    """

    broken: Callable[[Path], Wrong | None]
    cured: Callable[[Path], Works]

    def _repr_mimebundle_(self, **options):
        return {"text/plain": self.as_text(), "text/html": self.as_html()}

    def as_text(self) -> str:
        """Return the case as text: the known error, the broken code, then the cured code."""
        return show.as_text(self, self.broken, self.cured)

    def as_html(self) -> str:
        """Return the case as HTML: the known error, and the broken beside the cured code."""
        return show.as_html(self, self.broken, self.cured)


def join(table: dict[str, KnownError], forms: dict[str, tuple[Callable, Callable]]):
    """Join the table of known errors with the functions of the clinic.

    Parameters
    ----------
    table : dict of str to KnownError
        The entries of the groups `serving` and `general`, and those that are not reproduced, have
        no functions.
    forms : dict of str to (function, function)
        The broken and the cured function by the entry's key.

    Returns
    -------
    dict of str to Case
        In the order of the table.

    Raises
    ------
    ValueError
        If the keys do not agree.
    """
    errors = {key: error for key, error in table.items() if error.in_clinic}
    if missing := sorted(errors.keys() - forms.keys()):
        raise ValueError(f"The clinic has no functions for: {', '.join(missing)}.")
    if unknown := sorted(forms.keys() - errors.keys()):
        raise ValueError(f"helpers/errors/known has no case for: {', '.join(unknown)}.")
    return {
        key: Case(**vars(error), broken=forms[key][0], cured=forms[key][1])
        for key, error in errors.items()
    }


__all__ = ["GROUPS", "Case", "Works", "Wrong", "join"]
