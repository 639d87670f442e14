"""Check the rule of exercise 4 of lesson 07, which decides which users get the canary."""

import math
from collections.abc import Callable

import numpy as np

from helpers.exercises.learner_code import call
from helpers.exercises.lesson_07.other_process import (
    OTHER_HASH,
    OTHER_NUMBER,
    OTHER_TIME,
    independent_copy,
    simulated_process,
)
from helpers.exercises.outcomes import NotAttempted, NotYet, require
from helpers.text import safe_repr

USERS = 4000
SIGMAS = 4.5
FIRST = ["Zoë", "José", "Łukasz", "Jürgen", "Ayşe", "Νίκος", "Олена", "陳", "王", "はな"]
LAST = ["Müller", "Núñez", "Čapek", "Brontë", "Παππάς", "Шевченко", "小明", "さくら", "김"]
CONDITIONS: dict[str, dict] = {  # of a second call, with the changes that simulate them
    "in another process, which does not have the memory of this one": {},
    "in another process, where hash() of a text gives different numbers": OTHER_HASH,
    "in another process, with a different process number (os.getpid)": OTHER_NUMBER,
    "at another time on another day": OTHER_TIME,
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


def require_fair(in_canary: Callable[[str, float], bool]) -> None:
    """Check that a rule chooses the right share of users, and always the same users.

    Parameters
    ----------
    in_canary : callable
        `in_canary(user, percent)`

    Raises
    ------
    NotYet
        the first problem
    """
    require(
        callable(in_canary),
        f"in_canary should be a function, but is {safe_repr(in_canary)}. Define it with def.",
    )
    fresh = independent_copy(in_canary)  # before the first call
    halves = []
    for kind, users in populations().items():
        chosen: dict[float, np.ndarray] = {}
        for percent in (0, 1, 10, 25, 100):
            chosen[percent] = decide(in_canary, users, percent)
            _require_share(chosen[percent], percent, kind)
        again = decide(in_canary, users[::-1], 10)
        _require_same(chosen[10], again[::-1], users, "a second time, in another order")
        for when, changes in CONDITIONS.items():
            with simulated_process(fresh, changes) as there:
                # The texts are equal, but new objects, so id() differs.
                later = decide(there, [user[:1] + user[1:] for user in users[::-4]], 10)
            _require_same(chosen[10][::-4], later, users[::-4], when)
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


def _require_same(before, after, users, when):
    moved = np.flatnonzero(before != after)
    if len(moved):
        first = moved[0]
        raise NotYet(
            f"in_canary: {users[first]} is {'' if before[first] else 'not '}in the canary at 10 %, "
            f"but {when}, the result is the opposite ({len(moved):,} of {len(users):,} users "
            "change). Use only the name and the percentage."
        )
