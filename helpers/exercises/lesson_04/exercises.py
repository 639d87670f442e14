"""The exercises of lesson 04, inside the artifact."""

import contextlib
import shutil
from pathlib import Path

import numpy as np

from helpers.exercises.exercise import exercise
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_04.untrusted_exports import strangers
from helpers.exercises.outcomes import NotAttempted, NotYet, require
from helpers.inspection.dangerous_operations import EFFECT
from helpers.text import safe_repr

LAYERS = ("left", "middle", "right")
WANTED = "middle"
COLUMNS, UNITS = 3, 4


def three_alike(folder):
    """An export of three layers of one shape, whose weights tell them apart. Its directory."""
    import tensorflow as tf

    inputs = tf.keras.Input((COLUMNS,), name="x")
    made = [tf.keras.layers.Dense(UNITS, name=name)(inputs) for name in LAYERS]
    model = tf.keras.Model(inputs, tf.keras.layers.add(made))
    for number, name in enumerate(LAYERS, 1):
        model.get_layer(name).set_weights(weights_of(number))
    model.export(folder, verbose=False)
    return Path(folder)


def weights_of(number):
    """The (3, 4) kernel and the (4,) bias of layer 1, 2 or 3."""
    kernel = np.arange(COLUMNS * UNITS, dtype=np.float32).reshape(COLUMNS, UNITS) / 10 + number
    return kernel, np.arange(UNITS, dtype=np.float32) / 10 - number


@exercise(
    "bias",
    hints=[
        "explore(found_dir).variables has name, shape and key of each. Loop over them and print.",
        "One of them is called middle/bias. Its .key, longer than what is printed, is what the "
        "checkpoint wants.",
        "tf.train.load_checkpoint(found_dir / 'variables' / 'variables').get_tensor(key) reads it.",
    ],
    given=three_alike,
)
def q1(bias):
    """Find one weight by its name, and read it without loading the model"""
    q1.given()
    require(
        not isinstance(bias, str | bytes | Path),
        f"bias is {safe_repr(bias)}; the four numbers themselves are wanted, "
        "which get_tensor(key) reads.",
    )
    try:
        found = np.asarray(bias)
        numbers = found.dtype.kind in "fiu"
    except Exception:
        numbers = False
    require(numbers, f"bias: an array of numbers is wanted, not {safe_repr(bias)}.")
    for number, name in enumerate(LAYERS, 1):
        for kind, weight in zip(("kernel", "bias"), weights_of(number), strict=True):
            if (name, kind) != (WANTED, "bias") and _equal(found, weight):
                raise NotYet(f"bias: these are the numbers of {name}/{kind}. Look at the names.")
    wanted = weights_of(1 + LAYERS.index(WANTED))[1]
    require(
        found.shape == wanted.shape,
        f"bias has shape {found.shape}; the bias of a layer of {UNITS} units has {wanted.shape}.",
    )
    require(_equal(found, wanted), f"bias is {safe_repr(found)}: no weight has these numbers.")
    return "the key says only where it lies; the graph's file has the name that goes with the key."


def _equal(found, weight):
    return found.shape == weight.shape and np.allclose(found, weight, rtol=0, atol=1e-4)


QUESTIONS = (
    "weights",
    "MB of data, model.export",
    "MB of data, archive without track",
    "saved_model.pb",
)
SIZES = ("kilobytes", "megabytes")


UNITS_OF = {1e6: "in bytes; megabytes are asked for", 1e3: "in kilobytes, not megabytes"}
# {question: {how many times too large: what was overlooked}}
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
    """Dense(1000) on 500 columns, then Dense(10); built, not trained."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    layers = [tf.keras.layers.Dense(1000, activation="relu"), tf.keras.layers.Dense(10)]
    return tf.keras.Sequential([tf.keras.Input((500,), name="x"), *layers])


def both_exports(folder):
    """What is asked of the wide model, measured on two exports. {question: answer}."""
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
    "estimate",
    hints=[
        "A Dense layer has inputs x units weights in its kernel and one for each unit in its bias.",
        "float32 takes 4 bytes. 1 MB is 1,000,000 bytes. Which of the two ways of exporting stores "
        "each weight twice?",
        "The numbers of the weights are in variables/, the operations in saved_model.pb. How many "
        "operations do two layers need?",
    ],
    given=both_exports,
)
def q2(estimate):
    """Estimate the sizes of an export before you make it"""
    require(
        isinstance(estimate, dict) and estimate.keys() == {*QUESTIONS},
        f"estimate is to be a dict with the keys {', '.join(map(repr, QUESTIONS))}.",
    )
    if any(said is ... for said in estimate.values()):
        raise NotAttempted
    real = q2.given()
    for question, said in estimate.items():
        if isinstance(real[question], str):
            require(
                isinstance(said, str) and said in SIZES,
                f"{question}: {safe_repr(said)} is not one of {', '.join(map(repr, SIZES))}.",
            )
            require(
                said == real[question],
                f"{question}: not {said}. It holds operations, shapes and names, no weights.",
            )
            continue
        number = None
        if not isinstance(said, bool | np.bool_ | str | bytes):
            with contextlib.suppress(Exception):
                number = float(said)  # a tensor, an array of one number
        require(number is not None, f"{question}: a number is wanted, not {safe_repr(said)}.")
        _require_near(question, number, real)
    return (
        f"{real[QUESTIONS[0]]:,} weights of 4 bytes make {real[QUESTIONS[2]]:.1f} MB, and twice "
        f"that with model.export. Nothing but the number of weights counts."
    )


def _require_near(question, said, real):
    wanted = real[question]
    if abs(said - wanted) <= 0.05 * wanted:
        return
    slips = SLIPS.get(question, {})
    why = next((w for times, w in slips.items() if abs(said / wanted - times) < 0.05 * times), "")
    if question == "weights" and said > wanted:
        why = "look at each layer's inputs again"
    words = f"{question}: {said:,.6g} is {'too much' if said > wanted else 'too little'}"
    raise NotYet(f"{words}, {why}." if why else f"{words}.")


KINDS = ("copy", "exported again", "retrained", "other graph")
DAYS = {
    "tuesday": "exported again",
    "wednesday": "other graph",
    "thursday": "retrained",
    "friday": "copy",
}


def a_week(folder):
    """monday: an export; the other days: what was made of it, see DAYS. Their folder, a Path."""
    import shutil

    import tensorflow as tf

    spec = [tf.TensorSpec((None, 3), tf.float32, name="x")]

    def save(day, limit=0.0, change=0.0):
        module = tf.Module()
        module.kernel = kernel = tf.Variable(tf.constant([[1.0], [2.0], [3.0]]) + change)
        module.bias = bias = tf.Variable([0.5])

        def classify(x):
            score = x @ kernel + bias
            # The limit is a Python number: it is written into the graph.
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
    "week",
    hints=[
        "differences(week_dir / 'monday', week_dir / 'tuesday') compares two directories.",
        "Ask in this order: is every byte the same? Are the weights? Is what the graph computes?",
        "A number that Python wrote into the graph is part of the graph, not a weight.",
    ],
    given=a_week,
)
def q3(week):
    """Diagnose what was done to an export on each day of a week"""
    q3.given()
    require(
        isinstance(week, dict) and week.keys() == DAYS.keys(),
        f"week is to be a dict with the keys {', '.join(map(repr, DAYS))}.",
    )
    if any(said is ... for said in week.values()):
        raise NotAttempted
    for day, said in week.items():
        require(
            isinstance(said, str) and said in KINDS,
            f"{day}: {safe_repr(said)} is not one of {', '.join(map(repr, KINDS))}.",
        )
    for day, said in week.items():
        if said != DAYS[day]:
            raise NotYet(f"{day}: not {said!r}. {WHY[DAYS[day], said]}")
    return "thursday alone has other weights; wednesday can answer differently with the same ones."


EQUAL_WEIGHTS = "Its weights are monday's: compare their values, not the bytes of the files."
SOME_BYTES = "Some of its files differ from monday's, byte by byte."
WHY = {
    ("exported again", "copy"): SOME_BYTES,
    ("exported again", "retrained"): EQUAL_WEIGHTS,
    ("exported again", "other graph"): "It computes what monday's does, constants and all.",
    ("other graph", "copy"): SOME_BYTES,
    ("other graph", "exported again"): "One number in its graph is another one than monday's.",
    ("other graph", "retrained"): EQUAL_WEIGHTS,
    ("retrained", "copy"): SOME_BYTES,
    ("retrained", "exported again"): "Look at the values of its weights.",
    ("retrained", "other graph"): "Its graph computes what monday's does. What is left?",
    ("copy", "exported again"): "An export made anew would differ in some bytes.",
    ("copy", "retrained"): EQUAL_WEIGHTS,
    ("copy", "other graph"): "Compare its saved_model.pb with monday's.",
}


@exercise(
    "may_load",
    hints=[
        "explore(directory).operations counts the operations by type, those in all functions too.",
        "Types that reach outside here: WriteFile, ReadFile, PyFunc, EagerPyFunc. Return False if "
        "the artifact has one of them.",
        "An artifact that cannot be read has no operations to object to, but findings: "
        "explore(directory).findings. Or ask gate(directory).ok for everything.",
    ],
    given=strangers,
)
def q4(may_load):
    """Gate artifacts from strangers: True for the harmless, False for the others"""
    made, trace = q4.given()
    trace.unlink(missing_ok=True)  # of an attempt before
    for name, (directory, harmless, words) in made.items():
        copy = directory.parent / "looked at" / name  # theirs: whatever they do to it is undone
        shutil.rmtree(copy.parent, ignore_errors=True)
        shutil.copytree(directory, copy)
        said = call(may_load, copy)
        if trace.exists():
            raise NotYet(
                f"your check ran {name!r}, which {words}, and so the file {trace.name!r} was "
                "written. Look at the graph; do not load or call it."
            )
        require(
            isinstance(said, bool | np.bool_),
            f"may_load is to return True or False; for {name!r} it returned {safe_repr(said)}.",
        )
        require(
            said == harmless,
            f"your check {'lets through' if said else 'refuses'} {name!r}, which {words}.",
        )
    kept = sum(not harmless for _, harmless, _ in made.values())
    return (
        f"{kept} kept out, {len(made) - kept} let in, and none of them was loaded. Four types were "
        f"enough for these; for real strangers ask gate, which knows {len(EFFECT)}."
    )
