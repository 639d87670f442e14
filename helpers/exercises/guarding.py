"""Exercise 5 of lesson 07: a canary that errs, found out and ended by a learner's guard."""

import shutil

import numpy as np

from helpers.errors import safe_repr
from helpers.exercises import exercise_server
from helpers.exercises.engine import NotYet, call, require
from helpers.exercises.served import save
from helpers.serving.router import Router

MODEL = "orders"
CAUSE = "several rows"
CAUSES = {  # what could be wrong with a request, and one for which it is
    "several rows": [[1.0, 2.0], [3.0, 4.0]],
    "negative numbers": [[-3.0, 2.0]],
    "large numbers": [[1e6, 5e6]],
    "words": [["three", 2.0]],
}
EVERY = 100  # requests between two calls of the guard


def make_orders(folder):
    """(router, requests): version 2 of a served model is the canary of 20 %, and it errs.

    requests : list of (user, rows)
    """
    for number in (1, 2):
        save(folder / f"export{number}", number, fixed_rows=1 if number == 2 else None)
        (folder / "served").mkdir(exist_ok=True)
        shutil.move(folder / f"export{number}", folder / "served" / str(number))
    exercise_server.serve_model(MODEL, folder / "served", "all")
    exercise_server.settled(MODEL)
    router = Router(exercise_server.server().rest, MODEL, stable=1, canary=2, percent=20)
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
TRIALS = (
    ("a canary as good as the stable version, which refuses one request in 20", 0.05, 0, 0, False),
    ("a canary that fails in 4 more requests of 10", 0.05, 0.4, 0, True),
    ("callers that send nonsense, which both versions refuse: 3 in 10", 0.3, 0, 0, False),
    ("a canary that fails in 2 more requests of 10", 0.1, 0.2, 0, True),
    ("a canary that repairs what the stable version gets wrong: 2 in 10", 0.02, 0, 0.2, False),
)
REQUESTS = 3000
SEED = 2  # no run of chance errors that a careful guard, too, would take for a fault


def require_guard(guard):
    """`guard(router)` must end a canary that errs more than the stable version, and no other."""
    for words, nonsense, canary, stable, must_end in TRIALS:
        router = Router("http://127.0.0.1:9", MODEL, stable=1, canary=2, percent=20)
        asked = _run(guard, router, nonsense, {"canary": canary, "stable": stable})
        counts = ", ".join(
            f"{name}: {count.errors} errors in {count.requests} requests"
            for name, count in router.counts().items()
        )
        require(
            _reaches(router, 1),
            f"{words}: your guard ended the wrong one; everyone gets version 2 now.",
        )
        if must_end:
            require(
                not _reaches(router, 2),
                f"{words}: after {asked:,} requests it still gets users. {counts}.",
            )
        else:
            require(
                _reaches(router, 2),
                f"{words}: your guard ended it after {asked:,} requests. {counts}.",
            )


def _run(guard, router, nonsense, further):
    """Send requests until the canary has ended, or all are sent; how many were."""
    random = np.random.default_rng(SEED)
    for number in range(1, REQUESTS + 1):
        route = router.route(f"customer-{random.integers(10**6)}")
        fails = random.random() < nonsense + (1 - nonsense) * further[route.role]
        router.record(route, 0.002, "status 400" if fails else "")
        if number % EVERY == 0:
            call(guard, router)
            if not (_reaches(router, 1) and _reaches(router, 2)):
                break
    return number


def _reaches(router, version):
    """Whether any of 1,000 users gets this version."""
    return any(router.route(f"user-{number}").target == version for number in range(1000))
