"""Exercise 4 of lesson 07: a learner's rule for who gets the canary, put to the test."""

import builtins
import contextlib
import math

import numpy as np

from helpers.errors import safe_repr
from helpers.exercises.engine import NotYet, call, require

USERS = 4000
SIGMAS = 4.5


def populations():
    """{words: names of users}: a fair rule takes its part of each."""
    random = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    mails = ["".join(random.choice(letters, 9)) + "@example.org" for _ in range(USERS)]
    return {
        "mail addresses": mails,
        "numbers in a row": [str(number) for number in range(100_000, 100_000 + USERS)],
        "numbers of which each ends in 7": [f"{number}7" for number in range(USERS)],
        "names that all begin alike": [f"customer-{number:06d}" for number in range(USERS)],
    }


def require_fair(in_canary):
    """`in_canary(user, percent)` must be True for that part of any users, always the same ones."""
    for words, users in populations().items():
        chosen = {}
        for percent in (0, 1, 10, 25, 100):
            chosen[percent] = decide(in_canary, users, percent)
            _require_share(chosen[percent], percent, words)
        again = decide(in_canary, users[::-1], 10)
        _require_same(chosen[10], again[::-1], users, "asked a second time, in another order")
        with another_process():
            later = decide(in_canary, users, 10)
        _require_same(
            chosen[10],
            later,
            users,
            "asked in another process, where hash() of a text gives other numbers",
        )
        for low, high in ((1, 10), (10, 25)):
            lost = np.flatnonzero(chosen[low] & ~chosen[high])
            require(
                not len(lost),
                f"at {low} % {users[lost[0]] if len(lost) else ''} is in the canary, at {high} % "
                "no longer. When the part grows, those who are in must stay in.",
            )


def decide(in_canary, users, percent):
    """The rule's answer for each user, a (users,) array of bool."""

    def all_of_them():
        return [in_canary(user, percent) for user in users]

    said = call(all_of_them)
    if any(one is ... for one in said[:1]):
        call(lambda: ...)  # not attempted
    for one, user in zip(said, users, strict=True):
        if not isinstance(one, bool | np.bool_):
            raise NotYet(
                f"in_canary({user!r}, {percent}) is to return True or False; it returned "
                f"{safe_repr(one)}."
            )
    return np.array(said, bool)


def _require_share(chosen, percent, words):
    got, part = int(chosen.sum()), percent / 100
    slack = SIGMAS * math.sqrt(len(chosen) * part * (1 - part))
    require(
        abs(got - part * len(chosen)) <= slack,
        f"of {len(chosen):,} users, {words}, {got:,} are in the canary at {percent} %; about "
        f"{part * len(chosen):,.0f} are wanted.",
    )


def _require_same(before, after, users, when):
    moved = np.flatnonzero(before != after)
    if len(moved):
        first = moved[0]
        raise NotYet(
            f"{users[first]} is {'' if before[first] else 'not '}in the canary at 10 %, and "
            f"{when}, it is the other way round "
            f"({len(moved):,} of {len(users):,} users change sides)."
        )


@contextlib.contextmanager
def another_process():
    """As in a new kernel: hash() of texts and bytes is salted anew in every process."""
    real = builtins.hash
    builtins.hash = lambda value: (
        real(("salt", value)) if isinstance(value, str | bytes) else real(value)
    )
    try:
        yield
    finally:
        builtins.hash = real
