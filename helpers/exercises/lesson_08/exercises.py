"""The exercises of lesson 08, serving: hints, checks and messages."""

from pathlib import Path

import numpy as np

from helpers.exercises import answer_types, exercise_server
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import SAME_ANSWER, require_prediction
from helpers.exercises.lesson_08 import served_models
from helpers.exercises.lesson_08.q2_reasons import Reasons
from helpers.exercises.lesson_08.q3_publish import require_published
from helpers.exercises.lesson_08.q4_replacement import (
    draw_case,
    require_cause,
    require_may_replace,
    versions_of,
)
from helpers.exercises.numbered_export import new_folder
from helpers.exercises.outcomes import NotYet, require
from helpers.serving.launch.process import Server

X = [[3.0, 1.0], [0.0, -2.0]]
LEFT, RIGHT = [1.0, 2.0], [10.0, 20.0]


def save_scoring(folder: Path, seed: int | None = None) -> tuple[Path, served_models.Scoring]:
    """Export the variant `seed` of the model `scoring`; return the base path and the variant."""
    base, variant = new_folder(folder), served_models.Scoring.of(seed)
    served_models.save_scoring(base / "1", variant)
    return base, variant


def serve_scoring(made: tuple[Path, served_models.Scoring]) -> Server:
    """Serve the model `scoring` from a base path, and return the server."""
    exercise_server.serve_model("scoring", made[0])
    return exercise_server.server()


@exercise(
    "q1",
    "scores totals packed",
    hints=[
        'scoring.signatures("scoring") returns the signatures with their inputs and outputs.',
        'With two inputs, {"signature_name": "both", "inputs": {"left": [...], "right": [...]}} '
        "sends each input as a column. The response has a column for each output.",
        "np.array(row, np.float32).tobytes() returns the bytes of a row, and base64.b64encode(...)"
        '.decode() converts them to text for {"b64": text}. Over gRPC, scoring.predict takes '
        "a list of bytes.",
    ],
    given=save_scoring,
    fresh=serve_scoring,
)
def call_three_signatures(scores, totals, packed):
    """Call three signatures of a model that you have not seen"""
    _, variant = call_three_signatures.original()
    found = {
        name: _two_numbers(name, answer)
        for name, answer in (("scores", scores), ("totals", totals), ("packed", packed))
    }
    right = right_answers(variant)
    for name, expected in right.items():
        answer = _row(found[name])
        for words, numbers in wrong_answers(variant)[name].items():
            require(not _same(found[name], numbers), f"{name}: {answer} {words}")
        for other in right.keys() - {name}:
            require(
                not _same(found[name], right[other]),
                f"{name}: {answer} is the right answer for {other}, not for {name}. Call the "
                f"signature that the exercise names for {name}.",
            )
        require(
            _same(found[name], expected),
            f"{name} should be the answer of the server, but {answer} is not. Send the rows of "
            f"the exercise, and call the signature that it names for {name}.",
        )
    return (
        "you called three signatures: with one input, with two inputs, and with bytes. The check "
        "refuses a similar wrong answer, too: totals with left and right exchanged. These are "
        f"{_row(variant.totals(RIGHT, LEFT))}, and the right totals are {_row(right['totals'])}."
    )


def right_answers(variant: served_models.Scoring) -> dict[str, np.ndarray]:
    """Return the expected answers of exercise 1 by name: two numbers each."""
    return {
        "scores": variant.scores(X),
        "totals": variant.totals(LEFT, RIGHT),
        "packed": variant.packed_scores(X),
    }


def wrong_answers(variant: served_models.Scoring) -> dict[str, dict[str, np.ndarray]]:
    """Return the numbers of usual mistakes in exercise 1, by the words that follow the answer."""
    order = "has the right numbers in the wrong order. Keep the order of the rows."
    columns = "is the answer for rows whose two columns are exchanged. Send each row of x as it is."
    wrong = {name: {order: numbers[::-1]} for name, numbers in right_answers(variant).items()}
    exchanged = [row[::-1] for row in X]
    wrong["scores"][columns] = variant.scores(exchanged)
    wrong["packed"][columns] = variant.packed_scores(exchanged)
    wrong["totals"] |= {
        "is the answer with left and right exchanged. Send each list under its own name.": (
            variant.totals(RIGHT, LEFT)
        ),
        "is the output gap. Take the output total from the response.": variant.gaps(LEFT, RIGHT),
        "is the answer for left alone, sent twice. Send right as well.": variant.totals(LEFT, LEFT),
    }
    return wrong


def _two_numbers(name, answer):
    try:
        numbers = answer_types.array(answer, name)
    except NotYet as error:
        raise NotYet(f"{error} Take the two numbers out of the response.") from None
    require(
        numbers.size != 4 or name != "packed",
        "packed should be two numbers, but has 4. The signature reads 32-bit floats: did you send "
        "the bytes of 64-bit floats?",
    )
    require(
        numbers.shape in ((2,), (2, 1)),
        f"{name} should have one number for each of the two rows, so the shape should be (2,) or "
        f"(2, 1), but is {numbers.shape}. Take the output that the exercise names.",
    )
    return numbers.astype(float).ravel()


def _same(numbers, others):
    return np.allclose(numbers, others, rtol=0, atol=SAME_ANSWER)


def _row(numbers):
    return "[" + ", ".join(f"{number:.6g}" for number in numbers) + "]"


@exercise(
    "q2",
    "prediction",
    hints=[
        "Ask two questions about each new folder. Is its name a number? Can the server load it?",
        "A version is available when the server has loaded its graph and its variables. The "
        "server does not check whether the version can answer requests.",
        "The request names no input, because the row form does not need a name if the signature "
        "has one input.",
    ],
)
def predict_the_version(prediction):
    """Predict which version answers after something has happened to the folder"""
    events = {event: event for event in served_models.EVENTS}
    require_prediction(
        prediction,
        events,
        served_models.LATEST,
        lambda event: served_models.outcomes()[event],
        why=Reasons(served_models.measured),
    )
    return (
        "all six are right. A version that is loaded can still be unable to answer. The check "
        "refuses a similar wrong answer, too: 2 for the version made with tf.saved_model.save. The "
        "server does not go back to version 2 by itself."
    )


@exercise(
    "q3",
    "publish",
    hints=[
        "The server can read the folder at any moment, also while you write files into it.",
        "Use shutil.copytree to copy the export to a name that is not a number. Then rename the "
        "copy, which is a single step: copy.rename(base / str(number)).",
        "[int(path.name) for path in base.iterdir() if path.name.isdigit()] is the list of the "
        'existing numbers. Compare them as numbers, because the text "10" sorts before "9".',
    ],
)
def publish_the_next_version(publish):
    """Write a function that publishes the next version without losing a request"""
    requests = require_published(publish)
    require(requests, "publish: no client sent a request during the check. Run the check again.")
    return (
        "you published two versions while clients sent requests, and no request "
        "failed. Each version has all files of its export, and everything else in base is "
        "unchanged. The new version has the highest number in drawn base paths, too. The check "
        "refuses a similar wrong answer, too: the same copy without the last step, so that the "
        "server reads it while it grows."
    )


@exercise(
    "q4",
    "cause may_replace",
    hints=[
        "Compare old and new line by line. For each difference, read its row in the table above.",
        'old and new are dicts of dicts: for name, (dtype, shape) in old["inputs"].items(). The '
        "names of the inputs must be the same, and new must have all outputs of old.",
        "A size of new is right if it is None or equal to the size of old. Compare len(shape) "
        "first, then the sizes with zip. If old has one output, new must have one output.",
        "np.allclose compares answers of different shapes, too, so compare np.shape(...) before.",
    ],
    given=draw_case,
    fresh=versions_of,
)
def decide_on_the_replacement(cause, may_replace):
    """Find the change that breaks clients, and decide whether a version may replace another"""
    require_cause(cause, decide_on_the_replacement.original())
    pairs, shapes = require_may_replace(may_replace)
    return (
        f"you found the change, and may_replace is right for {pairs} pairs of versions. The check "
        "refuses a similar wrong answer, too: np.allclose without np.shape, which is wrong for "
        f"{shapes} of these pairs."
    )
