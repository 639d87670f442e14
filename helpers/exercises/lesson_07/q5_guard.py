"""Exercise 5 of lesson 07: a canary that errs, found out and ended by a learner's guard."""

import weakref

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
CAUSES = {  # what could be wrong with a request, and one for which it is
    "several rows": [[1.0, 2.0], [3.0, 4.0]],
    "negative numbers": [[-3.0, 2.0]],
    "large numbers": [[1e6, 5e6]],
    "words": [["three", 2.0]],
}
_handed = weakref.WeakSet()  # the routers that learners have, to see whether a guard moves one


def serve_orders(folder):
    """Serve two versions, of which the second refuses several rows; returns their folder."""
    base = new_folder(folder)
    for number in (1, 2):
        save(base / str(number), number, fixed_rows=1 if number == 2 else None)
    exercise_server.serve_model(MODEL, base, "all")
    exercise_server.settled(MODEL)
    return base


def new_orders(_):
    """(router, requests): a new router, whose canary of 20 % is version 2.

    requests : list of (user, rows)
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


def require_cause(cause):
    """`cause` must name what the requests have in common that only version 2 refuses."""
    if not (isinstance(cause, str) and cause in CAUSES):
        raise NotYet(f"cause: {safe_repr(cause)} is not one of {', '.join(map(repr, CAUSES))}.")
    if cause == CAUSE:
        return
    body = {"instances": CAUSES[cause]}
    old, new = (
        exercise_server.ask(f"{MODEL}/versions/{number}:predict", body)[0] for number in (1, 2)
    )
    raise NotYet(
        f"cause: {body['instances']} is a request with {cause}. Version 1 answers it with status "
        f"{old}, and version 2 with {new}. Look for one that only version 2 refuses."
    )


# (what is the case, part of the callers' requests that any version refuses, further errors of the
# canary, further errors of the stable version, whether the canary must end)
CASES = (
    ("a canary as good as the stable version, which refuses one request in 20", 0.05, 0, 0, False),
    ("a canary that fails in 4 more requests of 10", 0.05, 0.4, 0, True),
    ("callers that send nonsense, which both versions refuse: 3 in 10", 0.3, 0, 0, False),
    ("a canary that fails in 2 more requests of 10", 0.1, 0.2, 0, True),
    ("a canary that repairs what the stable version gets wrong: 2 in 10", 0.02, 0, 0.2, False),
)
REQUESTS = 1500  # of a trial
EVERY = 100  # requests between two calls of the guard
TRIALS = 20  # of two versions that err alike: one trial does not show how often chance ends it
ALLOWED = 2  # of them
FEW = 5  # trials of each other case
SEED = 47  # here guards are refused that end a good canary in more than 1 of 10 in the long run


def require_guard(guard):
    """`guard(router)` must end a canary that errs more than the stable version, and no other.

    Returns in how many trials it ended one that errs as often as the stable version, and how many
    there were.
    """
    ended = trials = 0
    for words, nonsense, canary, stable, must_end in CASES:
        alike, ends = canary == stable, []
        for trial in range(TRIALS if alike else FEW):
            further = {"canary": canary, "stable": stable}
            router, asked = run(guard, nonsense, further, SEED + trial)
            require(
                _reaches(router, 1),
                f"{words}: your guard ended the wrong one; everyone gets version 2 now.",
            )
            over = not _reaches(router, 2)
            require(
                over or not must_end,
                f"{words}: after {asked:,} requests it still gets users. {_counts(router)}.",
            )
            require(
                must_end or alike or not over,
                f"{words}: your guard ended it after {asked:,} requests. {_counts(router)}.",
            )
            if over:
                ends.append((asked, router))
        if alike:
            if len(ends) > ALLOWED:
                raise NotYet(_too_many(words, ends))
            ended, trials = ended + len(ends), trials + TRIALS
    return ended, trials


def _too_many(words, ends):
    asked, router = ends[0]
    return (
        f"{words}: your guard ended it in {len(ends)} of {TRIALS} trials, here after {asked:,} "
        f"requests: {_counts(router)}. Chance alone makes two rates differ, most of all while the "
        f"numbers are small, and a guard looks often. {ALLOWED} of {TRIALS} are allowed."
    )


def _counts(router):
    return ", ".join(
        f"{name}: {count.errors} errors in {count.requests} requests"
        for name, count in router.counts().items()
    )


def run(guard, nonsense, further, seed):
    """Send a new router requests until its canary has ended, or all are sent.

    Returns the router, and how many requests were sent.
    """
    router = Router("http://127.0.0.1:9", MODEL, stable=1, canary=2, percent=20)
    random = np.random.default_rng(seed)
    customers, luck = random.integers(10**6, size=REQUESTS), random.random(REQUESTS)
    for number in range(1, REQUESTS + 1):
        route = router.route(f"customer-{customers[number - 1]}")
        fails = luck[number - 1] < nonsense + (1 - nonsense) * further[route.role]
        router.record(route, 0.002, "status 400" if fails else "")
        if number % EVERY == 0:
            _call(guard, router)
            if not (_reaches(router, 1) and _reaches(router, 2)):
                break
    return router, number


def _call(guard, router):
    """Call the guard, which is to move this router and none that was handed out before."""
    before, raised = [(one, one.history) for one in _handed], None
    try:
        call(guard, router)
    except Raised as error:
        raised = error
    moved = any(one.history != was for one, was in before)
    # This router has a canary, so it is another one that has lost its canary before.
    lost = raised and router.canary is not None and "nothing to roll back" in describe(raised.error)
    if moved or lost:
        raise NotYet(
            "your guard changed a router that is not the one it was given. It is called with other "
            "routers than orders: use the name in its brackets, and run the whole cell again."
        )
    if raised:
        raise raised


def _reaches(router, version):
    """Whether any of 1,000 users gets this version."""
    return any(router.route(f"user-{number}").target == version for number in range(1000))
