"""The exercises of lesson 09, rollout: hints, checks and messages."""

from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import require_prediction
from helpers.exercises.lesson_09.q1_split_users import require_fair
from helpers.exercises.lesson_09.q2_guard import (
    new_orders,
    require_cause,
    require_guard,
    serve_orders,
)
from helpers.exercises.lesson_09.q3_experiments import (
    BROKEN,
    VERDICTS,
    Reasons,
    draw_experiments,
    split_z,
    verdict,
)
from helpers.exercises.lesson_09.q4_alarm import require_alarm, save_penguins
from helpers.serving.rollout.plan import compare


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
        "Send some requests again, and print reply.role, reply.ok and the rows. Which property do "
        "the requests share that the canary refuses?",
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
        f"version. It ended a good canary in {found.ended} of {found.trials} trials. One bad "
        "canary fails in 4 of 100 requests that the stable version answers: your guard ended it "
        f"after {found.sent:,.0f} requests on average. The check refuses a similar wrong answer, "
        "too: a fixed margin of 0.1, which does not end this canary."
    )


@exercise(
    "q3",
    "prediction",
    hints=[
        "Look at the split first. Its z is (stable users - canary users) / sqrt(all users). "
        "Outside -3 to 3, the split is broken, whatever the rates are.",
        'compare(*experiments["a"]) prints the rates, the interval, and whether the rates differ.',
        "If the split is right: without a difference, the verdict is 'no difference shown'. "
        "Otherwise, the version with the higher rate is better.",
    ],
    given=draw_experiments,
)
def read_the_experiments(prediction):
    """Predict what five experiments with two versions show"""
    experiments = read_the_experiments.original()
    require_prediction(prediction, experiments, VERDICTS, verdict, why=Reasons(experiments))
    name = next(name for name, arms in experiments.items() if verdict(arms) == BROKEN)
    split, z = split_z(*experiments[name]), compare(*experiments[name]).z
    return (
        "all five verdicts are right. The check refuses a similar wrong answer, too: the verdict "
        f"of compare for {name}. The z of its rates is {z:.1f}, but the z of its split is "
        f"{-split:.1f}."
    )


@exercise(
    "q4",
    "alarm",
    hints=[
        'export_dir / "assets.extra" / "training_statistics.json" is the file, and '
        "json.loads(file.read_text()) is a dict with mean and std of each column.",
        'For one column: abs(np.nanmean(live[name]) - trained["mean"]) > 0.5 * trained["std"].',
        "for name, trained in json.loads(file.read_text()).items(): appends the name to a list if "
        "the mean is too far away. Return the list after the loop.",
    ],
    given=save_penguins,
)
def raise_an_alarm(alarm):
    """Write an alarm for live rows that differ from the training data"""
    count = require_alarm(alarm, raise_an_alarm.original())
    return (
        f"alarm was right in {count} calls, also with other exports, with missing values, and with "
        "means just below and above the limit. On Tuesday, half of the rows had the body mass in "
        "kilograms in place of grams, the mistake of lesson 05. The check refuses a similar wrong "
        "answer, too: np.mean in place of np.nanmean, which misses a column with a missing value."
    )
