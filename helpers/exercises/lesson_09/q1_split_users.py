"""Check the rule of exercise 1 of lesson 09, which decides which users get the canary."""

import contextlib
import itertools
import math
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.elsewhere import CHANGES, CLOCK, FOLDER, USER, ask_elsewhere
from helpers.exercises.examples import require_for_all
from helpers.exercises.learner_code import call
from helpers.exercises.notebook import name_of
from helpers.exercises.outcomes import NotAttempted, NotYet, require
from helpers.serving.rollout import buckets
from helpers.text import safe_repr

ROLLOUT = os.path.dirname(buckets.__file__)

USERS = 2000  # of each kind of names
MORE = 20_000  # users, none of them in the canary at 0 %; usual hashes put some in bucket 0
SIGMAS = 4.5
PERCENTS = (0.5, 1, 10, 25, 50, 99, 100)
TOGETHER = (0.5, 1, 99)  # only the users of all kinds are enough to tell these from others
EXAMPLES = 60  # drawn names
ELSEWHERE = (0.5, 10, 10, 25, 50)  # percentages in the other process, in turn
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
    drawn = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    mails = ["".join(drawn.choice(letters, 9)) + "@example.org" for _ in range(USERS)]
    people = [f"{first} {last}" for first in FIRST for last in LAST]
    permutations = (drawn.permutation(letters[:10]) for _ in range(USERS))
    signs = drawn.integers(0x4E00, 0x9FA5, (USERS, 4))
    return {
        "mail addresses": mails,
        "consecutive numbers": [str(number) for number in range(100_000, 100_000 + USERS)],
        "numbers that end in 7": [f"{number}7" for number in range(USERS)],
        "names with the same beginning": [f"customer-{number:06d}" for number in range(USERS)],
        "names with the same end": [
            f"{number:06d}@customers.example.org" for number in range(USERS)
        ],
        "names like Zoë and 陳": [f"{people[n % len(people)]} {n}" for n in range(USERS)],
        "Chinese names": ["".join(map(chr, row)) for row in signs.tolist()],
        "names with the same letters": ["".join(order) for order in permutations],
    }


def require_fair(in_canary: Callable[[str, float], bool], notebook: Mapping[str, Any]) -> str:
    """Check that a rule chooses the right share of users, and always the same users.

    Parameters
    ----------
    in_canary : callable
        `in_canary(user, percent)`
    notebook : mapping of str to object
        The names of the notebook: the cell of the rule runs again in another process.

    Returns
    -------
    str
        what was measured, for the message of a pass

    Raises
    ------
    NotYet
        the first problem
    """
    answer_types.function(in_canary, "in_canary")
    with _own_generators() as before:
        return _require_fair(in_canary, notebook, before)


def _require_fair(in_canary, notebook, generators):
    groups = populations()
    more = [f"buyer-{number}" for number in range(MORE)]
    _require_share(decide(in_canary, more, 0), 0, "names with the same beginning")
    everyone: dict[float, list[np.ndarray]] = {percent: [] for percent in PERCENTS}
    for kind, users in groups.items():
        for percent in PERCENTS:
            chosen = decide(in_canary, users, percent)
            if percent not in TOGETHER:
                _require_share(chosen, percent, kind)
            everyone[percent].append(chosen)
        again = decide(in_canary, users[::-1], 10)
        before = everyone[10][-1]
        when = "a second time, in another order"
        _require_same(before, again[::-1], users, [10] * len(users), when)
        for low, high in itertools.pairwise(PERCENTS):
            lost = np.flatnonzero(everyone[low][-1] & ~everyone[high][-1])
            if len(lost):
                raise NotYet(_lost(users[lost[0]], low, high))
    changed = [name for name, state in _generators().items() if state != generators[name]]
    note = " percent can be any number from 0 to 100, not only a whole number."
    for percent in TOGETHER:
        whole = np.concatenate(everyone[percent])
        _require_share(whole, percent, "all kinds of names", note if percent == 0.5 else "")
    _require_own_rule(in_canary)
    _require_for_drawn_names(in_canary)
    _require_same_elsewhere(in_canary, notebook, list(itertools.chain(*groups.values())))
    require(
        not changed,
        "in_canary should leave the random generators that all code shares as they are, but it "
        f"changes the generator of {' and '.join(changed)}. Then other code draws the numbers that "
        "follow from a name. Use a generator of your own, like random.Random(user), or a hash.",
    )
    few, count = int(np.concatenate(everyone[0.5]).sum()), len(groups) * USERS
    return (
        f"in_canary chooses the right share of {len(groups)} kinds of names at {len(PERCENTS) + 1} "
        "percentages. It chooses the same users in another order, and in a new process that ran "
        "your cell again, with another hash(), clock, user name and folder. All users stay in when "
        f"the percentage grows. At 0.5 %, {few} of {count:,} users are in the canary. The check "
        "refuses a similar wrong answer, too: only 100 buckets, which choose about "
        f"{count // 100} users."
    )


@contextlib.contextmanager
def _own_generators() -> Iterator[dict[str, object]]:
    """Give the shared generators states that no rule sets, and restore their states at the end."""
    states = random.getstate(), np.random.get_state()
    random.setstate(random.Random("states of the check").getstate())
    np.random.set_state(np.random.RandomState(20_260_707).get_state())
    try:
        yield _generators()
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


def _generators():
    """Return the states of the generators that all code of this process shares, by module."""
    name, key, *rest = np.random.get_state()
    return {"random": random.getstate(), "np.random": (name, key.tobytes(), *rest)}


def _lost(user, low, high):
    return (
        f"in_canary: {user} is in the canary at {low} %, but not at {high} %. When the percentage "
        "grows, all users in the canary must stay in it."
    )


def _require_for_drawn_names(in_canary):
    """Check drawn names, and show the shortest one for which the rule is wrong."""
    from hypothesis import strategies as st

    def require_one(drawn):
        user, low, high = drawn
        percents = (low, low, high, 0, 100)
        first, again, more, none, every = _decide(in_canary, [(user, one) for one in percents])
        require(
            first == again,
            f"in_canary({user!r}, {low}) should return the same each time, but returned {first} "
            f"and then {again}.",
        )
        if first and not more:
            raise NotYet(_lost(repr(user), low, high))
        for percent, found in ((0, none), (100, every)):
            require(
                found == bool(percent),
                f"in_canary({user!r}, {percent}) should return {bool(percent)}, but returned "
                f"{found}.",
            )

    percents = st.integers(0, 10_000).map(lambda count: count / 100)
    pairs = st.tuples(percents, percents).map(sorted)
    drawn = st.tuples(st.text(min_size=1), pairs).map(lambda found: (found[0], *found[1]))
    require_for_all(require_one, drawn, EXAMPLES)


def _require_own_rule(in_canary):
    """Check that the rule does not call the course's own rule."""
    theirs: list[str] = []

    def watch(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(ROLLOUT):
            theirs.append(frame.f_code.co_name)

    def watched():
        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            in_canary("ann", 10)
        finally:
            sys.setprofile(before)

    call(watched)
    require(
        not theirs,
        f"in_canary should be a rule of your own, but it calls {theirs[0] if theirs else ''} of "
        "helpers/serving/rollout. Compute the bucket from the name yourself.",
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

    return np.array(_decide(in_canary, [(user, percent) for user in users]), bool)


def _decide(in_canary, pairs):
    """Return the decision of a rule for each pair of a user and a percentage, in one call."""

    def all_decisions():
        return [in_canary(user, percent) for user, percent in pairs]

    decisions = call(all_decisions)
    if any(decision is ... for decision in decisions[:1]):
        raise NotAttempted
    for decision, (user, percent) in zip(decisions, pairs, strict=True):
        if not isinstance(decision, bool | np.bool_):
            raise NotYet(
                f"in_canary({user!r}, {percent}) should return True or False, but returned "
                f"{safe_repr(decision)}. Return the result of a comparison."
            )
    return [bool(decision) for decision in decisions]


def _require_share(chosen, percent, kind, note=""):
    got, part = int(chosen.sum()), percent / 100
    tolerance = SIGMAS * math.sqrt(len(chosen) * part * (1 - part))
    require(
        abs(got - part * len(chosen)) <= tolerance,
        f"in_canary: of {len(chosen):,} users ({kind}), about {part * len(chosen):,.0f} should be "
        f"in the canary at {percent} %, but {got:,} are.{note}",
    )


def _require_same_elsewhere(in_canary, notebook, everyone):
    """Check that a process that shares nothing with this one decides the same."""
    name, users = name_of(notebook, in_canary), everyone[::-5]
    percents = [ELSEWHERE[number % len(ELSEWHERE)] for number in range(len(users))]
    calls = list(zip(users, percents, strict=True))
    before = np.array(_decide(in_canary, calls))

    def there(changes):
        return np.array([bool(d) for d in ask_elsewhere(notebook, name, calls, changes=changes)])

    if np.array_equal(before, there(CHANGES)):
        return
    for when, changes in CONDITIONS.items():
        explanation = _explanation(in_canary, notebook)
        _require_same(before, there(changes), users, percents, when, explanation)
    raise NotYet("in_canary: in another process, the results differ from run to run.")


def _explanation(in_canary, notebook):
    code = getattr(in_canary, "__code__", None)
    names = code.co_names if code else ()
    for name in names:
        if name in SALTED:
            return SALTED[name]
        if isinstance(notebook.get(name), str | bytes | int | float):
            return f" It uses {name}: does {name} get the same value each time the cell runs?"
    return ""


def _require_same(before, after, users, percents, when, explanation=""):
    moved = np.flatnonzero(before != after)
    if len(moved):
        first = moved[0]
        raise NotYet(
            f"in_canary: {users[first]} is {'' if before[first] else 'not '}in the canary at "
            f"{percents[first]} %, but {when}, the result is the opposite ({len(moved):,} of "
            f"{len(users):,} users change).{explanation} Use only the name and the percentage."
        )
