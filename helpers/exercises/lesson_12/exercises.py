"""The exercises of lesson 12, the capstone: hints, checks and messages."""

import os
from typing import Any

from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import require_prediction
from helpers.exercises.lesson_12.drafts import DRAFTS, NAMES, Reasons
from helpers.exercises.outcomes import NotYet
from helpers.teaching.assess import assess
from helpers.teaching.assess.brief import PLAN, REQUIREMENTS
from helpers.teaching.assess.report import MET
from helpers.text import safe_repr

OF_ONE_VERSION = (1, 2, 3, 4, 5, 6, 7, 10)
OF_TWO_VERSIONS = (*OF_ONE_VERSION, 8)


@exercise(
    "q1",
    "prediction",
    hints=[
        "Each draft misses one requirement, and no requirement is missed by two drafts.",
        "Ask for each draft: does an answer change, and for which request? If no answer changes, "
        "look at the requirements about files, time and versions.",
        "LiteRT converts no text operations, so an endpoint with a lookup fails there.",
    ],
)
def predict_the_requirement(prediction):
    """Predict which requirement each draft misses"""
    require_prediction(
        prediction, {draft: draft for draft in DRAFTS}, NAMES, DRAFTS.get, why=Reasons()
    )
    return (
        f"all {len(DRAFTS)} are right. No draft fails in another requirement. The check "
        'refuses a similar wrong answer, too: "readers" for the subtracted mean. All readers agree '
        "on these numbers, because each reader gets the same rows."
    )


@exercise(
    "q2",
    "with_version_1",
    hints=[
        "Write one function of the four columns that returns the probabilities. classify and "
        "probabilities call it. measurements needs no lookup: its columns for words are zeros.",
        "tf.where(tf.math.is_nan(x), mean, x) fills the gaps, and tf.strings.lower(word) makes one "
        'case of all. StringLookup(vocabulary=str(words_file), output_mode="one_hot") makes the '
        "asset, and [:, 1:] removes its column for unknown words.",
        "archive.track(network, islands, sexes), then archive.add_endpoint(name, function, specs) "
        'for each endpoint, and archive.write_out(base / "1"). The answer is base.',
    ],
)
def export_version_1(with_version_1):
    """Export version 1, which meets the requirements 1 to 7 and 10"""
    require_met(with_version_1, "with_version_1", OF_ONE_VERSION)
    return (
        "version 1 meets the requirements 1 to 7 and 10. The check refuses a similar wrong answer, "
        "too: an export whose answers are all right, with a list of the islands in its graph."
    )


@exercise(
    "q3",
    "with_version_2",
    hints=[
        "Version 2 needs other weights, and the same names, dtypes and shapes.",
        "Train a second network with another seed on the same features, and export it with the "
        "same function.",
        'The folder of version 2 is base / "2", and the answer is base again.',
    ],
)
def export_version_2(with_version_2):
    """Export version 2 beside version 1, so that it may replace version 1"""
    require_met(with_version_2, "with_version_2", OF_TWO_VERSIONS)
    return (
        "one server answers with both versions, and version 2 may replace version 1 for its "
        "clients. The check refuses a similar wrong answer, too: a copy of version 1."
    )


@exercise(
    "q4",
    "with_plan",
    hints=[
        "Plan(baseline, effect, looks=4, share=0.1) has a schedule: a list with the users of each "
        "look, and .total of each is a number for the file. Give share: it is 0.5 by default.",
        "The router ends version 2 when more than max_error_rate * window of its last window "
        "requests have failed. Of the last 50 requests, a bad version fails in about 25, and a "
        "good one in 0 or 1.",
        f'json.dumps({{"stable": 1, "canary": 2, ...}}) makes the text, and (base / "{PLAN}")'
        ".write_text(text) writes the file.",
    ],
)
def plan_the_rollout(with_plan):
    """Write the plan of the rollout, so that all ten requirements are met"""
    require_met(with_plan, "with_plan", tuple(REQUIREMENTS))
    return (
        "all ten requirements are met. The check refuses a similar "
        "wrong answer, too: max_error_rate 0.5, with which a version that fails in every second "
        "request is not ended."
    )


def require_met(answer: Any, name: str, numbers: tuple[int, ...]) -> None:
    """Require that a folder meets requirements; the first that it does not meet is told."""
    if not isinstance(answer, str | os.PathLike):
        raise NotYet(
            f"{name} should be the folder that holds your export as 1, but is {safe_repr(answer)}. "
            "Give base."
        )
    found = assess(answer, numbers, first=True)
    if found.problem:
        raise NotYet(f"{name}: {found.problem}.")
    last = found.requirements[-1]
    if last.outcome != MET:
        raise NotYet(
            f"requirement {last.number}, {last.name}: {last.outcome}. Expected: {last.expected}. "
            f"Found: {last.found}"
        )
