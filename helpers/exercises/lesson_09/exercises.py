"""The exercises of lesson 09, rollout: hints, checks and messages."""

from helpers.exercises.exercise import exercise
from helpers.exercises.lesson_09.q1_split_users import require_fair
from helpers.exercises.lesson_09.q2_guard import (
    new_orders,
    require_cause,
    require_guard,
    serve_orders,
)


@exercise(
    "q1",
    "in_canary",
    hints=[
        "The rule may use only the name, and values that it computes from the name alone. "
        "hash() of a text is not such a value, because its salt differs between processes.",
        "int(hashlib.sha256(user.encode()).hexdigest(), 16) is a number that depends only on the "
        "name, and number % 10_000 is one of 10,000 buckets.",
        "The canary gets the buckets below percent * 100, so a larger percentage adds buckets.",
    ],
    needs="notebook",
)
def split_the_users(in_canary, notebook):
    """Write the rule that decides which users get the canary"""
    return require_fair(in_canary, notebook)


@exercise(
    "q2",
    "cause guard",
    hints=[
        "Collect (rows, reply.ok) by reply.role. Which property do the requests share that the "
        "canary refuses and the stable version answers?",
        "stable, canary = router.statistics() gives requests, errors and error_rate of each. A few "
        "requests prove nothing, and both versions refuse the invalid requests of callers.",
        "Wait until the canary has had 50 requests. Then compute the standard error of the "
        "difference of the rates: sqrt(a * (1 - a) / n + b * (1 - b) / m), for rates a and b of n "
        "and m requests. Call router.rollback() when the canary's rate is more than 3 standard "
        "errors above the stable version's rate.",
    ],
    given=serve_orders,
    fresh=new_orders,
)
def guard_the_canary(cause, guard):
    """Find out why a canary fails, and write the guard that ends it"""
    require_cause(cause, guard_the_canary.original())
    found = require_guard(guard)
    return (
        "you found the cause, and your guard ends a canary that fails more often than the stable "
        f"version. It ended a good canary in {found.ended} of {found.trials} trials. It ended a "
        f"canary that fails in 4 more requests of 100 after {found.sent:,.0f} requests on average. "
        "The check refuses this similar guard: a fixed margin of 0.1, which does not end this "
        "canary."
    )
