"""Answers to exercise 5 of lesson 07: the cause of errors, and guards."""

from helpers.exercises.lesson_07.exercises import guard_the_canary
from helpers.serving.rollout.plan import compare
from tests.exercises.lesson_07.answers_calls import same
from tests.exercises.proofs import Mistake, Proofs


def margin(more, least):
    """Return a guard that waits for `least` requests and accepts `more` as a difference."""

    def guard(router):
        stable, canary = router.statistics()
        if canary.requests >= least and canary.error_rate > stable.error_rate + more:
            router.rollback()

    return guard


def spread(stable, canary):
    return sum(v.error_rate * (1 - v.error_rate) / v.requests for v in (stable, canary)) ** 0.5


def as_the_hint_says(router):
    stable, canary = router.statistics()
    more = canary.error_rate - stable.error_rate
    if canary.requests >= 50 and more > 3 * spread(stable, canary):
        router.rollback()


def significant(level, ends):
    """Return a guard that ends a canary whose error rate is significantly higher."""

    def guard(router):
        stable, canary = router.statistics()
        arms = [(one.errors, one.requests) for one in (stable, canary)]
        result = compare(*arms, alpha=level)
        if result.differs and result.difference > 0:
            ends(router)

    return guard


def to_zero(router):
    router.percent = 0


def counted(router):
    (n, errors), (m, others) = router.counts().values()
    if m >= 100 and others / m - errors / n > 0.12:
        router.rollback()


def any_error(router):
    if router.statistics()[1].errors:
        router.rollback()


def fixed_limit(router):
    if router.statistics()[1].error_rate > 0.2:
        router.rollback()


def more_errors(router):
    stable, canary = router.statistics()
    if canary.errors > stable.errors:
        router.rollback()


def any_difference(router):
    stable, canary = router.statistics()
    result = compare((stable.errors, stable.requests), (canary.errors, canary.requests), alpha=0.01)
    if result.differs:
        router.rollback()


def wrong_way(router):
    stable, canary = router.statistics()
    if canary.requests > 50 and canary.error_rate > stable.error_rate + 0.1:
        router.promote()


def times(more, least):
    def guard(router):
        stable, canary = router.statistics()
        if canary.requests >= least and canary.error_rate > more * stable.error_rate:
            router.rollback()

    return guard


def of_another_router(_):
    """Return a guard that reads its argument, but ends the canary of `orders`."""
    orders, _ = guard_the_canary.given()

    def guard(router):
        if router.statistics()[1].errors:
            orders.rollback()

    return "several rows", guard


def of_a_router_that_has_ended(_):
    orders, _ = guard_the_canary.given()
    orders.rollback()
    return "several rows", lambda router: orders.rollback()


def ended_by(guard, words, outcome="not yet"):
    return Mistake(same("several rows", guard), words, outcome)


Q5 = Proofs(
    right={
        "three spreads": same("several rows", as_the_hint_says),
        "a test, percent to 0": same("several rows", significant(0.001, to_zero)),
        "a margin": same("several rows", margin(0.1, 100)),
        "from the counts": same("several rows", counted),
    },
    wrong={
        "blames the words": Mistake(
            same("words", margin(0.1, 100)),
            "version 1 answers it with status 400, and version 2 with 400",
        ),
        "blames the sign": Mistake(
            same("negative numbers", margin(0.1, 100)), "with status 200, and version 2 with 200"
        ),
        "blames the size": Mistake(
            same("large numbers", margin(0.1, 100)), "and version 2 with 200"
        ),
        "a cause that is not a choice": Mistake(
            same("bad luck", margin(0.1, 100)), "but is 'bad luck'"
        ),
        "any error": ended_by(any_error, "as good as the stable version"),
        "a fixed limit": ended_by(fixed_limit, "which both versions refuse"),
        "too early": ended_by(margin(0, 1), "at most 2 of 20 trials, but ended it in "),
        "a small margin": ended_by(
            margin(0.05, 100),
            "3 in 10. It should end the canary in at most 2 of 20 trials, but ended it in 7",
        ),
        "half as many again": ended_by(times(1.5, 100), "at most 2 of 20 trials"),
        "a test at each look": ended_by(
            significant(0.05, lambda router: router.rollback()), "and a guard compares them often"
        ),
        "ends another router's canary": Mistake(of_another_router, "but it changed another router"),
        "and has ended it before": Mistake(
            of_a_router_that_has_ended, "but it changed another router"
        ),
        "errors, not rates": ended_by(more_errors, "the canary still gets users"),
        "never": ended_by(lambda router: None, "after 1,500 requests the canary still gets users"),
        "any difference": ended_by(
            any_difference, "the canary fixes an error of the stable version"
        ),
        "promotes it": ended_by(wrong_way, "all users get version 2 now"),
        "raises": ended_by(lambda router: router.statistic(), "AttributeError", "raised"),
    },
    untouched=(..., ...),
)
