"""Exercise 4 of lesson 07: a learner's rule for who gets the canary, put to the test."""

import math

import numpy as np

from helpers.exercises.learner_code import call
from helpers.exercises.lesson_07.other_process import (
    OTHER_HASH,
    OTHER_NUMBER,
    OTHER_TIME,
    elsewhere,
    twin,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

USERS = 4000
SIGMAS = 4.5
FIRST = ["Zoë", "José", "Łukasz", "Jürgen", "Ayşe", "Νίκος", "Олена", "陳", "王", "はな"]
LAST = ["Müller", "Núñez", "Čapek", "Brontë", "Παππάς", "Шевченко", "小明", "さくら", "김"]
ELSEWHERE = {  # when a user was asked about: what was different then
    "asked in another process, which remembers nothing of what it was asked here": {},
    "asked in another process, where hash() of a text gives other numbers": OTHER_HASH,
    "asked in another process, whose number (os.getpid) is another": OTHER_NUMBER,
    "asked at another time, on another day": OTHER_TIME,
}


def populations():
    """{words: names of users}: a fair rule takes its part of each."""
    random = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    mails = ["".join(random.choice(letters, 9)) + "@example.org" for _ in range(USERS)]
    people = [f"{first} {last}" for first in FIRST for last in LAST]
    return {
        "mail addresses": mails,
        "numbers in a row": [str(number) for number in range(100_000, 100_000 + USERS)],
        "numbers of which each ends in 7": [f"{number}7" for number in range(USERS)],
        "names that all begin alike": [f"customer-{number:06d}" for number in range(USERS)],
        "names like Zoë and 陳": [f"{people[n % len(people)]} {n}" for n in range(USERS)],
    }


def require_fair(in_canary):
    """`in_canary(user, percent)` must be True for that part of any users, always the same ones."""
    require(callable(in_canary), f"a function is wanted here, not {safe_repr(in_canary)}")
    fresh = twin(in_canary)  # before the first question
    halves = []
    for words, users in populations().items():
        chosen = {}
        for percent in (0, 1, 10, 25, 100):
            chosen[percent] = decide(in_canary, users, percent)
            _require_share(chosen[percent], percent, words)
        again = decide(in_canary, users[::-1], 10)
        _require_same(chosen[10], again[::-1], users, "asked a second time, in another order")
        for when, changes in ELSEWHERE.items():
            with elsewhere(fresh, changes) as there:
                # Equal texts, but new ones: id() must not matter either.
                later = decide(there, [user[:1] + user[1:] for user in users[::-4]], 10)
            _require_same(chosen[10][::-4], later, users[::-4], when)
        chosen[0.5] = decide(in_canary, users, 0.5)
        for low, high in ((0.5, 1), (1, 10), (10, 25)):
            lost = np.flatnonzero(chosen[low] & ~chosen[high])
            require(
                not len(lost),
                f"at {low} % {users[lost[0]] if len(lost) else ''} is in the canary, at {high} % "
                "no longer. When the part grows, those who are in must stay in.",
            )
        halves.append(chosen[0.5])
    # So few that it takes all the users to tell half a percent from none, or from one.
    _require_share(
        np.concatenate(halves),
        0.5,
        "all kinds of names",
        " percent is any number from 0 to 100, not only a whole one.",
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


def _require_share(chosen, percent, words, note=""):
    got, part = int(chosen.sum()), percent / 100
    slack = SIGMAS * math.sqrt(len(chosen) * part * (1 - part))
    require(
        abs(got - part * len(chosen)) <= slack,
        f"of {len(chosen):,} users, {words}, {got:,} are in the canary at {percent} %; about "
        f"{part * len(chosen):,.0f} are wanted.{note}",
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
