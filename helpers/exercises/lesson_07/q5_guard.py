"""Check the answers of exercise 5 of lesson 07: the cause of errors, and a guard."""

import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers.errors.messages import describe
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_07 import exercise_server
from helpers.exercises.lesson_07.served_models import new_folder, save
from helpers.exercises.outcomes import NotYet, Raised, require
from helpers.serving.rollout.router import Router
from helpers.text import safe_repr

MODEL = "orders"
CAUSE = "several rows"
CAUSES = {  # possible causes, each with an example
    "several rows": [[1.0, 2.0], [3.0, 4.0]],
    "negative numbers": [[-3.0, 2.0]],
    "large numbers": [[1e6, 5e6]],
    "words": [["three", 2.0]],
}
_handed = weakref.WeakSet()  # the routers of the learner, which a guard must not change


def serve_orders(folder: Path) -> Path:
    """Serve two versions, of which the second refuses several rows, and return the base path."""
    base = new_folder(folder)
    for number in (1, 2):
        save(base / str(number), number, fixed_rows=1 if number == 2 else None)
    exercise_server.serve_model(MODEL, base, "all")
    exercise_server.final_states(MODEL)
    return base


def new_orders(_: Path) -> tuple[Router, list[tuple[str, list]]]:
    """Return a new router and requests.

    Returns
    -------
    Router
        version 2 is the canary and gets 20 % of the users
    list of (str, list)
        user and rows of each request
    """
    router = Router(exercise_server.server().rest, MODEL, stable=1, canary=2, percent=20)
    _handed.add(router)
    return router, _requests()


def _requests(count=200):
    random = np.random.default_rng(5)
    made = []
    for number in range(count):
        rows = random.integers(-9, 10, (1 + (random.random() < 0.3), 2)).astype(float)
        if random.random() < 0.1:
            rows *= 1e6
        rows = rows.tolist()
        if random.random() < 0.05:
            rows[0][0] = "three"
        made.append((f"customer-{number:03d}", rows))
    return made


def require_cause(cause: str) -> None:
    """Check that `cause` is the common property of the requests that only version 2 refuses.

    Raises
    ------
    NotYet
        it is not
    """
    if not (isinstance(cause, str) and cause in CAUSES):
        choices = ", ".join(map(repr, CAUSES))
        raise NotYet(f"cause should be one of {choices}, but is {safe_repr(cause)}.")
    if cause == CAUSE:
        return
    body = {"instances": CAUSES[cause]}
    old, new = (
        exercise_server.ask(f"{MODEL}/versions/{number}:predict", body)[0] for number in (1, 2)
    )
    raise NotYet(
        f"cause should describe the requests that only version 2 refuses. {body['instances']} is a "
        f"request with {cause}: version 1 answers it with status {old}, and version 2 with {new}. "
        "Compare the requests that version 2 refuses with those that it answers."
    )


# (description, share of invalid requests that both versions refuse, additional error rate of the
# canary, additional error rate of the stable version, whether the guard must end the canary)
CASES = (
    ("the canary is as good as the stable version, and both refuse 1 in 20", 0.05, 0, 0, False),
    ("the canary fails in 4 more requests of 10", 0.05, 0.4, 0, True),
    ("callers send invalid requests, which both versions refuse: 3 in 10", 0.3, 0, 0, False),
    ("the canary fails in 2 more requests of 10", 0.1, 0.2, 0, True),
    ("the canary fixes an error of the stable version: 2 in 10", 0.02, 0, 0.2, False),
)
REQUESTS = 1500  # of a trial
EVERY = 100  # requests between two calls of the guard
TRIALS = 20  # of two equal versions; one trial does not show how often chance ends the canary
ALLOWED = 2  # of TRIALS
FEW = 5  # trials of each other case
SEED = 47  # with these trials, a guard fails that ends more than 1 of 10 good canaries on average


def require_guard(guard: Callable[[Router], object]) -> tuple[int, int]:
    """Check that a guard ends only the canaries that fail more often than the stable version.

    Parameters
    ----------
    guard : callable
        `guard(router)`

    Returns
    -------
    int
        in how many trials the guard ended a canary that is as good as the stable version
    int
        the number of these trials

    Raises
    ------
    NotYet
        the first problem
    """
    ended = trials = 0
    for case, invalid, canary, stable, must_end in CASES:
        alike, ends = canary == stable, []
        for trial in range(TRIALS if alike else FEW):
            further = {"canary": canary, "stable": stable}
            router, sent = run(guard, invalid, further, SEED + trial)
            require(
                _reaches(router, 1),
                f"guard: {case}. It should not end the stable version, but all users get version 2 "
                "now. Call router.rollback() to end the canary.",
            )
            over = not _reaches(router, 2)
            require(
                over or not must_end,
                f"guard: {case}. It should end the canary, but after {sent:,} requests the canary "
                f"still gets users. {_counts(router)}. Compare the error rates.",
            )
            require(
                must_end or alike or not over,
                f"guard: {case}. It should not end the canary, but ended it after {sent:,} "
                f"requests. {_counts(router)}. End only a canary that is worse.",
            )
            if over:
                ends.append((sent, router))
        if alike:
            if len(ends) > ALLOWED:
                raise NotYet(_too_many(case, ends))
            ended, trials = ended + len(ends), trials + TRIALS
    return ended, trials


def _too_many(case, ends):
    sent, router = ends[0]
    return (
        f"guard: {case}. It should end the canary in at most {ALLOWED} of {TRIALS} trials, but "
        f"ended it in {len(ends)}, here after {sent:,} requests: {_counts(router)}. Chance alone "
        "makes two rates differ, most of all for small numbers, and a guard compares them often. "
        "Wait for more requests, or for a larger difference."
    )


def _counts(router):
    return ", ".join(
        f"{name}: {count.errors} errors in {count.requests} requests"
        for name, count in router.counts().items()
    )


def run(
    guard: Callable[[Router], object], invalid: float, further: dict[str, float], seed: int
) -> tuple[Router, int]:
    """Simulate requests until the guard ends a version, at most REQUESTS.

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

    Returns
    -------
    Router
    int
        the number of requests
    """
    router = Router("http://127.0.0.1:9", MODEL, stable=1, canary=2, percent=20)
    random = np.random.default_rng(seed)
    customers, chance = random.integers(10**6, size=REQUESTS), random.random(REQUESTS)
    for number in range(1, REQUESTS + 1):
        route = router.route(f"customer-{customers[number - 1]}")
        fails = chance[number - 1] < invalid + (1 - invalid) * further[route.role]
        router.record(route, 0.002, "status 400" if fails else "")
        if number % EVERY == 0:
            _call(guard, router)
            if not (_reaches(router, 1) and _reaches(router, 2)):
                break
    return router, number


def _call(guard, router):
    """Call the guard, and check that it changes no router of the learner."""
    before, raised = [(one, one.history) for one in _handed], None
    try:
        call(guard, router, may_change=[0])
    except Raised as error:
        raised = error
    changed = any(one.history != was for one, was in before)
    # This router has a canary, so the error comes from another router.
    lost = raised and router.canary is not None and "nothing to roll back" in describe(raised.error)
    if changed or lost:
        raise NotYet(
            "guard should change only its argument, but it changed another router. The check calls "
            "guard with other routers than orders. Use the parameter, and run the whole cell again."
        )
    if raised:
        raise raised


def _reaches(router, version):
    """Return whether one of 1,000 users gets this version."""
    return any(router.route(f"user-{number}").target == version for number in range(1000))
