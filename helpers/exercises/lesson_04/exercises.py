"""The exercises of lesson 04, inside the export."""

import contextlib
import shutil
from pathlib import Path

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import ESTIMATE, SAME
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_04.untrusted_exports import untrusted_exports
from helpers.exercises.outcomes import NotYet, require
from helpers.inspection.dangerous_operations import EFFECT
from helpers.text import safe_repr

LAYERS = ("left", "middle", "right")
ASKED_FOR = "middle"
COLUMNS, UNITS = 3, 4


def three_alike(folder):
    """Make an export of three layers of one shape, with different weights. Return its directory."""
    import tensorflow as tf

    inputs = tf.keras.Input((COLUMNS,), name="x")
    made = [tf.keras.layers.Dense(UNITS, name=name)(inputs) for name in LAYERS]
    model = tf.keras.Model(inputs, tf.keras.layers.add(made))
    for number, name in enumerate(LAYERS, 1):
        model.get_layer(name).set_weights(weights_of(number))
    model.export(folder, verbose=False)
    return Path(folder)


def weights_of(number):
    """Compute the (3, 4) kernel and the (4,) bias of layer 1, 2 or 3."""
    kernel = np.arange(COLUMNS * UNITS, dtype=np.float32).reshape(COLUMNS, UNITS) / 10 + number
    return kernel, np.arange(UNITS, dtype=np.float32) / 10 - number


@exercise(
    "q1",
    "bias",
    hints=[
        "explore(found_dir).variables has the name, shape and key of each variable. Loop over them "
        "and print.",
        "One of them is called middle/bias. The checkpoint needs its .key, which is longer than "
        "what is printed.",
        "tf.train.load_checkpoint(found_dir / 'variables' / 'variables').get_tensor(key) reads it.",
    ],
    given=three_alike,
)
def read_one_weight(bias):
    """Find one weight by its name, and read it without loading the model"""
    read_one_weight.original()
    require(
        not isinstance(bias, str | bytes | Path),
        "bias should be the four numbers themselves, which get_tensor(key) reads, but is "
        f"{safe_repr(bias)}.",
    )
    try:
        found = np.asarray(bias)
        numbers = found.dtype.kind in "fiu"
    except Exception:
        numbers = False
    require(numbers, f"bias should be an array of numbers, but is {safe_repr(bias)}.")
    for number, name in enumerate(LAYERS, 1):
        for kind, weight in zip(("kernel", "bias"), weights_of(number), strict=True):
            if (name, kind) != (ASKED_FOR, "bias") and _equal(found, weight):
                raise NotYet(
                    f"bias should hold the numbers of {ASKED_FOR}/bias, but holds the numbers of "
                    f"{name}/{kind}. Look at the names."
                )
    expected = weights_of(1 + LAYERS.index(ASKED_FOR))[1]
    require(
        found.shape == expected.shape,
        f"bias should have shape {expected.shape}, for a layer of {UNITS} units, but has shape "
        f"{found.shape}.",
    )
    require(
        _equal(found, expected),
        f"bias should hold the numbers of {ASKED_FOR}/bias, but is {safe_repr(found)}. No weight "
        "has these numbers.",
    )
    return "the key says only where the weight is stored. saved_model.pb has the name for each key."


def _equal(found, weight):
    return found.shape == weight.shape and np.allclose(found, weight, rtol=0, atol=SAME)


QUESTIONS = (
    "weights",
    "MB of data, model.export",
    "MB of data, archive without track",
    "saved_model.pb",
)
SIZES = ("kilobytes", "megabytes")


UNITS_OF = {
    1e6: "in bytes, but the question asks for megabytes",
    1e3: "in kilobytes, but the question asks for megabytes",
}
# {question: {how many times too large: what the learner overlooked}}
SLIPS = {
    QUESTIONS[1]: {
        1 / 8: "as if each weight took 1 byte and were stored once",
        1 / 4: "as if each weight took 1 byte",
        1 / 2: "as if each weight were stored once",
        2: "as if each weight took 8 bytes",
        **UNITS_OF,
    },
    QUESTIONS[2]: {
        1 / 4: "as if each weight took 1 byte",
        2: "as if each weight were stored twice",
        4: "as if each weight took 8 bytes and were stored twice",
        **UNITS_OF,
    },
}


def wide_model():
    """Build a model of Dense(1000) on 500 columns, then Dense(10), without training it."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    layers = [tf.keras.layers.Dense(1000, activation="relu"), tf.keras.layers.Dense(10)]
    return tf.keras.Sequential([tf.keras.Input((500,), name="x"), *layers])


def both_exports(folder):
    """Measure two exports of the wide model. Return {question: answer}."""
    import tensorflow as tf

    model = wide_model()
    model.export(Path(folder) / "tracked", verbose=False)
    archive = tf.keras.export.ExportArchive()
    spec = [tf.TensorSpec((None, 500), tf.float32, name="x")]
    archive.add_endpoint("serve", lambda x: model(x), spec)
    archive.write_out(Path(folder) / "untracked", verbose=False)
    data = [
        sum(file.stat().st_size for file in (Path(folder) / name).rglob("variables.data-*")) / 1e6
        for name in ("tracked", "untracked")
    ]
    graph = (Path(folder) / "tracked" / "saved_model.pb").stat().st_size
    return dict(zip(QUESTIONS, (model.count_params(), *data, SIZES[graph >= 10**6]), strict=True))


@exercise(
    "q2",
    "estimate",
    hints=[
        "A Dense layer has inputs x units weights in its kernel and one weight for each unit in "
        "its bias.",
        "float32 takes 4 bytes. 1 MB is 1,000,000 bytes. Which of the two ways of exporting stores "
        "each weight twice?",
        "The numbers of the weights are in variables/, the operations in saved_model.pb. How many "
        "operations do two layers need?",
    ],
    given=both_exports,
)
def estimate_the_sizes(estimate):
    """Estimate the sizes of an export before you make it"""
    estimate = answer_types.mapping(estimate, QUESTIONS, "estimate")
    real = estimate_the_sizes.original()
    for question, said in estimate.items():
        if isinstance(real[question], str):
            require(
                isinstance(said, str) and said in SIZES,
                f"{question}: {safe_repr(said)} is not one of {', '.join(map(repr, SIZES))}.",
            )
            require(
                said == real[question],
                f"{question}: you say {said!r}, but the file holds operations, shapes and "
                "names, and no weights.",
            )
            continue
        number = None
        if not isinstance(said, bool | np.bool_ | str | bytes):
            with contextlib.suppress(Exception):
                number = float(said)  # a tensor, an array of one number
        require(number is not None, f"{question} should be a number, but is {safe_repr(said)}.")
        _require_near(question, number, real)
    return (
        f"{real[QUESTIONS[0]]:,} weights of 4 bytes make {real[QUESTIONS[2]]:.1f} MB, and "
        "model.export stores twice as much. In these exports only the number of weights matters."
    )


def _require_near(question, said, real):
    expected = real[question]
    if abs(said - expected) <= ESTIMATE * expected:
        return
    reason = _reason(question, said / expected)
    direction = "too much" if said > expected else "too little"
    raise NotYet(f"{question}: {said:,.6g} is {direction}{reason}.")


def _reason(question, ratio):
    if question == "weights" and ratio > 1:
        return ", look at each layer's inputs again"
    for times, words in SLIPS.get(question, {}).items():
        if abs(ratio - times) < ESTIMATE * times:
            return f", {words}"
    return ""


KINDS = ("copy", "exported again", "retrained", "other graph")
DAYS = {
    "tuesday": "exported again",
    "wednesday": "other graph",
    "thursday": "retrained",
    "friday": "copy",
}


def a_week(folder):
    """Make an export named monday, and one of it for each of DAYS. Return their folder, a Path."""
    import shutil

    import tensorflow as tf

    spec = [tf.TensorSpec((None, 3), tf.float32, name="x")]

    def save(day, limit=0.0, change=0.0):
        module = tf.Module()
        module.kernel = kernel = tf.Variable(tf.constant([[1.0], [2.0], [3.0]]) + change)
        module.bias = bias = tf.Variable([0.5])

        def classify(x):
            score = x @ kernel + bias
            # The limit is a Python number, so tracing writes it into the graph.
            return {"score": score, "label": tf.cast(score > limit, tf.int32)}

        module.classify = tf.function(classify, input_signature=spec)
        tf.saved_model.save(module, str(Path(folder) / day), signatures=module.classify)

    save("monday")
    save("tuesday")
    save("wednesday", limit=2.0)
    save("thursday", change=0.25)
    shutil.copytree(Path(folder) / "monday", Path(folder) / "friday")
    return Path(folder)


@exercise(
    "q3",
    "week",
    hints=[
        "differences(week_dir / 'monday', week_dir / 'tuesday') compares two directories.",
        "Ask in this order: are all bytes equal? Are the weights equal? Do the graphs compute the "
        "same?",
        "A number that Python wrote into the graph is part of the graph, not a weight.",
    ],
    given=a_week,
)
def diagnose_a_week(week):
    """Diagnose what was done to an export on each day of a week"""
    diagnose_a_week.original()
    week = answer_types.mapping(week, DAYS, "week")
    for day, said in week.items():
        require(
            isinstance(said, str) and said in KINDS,
            f"{day}: {safe_repr(said)} is not one of {', '.join(map(repr, KINDS))}.",
        )
    for day, said in week.items():
        if said != DAYS[day]:
            raise NotYet(f"{day}: you say {said!r}, but it is not. {WHY[DAYS[day], said]}")
    return (
        "only thursday has different weights. wednesday has monday's weights and can give "
        "different answers."
    )


EQUAL_WEIGHTS = "Its weights equal monday's: compare their values, not the bytes of the files."
SOME_BYTES = "Some bytes in its files differ from monday's."
WHY = {
    ("exported again", "copy"): SOME_BYTES,
    ("exported again", "retrained"): EQUAL_WEIGHTS,
    ("exported again", "other graph"): "Its graph computes what monday's does, with the same "
    "constants.",
    ("other graph", "copy"): SOME_BYTES,
    ("other graph", "exported again"): "One number in its graph differs from monday's.",
    ("other graph", "retrained"): EQUAL_WEIGHTS,
    ("retrained", "copy"): SOME_BYTES,
    ("retrained", "exported again"): "Look at the values of its weights.",
    ("retrained", "other graph"): "Its graph computes what monday's does. What else can differ?",
    ("copy", "exported again"): "A new export would differ from monday's in some bytes.",
    ("copy", "retrained"): EQUAL_WEIGHTS,
    ("copy", "other graph"): "Compare its saved_model.pb with monday's.",
}


@exercise(
    "q4",
    "may_load",
    hints=[
        "explore(directory).operations counts the operations by type, in all functions.",
        "Here, operations of four types use files or Python: WriteFile, ReadFile, PyFunc, "
        "EagerPyFunc. Return False if the export has one of them.",
        "An export that cannot be read has no operations, but it has findings: "
        "explore(directory).findings. Or use gate(directory).ok for everything.",
    ],
    given=untrusted_exports,
)
def check_untrusted_exports(may_load):
    """Check untrusted exports: return True for a harmless export, False for any other"""
    made, trace = check_untrusted_exports.original()
    trace.unlink(missing_ok=True)  # of an attempt before
    for name, (directory, harmless, words) in made.items():
        copy = directory.parent / "looked at" / name  # the learner's function may change it
        shutil.rmtree(copy.parent, ignore_errors=True)
        shutil.copytree(directory, copy)
        said = call(may_load, copy, may_change=[0])
        if trace.exists():
            raise NotYet(
                f"may_load should not run an export, but ran {name!r}, which {words}, and so wrote "
                f"the file {trace.name!r}. Look at the graph. Do not load or call it."
            )
        require(
            isinstance(said, bool | np.bool_),
            f"may_load should return True or False, but returned {safe_repr(said)} for {name!r}.",
        )
        require(
            said == harmless,
            f"may_load should return {harmless} for {name!r}, which {words}, but returned "
            f"{bool(said)}.",
        )
    refused = sum(not harmless for _, harmless, _ in made.values())
    return (
        f"your function refused {refused} exports and accepted {len(made) - refused}, and loaded "
        "none of them. Four types of operations were enough for these exports. For real untrusted "
        f"exports use gate, which knows {len(EFFECT)} types."
    )
