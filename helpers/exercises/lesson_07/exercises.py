"""The exercises of lesson 07, serving."""

import numpy as np

from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import require_prediction
from helpers.exercises.lesson_07 import exercise_server, served_models
from helpers.exercises.lesson_07.q3_publish import require_published
from helpers.exercises.lesson_07.q4_split_users import require_fair
from helpers.exercises.lesson_07.q5_guard import (
    new_orders,
    require_cause,
    require_guard,
    serve_orders,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

X = [[3.0, 1.0], [0.0, -2.0]]
LEFT, RIGHT = [1.0, 2.0], [10.0, 20.0]
NEAR = 1e-3


def served_doors(folder):
    """A server with the model `doors`; returns it."""
    base = served_models.new_folder(folder)
    served_models.save_doors(base / "1")
    exercise_server.serve_model("doors", base)
    return exercise_server.server()


@exercise(
    "q1",
    "scores totals packed",
    hints=[
        "GET /v1/models/doors/metadata names the signatures, with their inputs and outputs.",
        'Two inputs: {"signature_name": "both", "inputs": {"left": [...], "right": [...]}} sends '
        "each as a column. The answer has a column for each output.",
        "np.array(row, np.float32).tobytes() are the bytes of a row; base64.b64encode(...)"
        '.decode() makes text of them for {"b64": text}. By gRPC, tf.make_tensor_proto takes a '
        "list of bytes as it is.",
    ],
    given=served_doors,
)
def call_three_signatures(scores, totals, packed):
    """Call three signatures of a model that you have not seen"""
    wanted = dict(
        zip(("scores", "totals", "packed"), served_models.doors(X, LEFT, RIGHT), strict=True)
    )
    found = {
        name: _two_numbers(name, said)
        for name, said in (("scores", scores), ("totals", totals), ("packed", packed))
    }
    for name, right in wanted.items():
        said = found[name]
        for other, numbers in wanted.items():
            if other != name and np.allclose(said, numbers, atol=NEAR):
                raise NotYet(f"{name}: {_row(said)} is what is wanted for {other}.")
        require(
            not np.allclose(said, right[::-1], atol=NEAR),
            f"{name}: {_row(said)} are the right numbers in the wrong order.",
        )
        if name == "totals" and np.allclose(said, right - 2 * np.array(LEFT), atol=NEAR):
            raise NotYet(f"totals: {_row(said)} is the output gap; the output total is wanted.")
        require(
            np.allclose(said, right, atol=NEAR),
            f"{name}: you have {_row(said)}, and the server answers something else. Are these the "
            f"rows of the exercise, and the signature that belongs to {name}?",
        )
    return "three signatures, with one input, with two, and with bytes."


def _two_numbers(name, said):
    try:
        numbers = np.asarray(said, float).ravel()
    except (TypeError, ValueError):
        raise NotYet(
            f"{name}: the two numbers from the answer are wanted, not {safe_repr(said)}."
        ) from None
    require(
        len(numbers) != 4 or name != "packed",
        "packed: 4 numbers for two rows. Were the bytes of 64-bit floats? The signature reads "
        "float32.",
    )
    require(
        len(numbers) == 2,
        f"{name}: one number for each of the two rows is wanted, not {safe_repr(said)}.",
    )
    return numbers


def _row(numbers):
    return "[" + ", ".join(f"{number:.4g}" for number in numbers) + "]"


@exercise(
    "q2",
    "prediction",
    hints=[
        "First ask of each arrival: is the name of the folder a number? Then: is it loaded?",
        "A version is available when its graph and variables could be loaded. Whether it can "
        "answer is another question.",
        "The request names no input: with a single one, the row form need not.",
    ],
)
def predict_the_version(prediction):
    """Predict which version answers after something has happened to the folder"""
    events = {event: event for event in served_models.EVENTS}
    require_prediction(
        prediction, events, served_models.LATEST, lambda event: served_models.outcomes()[event]
    )
    return "right, all six: loaded and able to answer are two things."


@exercise(
    "q3",
    "publish",
    hints=[
        "The server may look into the folder at any moment, also while files are being written.",
        "shutil.copytree copies, to a name that is no number. Renaming the copy is one step: "
        "copy.rename(base / str(number)).",
        "[int(path.name) for path in base.iterdir() if path.name.isdigit()] are the numbers in "
        'use; 10 comes after 9, though "10" sorts before "9".',
    ],
)
def publish_the_next_version(publish):
    """Write a function that publishes the next version without losing a request"""
    asked = require_published(publish)
    require(asked, "no request was made")
    return "two versions came while clients asked again and again, and no request was lost."


@exercise(
    "q4",
    "in_canary",
    hints=[
        "What is the same for a user every time, in every process? The name, and what is computed "
        "from it alone. hash() of a text is not: Python salts it anew for each process.",
        "int(hashlib.sha256(user.encode()).hexdigest(), 16) is a number that belongs to the "
        "name; % 10_000 makes one of 10,000 buckets of it.",
        "The canary takes the buckets below percent * 100, so more percent means more buckets.",
    ],
)
def split_the_users(in_canary):
    """Write the rule that decides which users get the canary"""
    require_fair(in_canary)
    return (
        "five kinds of names, six percentages: always the right part, and always the same users, "
        "also when asked in another order, of a copy of your rule that remembers nothing, and with "
        "another hash(), process number and clock. Whoever is in stays in when the part grows."
    )


@exercise(
    "q5",
    "cause guard",
    hints=[
        "Collect (rows, reply.ok) by reply.role: what have the requests in common that the canary "
        "refuses and the stable version answers?",
        "stable, canary = router.statistics() have requests, errors and error_rate. A few "
        "requests prove nothing, and callers' own mistakes fail in both versions.",
        "Wait until the canary has had 50 requests. Chance alone gives the difference of the two "
        "rates a spread of sqrt(a * (1 - a) / n + b * (1 - b) / m), for rates a and b of n and m "
        "requests. Call router.rollback() when the canary's rate is more than 3 such spreads above "
        "the stable one's.",
    ],
    given=serve_orders,
    fresh=new_orders,
)
def guard_the_canary(cause, guard):
    """Diagnose a canary that errs, and write the guard that ends it"""
    guard_the_canary.given()
    require_cause(cause)
    ended, trials = require_guard(guard)
    return (
        "you found the cause, and your guard ends a canary that errs. Of a good one, which errs "
        f"as often as the stable version, it made an end in {ended} of {trials} trials."
    )
