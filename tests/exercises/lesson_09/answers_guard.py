"""Answers to exercise 2 of lesson 09: the cause of errors, and guards."""

from helpers.exercises.lesson_09.exercises import guard_the_canary
from helpers.serving.rollout.plan import compare
from tests.exercises.lesson_08.answers_calls import same
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
    """Use the pooled rate and the counts."""
    (n, errors), (m, others) = router.counts().values()
    pooled = (errors + others) / (n + m)
    error = (pooled * (1 - pooled) * (1 / n + 1 / m)) ** 0.5
    if m >= 40 and others / m - errors / n > 3.5 * error:
        router.rollback()


class Guard:
    """Wait for two calls in a row with a large difference, for each router."""

    def __init__(self, spreads, in_a_row):
        self.spreads, self.in_a_row, self.calls = spreads, in_a_row, {}

    def __call__(self, router):
        stable, canary = router.statistics()
        more = canary.error_rate - stable.error_rate
        seen = self.calls.setdefault(id(router), [])
        seen.append(canary.requests >= 30 and more > self.spreads * spread(stable, canary))
        if all(seen[-self.in_a_row :]) and len(seen) >= self.in_a_row:
            router.rollback()


def expected_from_the_stable(router):
    """Compare the canary's errors with those that the stable rate gives, as a Poisson count."""
    stable, canary = router.statistics()
    expected = canary.requests * (stable.errors + 1) / (stable.requests + 1)
    if canary.requests > 30 and canary.errors > expected + 4 * expected**0.5 + 4:
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


def increasing(router):
    as_the_hint_says(router)
    if router.canary and router.statistics()[1].requests >= 200:
        router.percent = 50


def clearing(router):
    as_the_hint_says(router)
    if router.canary and router.statistics()[1].requests >= 250:
        router.clear()


def spreads(number, least):
    """Return a guard like the one of the hint with other constants."""

    def guard(router):
        stable, canary = router.statistics()
        more = canary.error_rate - stable.error_rate
        if canary.requests >= least and more > number * spread(stable, canary):
            router.rollback()

    return guard


def only_the_rate_of_the_canary(router):
    canary = router.statistics()[1]
    error = (canary.error_rate * (1 - canary.error_rate) / max(canary.requests, 1)) ** 0.5
    if canary.requests >= 50 and canary.error_rate - 0.05 > 3 * error:
        router.rollback()


def once(router, calls=[]):  # noqa: B006
    """Compare only at one call of the first router."""
    calls.append(router)
    if len(calls) == 15:
        as_the_hint_says(router)


def silent_without_errors(router):
    if router.statistics()[0].errors:
        as_the_hint_says(router)


def a_quarter_of_the_errors(router):
    """Compare counts, which is right only for a canary of 20 %."""
    stable, canary = router.statistics()
    expected = stable.errors / 4
    if canary.errors - expected > 4 * (expected + 1) ** 0.5 + 2:
        router.rollback()


def without_a_limit(router):
    """Return a guard's two numbers: the difference, and three standard errors."""
    stable, canary = router.statistics()
    return canary.error_rate - stable.error_rate, 3 * spread(stable, canary)


def at_least_three(router):
    difference, limit = without_a_limit(router)
    if router.statistics()[1].requests >= 50 and difference >= limit:
        router.rollback()


def silent_without_a_standard_error(router):
    if spread(*router.statistics()):
        as_the_hint_says(router)


def at_any_number_of_requests(router):
    difference, limit = without_a_limit(router)
    if difference > limit:
        router.rollback()


def version_2_only(router):
    if router.canary == 2:
        as_the_hint_says(router)


def promotes(least):
    """Return a guard that promotes a canary which it has not ended after `least` requests."""

    def guard(router):
        as_the_hint_says(router)
        if router.canary and router.statistics()[1].requests > least:
            router.promote()

    return guard


def ended_by(guard, words, outcome="not yet"):
    return Mistake(same("several rows", guard), words, outcome)


Q2 = Proofs(
    right={
        "three spreads": same("several rows", as_the_hint_says),
        "a test, percent to 0": same("several rows", significant(0.001, to_zero)),
        "from the counts": same("several rows", counted),
        "an object with a memory": lambda _: ("several rows", Guard(2.9, 2)),
        "four spreads": lambda _: ("several rows", Guard(4, 1)),
        "errors beyond the expected ones": same("several rows", expected_from_the_stable),
    },
    wrong={
        "blames the words": Mistake(
            same("words", as_the_hint_says),
            "version 1 answers it with status 400, and version 2 with 400",
        ),
        "blames the sign": Mistake(
            same("negative numbers", as_the_hint_says), "with status 200, and version 2 with 200"
        ),
        "blames the size": Mistake(
            same("large numbers", as_the_hint_says), "and version 2 with 200"
        ),
        "a cause that is not a choice": Mistake(
            same("bad luck", as_the_hint_says), "but is 'bad luck'"
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
        "a fixed margin": ended_by(
            margin(0.1, 100), "the stable version answers, and both refuse 1 in 200. It should end"
        ),
        "a ratio": ended_by(times(2, 100), "both refuse 4 in 10, and the canary fails in 2 of 10"),
        "increases the share": ended_by(
            increasing, "at 20 % of the users, but it changed the router: version 2 gets 50 %"
        ),
        "clears the counts": ended_by(clearing, "but it cleared them"),
        "silent without an error of the stable version": ended_by(
            silent_without_errors, "never fails, and the canary, version 7, fails in 1 request"
        ),
        "a quarter of the errors": ended_by(
            a_quarter_of_the_errors, "half of the users get the canary"
        ),
        "promotes a canary that looks good": ended_by(
            promotes(500), "not end the stable version, but all users get version 2 now"
        ),
        "raises": ended_by(lambda router: router.statistic(), "AttributeError", "raised"),
    },
    untouched=(..., ...),
    near={
        ">= in place of >": same("several rows", at_least_three),
        "silent without a standard error": same("several rows", silent_without_a_standard_error),
        "at any number of requests": same("several rows", at_any_number_of_requests),
        "version 2 only": same("several rows", version_2_only),
        "promotes a canary after a long time": same("several rows", promotes(900)),
        "1.5 spreads": same("several rows", spreads(1.5, 50)),
        "two spreads": same("several rows", spreads(2, 50)),
        "12 spreads": same("several rows", spreads(12, 50)),
        "waits too long": same("several rows", spreads(3, 400)),
        "a margin of 0.03, after a long time": same("several rows", margin(0.03, 280)),
        "a margin of 0.05": same("several rows", margin(0.05, 250)),
        "a margin of 0.035 at the end": same("several rows", margin(0.035, 295)),
        "half as many again, after a long time": same("several rows", times(1.6, 250)),
        "a fixed rate of the stable version": same("several rows", only_the_rate_of_the_canary),
        "at one call only": same("several rows", once),
        "the cause in capitals": same("Several rows", as_the_hint_says),
        "the cause in a list": same(["several rows"], as_the_hint_says),
    },
)
