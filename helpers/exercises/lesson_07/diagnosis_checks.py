"""Check the diagnosis of exercise 2."""

from collections.abc import Mapping, Set
from typing import Any

from helpers.exercises import answer_types
from helpers.exercises.lesson_07.faults import FAULTS, DrawnExport
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

# What finds a fault that is missing in an answer.
ASK = {
    "only-python": "Question 1: read the error of the session",
    "dtype": "Question 2: compare it with its golden answers, and read the signature",
    "cut-off": "Question 3: in which readers are the prices wrong, and what does the signature "
    "declare?",
    "old-number": "Question 3: which output differs from the golden answers?",
    "rows": "Question 4: send two rows, and compute `above` yourself from the prices",
    "guard": "Question 4: send a row of three numbers to LiteRT",
    "xla": "Question 5: read the error of the session",
}


def require_diagnosis(diagnosis: Any, drawn: Mapping[str, DrawnExport]) -> None:
    """Require that an answer names exactly the faults of each export.

    Parameters
    ----------
    diagnosis : object
        If it is right, a mapping from the name of each export to a list of FAULTS.
    drawn : mapping of str to DrawnExport

    Raises
    ------
    NotAttempted
        If the list of an export is `...`.
    NotYet
        For the first export with a fault too many or too few. The message says what shows it.
    """
    given = answer_types.mapping(diagnosis, drawn, "diagnosis")
    said = {name: _faults(given[name], f"diagnosis[{name!r}]") for name in drawn}
    for name, one in drawn.items():
        for fault in sorted(said[name] - one.faults):
            raise NotYet(
                f"diagnosis[{name!r}] should hold the faults of export {name} only, but holds "
                f"{fault!r}. {_against(fault, one)}"
            )
    for name, one in drawn.items():
        for fault in sorted(one.faults - said[name]):
            raise NotYet(
                f"diagnosis[{name!r}] should hold every fault of export {name}, but one is "
                f"missing. {ASK[fault]}."
            )


def _faults(value, name):
    require(
        isinstance(value, list | tuple | Set),
        f"{name} should be a list of faults, such as ['rows', 'guard'], or an empty list, but is "
        f"{safe_repr(value)}.",
    )
    return {answer_types.text(fault, name, FAULTS) for fault in value}


def _against(fault, drawn):
    """Say what shows that an export does not have a fault."""
    declares_floats = "dtype" in drawn.faults
    return {
        "only-python": "No reader misses a variable of this export.",
        "dtype": "Its signature declares int32 for the parcels.",
        "cut-off": "Its prices are wrong for large numbers only, because the signature declares "
        "float32."
        if declares_floats
        else "In Python, its prices are the golden ones.",
        "old-number": "Its labels are wrong only where its prices are wrong."
        if drawn.faults & {"dtype", "cut-off"}
        else "In Python, `dear` has the golden labels.",
        "rows": "For two rows, `above` is the price minus their mean price.",
        "guard": "For three numbers, LiteRT gives no price.",
        "xla": "The session does not say that XLA is disabled.",
    }[fault]
