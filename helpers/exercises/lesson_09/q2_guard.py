"""Check the answers of exercise 2 of lesson 09: the cause of errors, and a guard."""

import itertools
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.errors.messages import describe
from helpers.exercises import answer_types, exercise_server
from helpers.exercises.learner_code import call
from helpers.exercises.numbered_export import LARGE, new_folder, save
from helpers.exercises.outcomes import NotYet, Raised, require
from helpers.serving.rollout.router import Router, bucket
from helpers.text import safe_repr

MODEL = "orders"
CAUSES = {  # possible causes, each with an example
    "several rows": [[1.0, 2.0], [3.0, 4.0]],
    "negative numbers": [[-3.0, 2.0]],
    "large numbers": [[1e6, 5e6]],
    "words": [["three", 2.0]],
}
CULPRITS = ("several rows", "large numbers", "negative numbers")  # of the variants, in turn
PERCENT, ENOUGH = 20, 5  # of the users get the canary; requests of it that show something
_handed = weakref.WeakSet()  # the routers of the learner, which a guard must not change


class Orders(NamedTuple):
    """The two versions of a variant.

    Attributes
    ----------
    base : pathlib.Path
        the base path
    model : str
        the name of the model
    cause : str
        what only version 2 refuses
    seed : int or None
    """

    base: Path
    model: str
    cause: str
    seed: int | None


def serve_orders(folder: Path, seed: int | None = None) -> Orders:
    """Serve two versions, of which the second refuses what the first answers."""
    base, cause = new_folder(folder), CULPRITS[(seed or 0) % len(CULPRITS)]
    for number in (1, 2):
        save(base / str(number), number, refuses=cause if number == 2 else "")
    model = MODEL if seed is None else f"{MODEL}-{seed}"
    exercise_server.serve_model(model, base, "all")
    exercise_server.final_states(model)
    return Orders(base, model, cause, seed)


def new_orders(orders: Orders) -> tuple[Router, list[tuple[str, list]]]:
    """Return a new router and requests.

    Returns
    -------
    Router
        version 2 is the canary and gets 20 % of the users
    list of (str, list)
        user and rows of each request
    """
    router = Router(
        exercise_server.server().rest, orders.model, stable=1, canary=2, percent=PERCENT
    )
    _handed.add(router)
    return router, _requests(orders)


def _requests(orders):
    if orders.seed is None:
        return _drawn(np.random.default_rng(5), orders.cause)
    seeds = ([5, orders.seed % 2**32, attempt] for attempt in itertools.count())
    drawn = (_drawn(np.random.default_rng(seed), orders.cause) for seed in seeds)
    return next(made for made in drawn if _shows(made, orders.cause))


def _drawn(random, cause, count=200):
    large = 0.3 if cause == "large numbers" else 0.1
    positive = 0.6 if cause == "negative numbers" else 0
    made = []
    for number in range(count):
        rows = random.integers(-9, 10, (1 + (random.random() < 0.3), 2)).astype(float)
        if random.random() < large:
            rows *= 1e6
        if positive and random.random() < positive:
            rows = abs(rows)
        rows = rows.tolist()
        if random.random() < 0.05:
            rows[0][0] = "three"
        made.append((f"customer-{number:03d}", rows))
    return made


def _shows(requests, cause):
    """Return whether the requests of the canary tell the cause from every other property."""
    own = [np.array(rows) for customer, rows in requests if bucket(customer) < PERCENT * 100]
    has = {
        "several rows": lambda rows: len(rows) > 1,
        "large numbers": lambda rows: (abs(rows) > LARGE).any(),
        "negative numbers": lambda rows: (rows < 0).any(),
    }
    found = [
        {name: bool(test(rows)) for name, test in has.items()}
        for rows in own
        if rows.dtype.kind == "f"
    ]
    refused = [one for one in found if one[cause]]
    answered = [one for one in found if not one[cause]]
    return min(len(refused), len(answered)) >= ENOUGH and all(
        any(not one[other] for one in refused) and any(one[other] for one in answered)
        for other in has.keys() - {cause}
    )


def require_cause(cause: str, orders: Orders) -> None:
    """Check that `cause` is the common property of the requests that only version 2 refuses.

    Raises
    ------
    NotYet
        it is not
    """
    if not (isinstance(cause, str) and cause in CAUSES):
        choices = ", ".join(map(repr, CAUSES))
        raise NotYet(f"cause should be one of {choices}, but is {safe_repr(cause)}.")
    if cause == orders.cause:
        return
    body = {"instances": CAUSES[cause]}
    old, new = (
        exercise_server.ask(f"{orders.model}/versions/{number}:predict", body)[0]
        for number in (1, 2)
    )
    raise NotYet(
        f"cause should describe the requests that only version 2 refuses. {body['instances']} is a "
        f"request with {cause}: version 1 answers it with status {old}, and version 2 with {new}. "
        "Compare the requests that version 2 refuses with those that it answers."
    )


class Case(NamedTuple):
    """A canary that a guard watches.

    Attributes
    ----------
    words : str
    invalid : float
        share of invalid requests, which both versions refuse, 0 to 1
    canary, stable : float
        additional error rate of each version, 0 to 1
    must_end : bool
        whether the guard must end the canary
    requests : int
        of a trial
    trials : int
    percent : float
        of the users that get the canary
    versions : (int, int)
        stable and canary
    """

    words: str
    invalid: float
    canary: float
    stable: float
    must_end: bool
    requests: int
    trials: int
    percent: float = PERCENT
    versions: tuple[int, int] = (1, 2)


REQUESTS, LONG = 1500, 6000  # of a trial
EVERY = 100  # requests between two calls of the guard
TRIALS = 20  # of two equal versions; one trial does not show how often chance ends the canary
ALLOWED = 2  # of TRIALS, and of the fewer trials of a case that a wrong guard always ends
MANY = 2000  # requests, of which half are the canary's
FEW, FEWER = 5, 3  # trials of each other case
EARLY = 500  # requests of a trial with a small canary: in 19 trials, it always has a request
SEED = 47  # with these trials, a guard fails that ends more than 1 of 10 good canaries on average
SMALL = Case(
    "the canary fails in 4 of 100 requests that the stable version answers, and both refuse 1 in "
    "200",
    *(0.005, 0.04, 0, True, LONG, FEWER),
)
# No fixed margin ends the canary of SMALL and no canary of the equal versions. No ratio of the
# rates ends the canary of the last case and no canary of the equal versions.
CASES = (
    Case(
        "the canary is as good as the stable version, and both refuse 1 in 20",
        *(0.05, 0, 0, False, REQUESTS, TRIALS),
    ),
    Case(
        "the canary fails in 4 of 10 requests that the stable version answers",
        *(0.05, 0.4, 0, True, REQUESTS, FEW),
    ),
    Case(
        "callers send invalid requests, which both versions refuse: 3 in 10",
        *(0.3, 0, 0, False, REQUESTS, TRIALS),
    ),
    Case(
        "the canary fails in 2 of 10 requests that the stable version answers",
        *(0.1, 0.2, 0, True, REQUESTS, FEW),
    ),
    Case(
        "the canary fixes an error of the stable version: 2 in 10",
        *(0.02, 0, 0.2, False, REQUESTS, FEW),
    ),
    SMALL,
    Case(
        "both refuse 4 in 10, and the canary fails in 2 of 10 of the others",
        *(0.4, 0.2, 0, True, LONG, FEWER),
    ),
    Case(
        "no caller sends an invalid request, the stable version 3 never fails, and the canary, "
        "version 7, fails in 1 request of 10",
        *(0, 0.1, 0, True, REQUESTS, FEWER, PERCENT, (3, 7)),
    ),
    Case(
        "half of the users get the canary, which is as good as the stable version",
        *(0.05, 0, 0, False, MANY, FEW, 50),
    ),
    Case("no request of either version fails", *(0, 0, 0, False, EARLY, FEW)),
    Case(
        "the stable version never fails, and the canary fails in each request",
        *(0, 1, 0, True, EARLY, FEWER),
    ),
    Case(
        "3 of 100 users get the canary, which is as good as the stable version, and both refuse "
        "5 in 10",
        *(0.5, 0, 0, False, EARLY, TRIALS - 1, 3),
    ),
)


class Outcome(NamedTuple):
    """What a guard did.

    Attributes
    ----------
    ended, trials : int
        how many canaries that are as good as the stable version it ended, and of how many; cases
        with less than TRIALS trials do not count
    sent : float
        after how many requests it ended the canary of SMALL, on average
    """

    ended: int
    trials: int
    sent: float


def require_guard(guard: Callable[[Router], object]) -> Outcome:
    """Check that a guard ends only the canaries that fail more often than the stable version.

    Parameters
    ----------
    guard : callable
        `guard(router)`

    Returns
    -------
    Outcome

    Raises
    ------
    NotYet
        the first problem
    """
    answer_types.function(guard, "guard")
    ended, trials, small = 0, 0, []
    for case in CASES:
        alike, ends = case.canary == case.stable, []
        for trial in range(case.trials):
            further = {"canary": case.canary, "stable": case.stable}
            router, sent = run(
                guard,
                case.invalid,
                further,
                SEED + trial,
                case.requests,
                percent=case.percent,
                versions=case.versions,
            )
            over = _is_over(router, sent, case)
            if over:
                ends.append((sent, router))
        if case is SMALL:
            small = [sent for sent, _ in ends]
        if alike:
            if len(ends) > ALLOWED:
                raise NotYet(_too_many(case, ends))
            if case.trials == TRIALS:
                ended, trials = ended + len(ends), trials + case.trials
    return Outcome(ended, trials, float(np.mean(small)))


def _is_over(router, sent, case):
    """Return whether the guard has ended the canary in a trial, and check what it may do."""
    start, (stable, canary) = f"guard: {case.words}. It should", case.versions
    require(
        _reaches(router, stable),
        f"{start} not end the stable version, but all users get version {canary} now. Call "
        "router.rollback() to end the canary, and never promote a canary.",
    )
    over = not _reaches(router, canary)
    advice = "Compare the error rates."
    if case.requests == LONG:
        advice = (
            "So many requests show this difference. Compare it with its standard error, not with a "
            "fixed number or a ratio."
        )
    require(
        over or not case.must_end,
        f"{start} end the canary, but after {sent:,} requests the canary still gets users. "
        f"{_counts(router)}. {advice}",
    )
    require(
        not over or case.must_end or case.canary == case.stable,
        f"{start} not end the canary, but ended it after {sent:,} requests. {_counts(router)}. End "
        "only a canary that is worse.",
    )
    if not over:
        require(
            len(router.history) == 2,
            f"{start} leave a canary that it does not end at {case.percent} % of the users, but it "
            f"changed the router: {router.history[-1]}.",
        )
        require(
            sum(count.requests for count in router.counts().values()) == sent,
            f"{start} leave the counts as they are, but it cleared them. Only read "
            "router.statistics().",
        )
    return over


def _too_many(case, ends):
    sent, router = ends[0]
    return (
        f"guard: {case.words}. It should end the canary in at most {ALLOWED} of {case.trials} "
        f"trials, but ended it in {len(ends)}, here after {sent:,} requests: "
        f"{_counts(router)}. Chance alone makes two rates differ, most of all for small numbers, "
        "and a guard compares them often. Compare rates, not counts. Wait for more requests, and "
        "end the canary only for a difference of several standard errors."
    )


def _counts(router):
    return ", ".join(
        f"{name}: {count.errors} errors in {count.requests} requests"
        for name, count in router.counts().items()
    )


def run(
    guard: Callable[[Router], object],
    invalid: float,
    further: dict[str, float],
    seed: int,
    requests: int = REQUESTS,
    *,
    percent: float = PERCENT,
    versions: tuple[int, int] = (1, 2),
) -> tuple[Router, int]:
    """Simulate requests until the guard ends a version.

    Parameters
    ----------
    guard : callable
        `guard(router)`
    invalid : float
        the share of requests that both versions refuse, 0 to 1
    further : dict of str to float
        the additional error rate of "stable" and "canary", 0 to 1
    seed : int
        of the random numbers
    requests : int
        how many at most
    percent : float
        of the users that get the canary
    versions : (int, int)
        stable and canary

    Returns
    -------
    Router
    int
        the number of requests
    """
    stable, canary = versions
    router = Router("http://127.0.0.1:9", MODEL, stable=stable, canary=canary, percent=percent)
    random = np.random.default_rng(seed)
    customers, chance = random.integers(10**6, size=requests), random.random(requests)
    for number in range(1, requests + 1):
        route = router.route(f"customer-{customers[number - 1]}")
        fails = chance[number - 1] < invalid + (1 - invalid) * further[route.role]
        router.record(route, 0.002, "status 400" if fails else "")
        if number % EVERY == 0:
            _call(guard, router)
            if not (_reaches(router, stable) and _reaches(router, canary)):
                break
    return router, number


def _call(guard, router):
    """Call the guard, and check that it changes no router of the learner."""
    before, raised = [(one, one.history, one.counts()) for one in _handed], None
    try:
        call(guard, router, may_change=[0])
    except Raised as error:
        raised = error
    changed = any((one.history, one.counts()) != (was, counts) for one, was, counts in before)
    # This router has a canary, so the error comes from another router.
    lost = raised and router.canary is not None and "nothing to roll back" in describe(raised.error)
    if changed or lost:
        raise NotYet(
            "guard should change only its argument, but it changed another router. The check calls "
            "guard with routers of its own. Use the parameter, and run the whole cell again."
        )
    if raised:
        raise raised


def _reaches(router, version):
    """Return whether one of 1,000 users gets this version."""
    return any(router.route(f"user-{number}").target == version for number in range(1000))
