"""Check that an answer names the case of the clinic which describes an export."""

from collections.abc import Collection

from helpers.exercises.outcomes import require
from helpers.text import safe_repr


def require_diagnosis(name: str, said: object, right: Collection[str], fact: str) -> None:
    """Require that `said` is one of the keys `right`.

    Parameters
    ----------
    name : str
        Of the answer.
    said : object
        What the learner answers.
    right : collection of str
        Keys of `helpers.clinic.CASES`.
    fact : str
        The evidence against the other cases. The sentence begins with "Here".

    Raises
    ------
    NotYet
        If `said` is no case, or another case.
    """
    from helpers.clinic import CASES

    require(
        isinstance(said, str) and said in CASES,
        f"{name} should be the name of a case of the clinic, as a text, but is {safe_repr(said)}. "
        "list(CASES) gives the names.",
    )
    require(
        said in right,
        f'{name} should be the case of this export, but {said!r} is "{CASES[said].title}". '
        f"Here {fact}",
    )
