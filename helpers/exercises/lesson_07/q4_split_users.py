"""Check the rule of exercise 4 of lesson 07, which decides which users get the canary."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.elsewhere import CHANGES, CLOCK, FOLDER, USER, ask_elsewhere
from helpers.exercises.learner_code import call
from helpers.exercises.notebook import name_of
from helpers.exercises.outcomes import NotAttempted, NotYet, require
from helpers.text import safe_repr

USERS = 4000
SIGMAS = 4.5
FIRST = ["Zoë", "José", "Łukasz", "Jürgen", "Ayşe", "Νίκος", "Олена", "陳", "王", "はな"]
LAST = ["Müller", "Núñez", "Čapek", "Brontë", "Παππάς", "Шевченко", "小明", "さくら", "김"]
# What the second process has in common with this one, and what differs, from little to much.
CONDITIONS: dict[str, tuple[str, ...]] = {
    "in another process, which has another memory and another hash()": (),
    "in another process at another time on another day": (CLOCK,),
    "in another process of another user": (USER,),
    "in another process in another working directory": (FOLDER,),
}
# Names in the code that explain a difference.
SALTED = {
    "hash": " hash() of a text has another salt in each process.",
    "id": " id() is a place in memory.",
    "getpid": " Each process has another number.",
    "random": " Each process draws other random numbers.",
}


def populations() -> dict[str, list[str]]:
    """Return names of users by their kind; a fair rule chooses the same share of each kind."""
    random = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    mails = ["".join(random.choice(letters, 9)) + "@example.org" for _ in range(USERS)]
    people = [f"{first} {last}" for first in FIRST for last in LAST]
    return {
        "mail addresses": mails,
        "consecutive numbers": [str(number) for number in range(100_000, 100_000 + USERS)],
        "numbers that end in 7": [f"{number}7" for number in range(USERS)],
        "names with the same beginning": [f"customer-{number:06d}" for number in range(USERS)],
        "names like Zoë and 陳": [f"{people[n % len(people)]} {n}" for n in range(USERS)],
    }


def require_fair(in_canary: Callable[[str, float], bool], notebook: Mapping[str, Any]) -> None:
    """Check that a rule chooses the right share of users, and always the same users.

    Parameters
    ----------
    in_canary : callable
        `in_canary(user, percent)`
    notebook : mapping of str to object
        The names of the notebook: the cell of the rule runs again in another process.

    Raises
    ------
    NotYet
        the first problem
    """
    answer_types.function(in_canary, "in_canary")
    sample: list[str] = []
    before: list[np.ndarray] = []
    halves = []
    for kind, users in populations().items():
        chosen: dict[float, np.ndarray] = {}
        for percent in (0, 1, 10, 25, 100):
            chosen[percent] = decide(in_canary, users, percent)
            _require_share(chosen[percent], percent, kind)
        again = decide(in_canary, users[::-1], 10)
        _require_same(chosen[10], again[::-1], users, "a second time, in another order")
        sample += users[::-4]
        before.append(chosen[10][::-4])
        chosen[0.5] = decide(in_canary, users, 0.5)
        for low, high in ((0.5, 1), (1, 10), (10, 25)):
            lost = np.flatnonzero(chosen[low] & ~chosen[high])
            require(
                not len(lost),
                f"in_canary: {users[lost[0]] if len(lost) else ''} is in the canary at {low} %, "
                f"but not at {high} %. When the percentage grows, all users in the canary must "
                "stay in it.",
            )
        halves.append(chosen[0.5])
    # Only all users together are enough to distinguish 0.5 % from 0 % and from 1 %.
    _require_share(
        np.concatenate(halves),
        0.5,
        "all kinds of names",
        " percent can be any number from 0 to 100, not only a whole number.",
    )
    _require_same_elsewhere(in_canary, notebook, sample, np.concatenate(before))


def decide(in_canary: Callable[[str, float], bool], users: list[str], percent: float) -> np.ndarray:
    """Apply a rule to users.

    Parameters
    ----------
    in_canary : callable
        `in_canary(user, percent)`
    users : list of str
    percent : float

    Returns
    -------
    (users,) array of bool

    Raises
    ------
    NotAttempted
        the rule returns ...
    NotYet
        the rule returns a value that is not a bool
    """

    def all_decisions():
        return [in_canary(user, percent) for user in users]

    decisions = call(all_decisions)
    if any(decision is ... for decision in decisions[:1]):
        raise NotAttempted
    for decision, user in zip(decisions, users, strict=True):
        if not isinstance(decision, bool | np.bool_):
            raise NotYet(
                f"in_canary({user!r}, {percent}) should return True or False, but returned "
                f"{safe_repr(decision)}. Return the result of a comparison."
            )
    return np.array(decisions, bool)


def _require_share(chosen, percent, kind, note=""):
    got, part = int(chosen.sum()), percent / 100
    tolerance = SIGMAS * math.sqrt(len(chosen) * part * (1 - part))
    require(
        abs(got - part * len(chosen)) <= tolerance,
        f"in_canary: of {len(chosen):,} users ({kind}), about {part * len(chosen):,.0f} should be "
        f"in the canary at {percent} %, but {got:,} are.{note}",
    )


def _require_same_elsewhere(in_canary, notebook, users, before):
    """Check that a process that shares nothing with this one decides the same."""
    name, calls = name_of(notebook, in_canary), [(user, 10) for user in users]

    def there(changes):
        return np.array([bool(d) for d in ask_elsewhere(notebook, name, calls, changes=changes)])

    if np.array_equal(before, there(CHANGES)):
        return
    for when, changes in CONDITIONS.items():
        _require_same(before, there(changes), users, when, _explanation(in_canary))
    raise NotYet("in_canary: in another process, the results differ from run to run.")


def _explanation(in_canary):
    code = getattr(in_canary, "__code__", None)
    names = set(code.co_names) if code else set()
    return next((words for name, words in SALTED.items() if name in names), "")


def _require_same(before, after, users, when, explanation=""):
    moved = np.flatnonzero(before != after)
    if len(moved):
        first = moved[0]
        raise NotYet(
            f"in_canary: {users[first]} is {'' if before[first] else 'not '}in the canary at 10 %, "
            f"but {when}, the result is the opposite ({len(moved):,} of {len(users):,} users "
            f"change).{explanation} Use only the name and the percentage."
        )
