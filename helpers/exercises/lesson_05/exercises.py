"""The exercises of lesson 05, preprocessing and assets."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import read
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    ALL,
    answers,
    export_at,
    require_any_batch,
    require_prediction,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_05.q3_vocabulary import events, outcome
from helpers.exercises.lesson_05.raw_row_checks import (
    KEY,
    classify,
    require_good,
    require_mean,
    require_new_words,
    require_raw,
    without_gaps,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.penguins.data import (
    ISLANDS,
    MEASUREMENTS,
    RAW,
    SEXES,
    SPECIES,
    folds,
    one_hot,
    penguins,
    take,
)
from helpers.text import safe_repr

NAN = np.float32(np.nan)
SERVER = ALL[:2]  # what a server needs; functions of texts do not cross to LiteRT
ENOUGH = 0.93  # of the 66 held-out rows without gaps; the lesson's model names 65


@exercise(
    "export_dir_1",
    hints=[
        "Write a function of the four columns that asks model(prepare(...)) and returns a dict. "
        "tf.reduce_max(probabilities, axis=1) is the largest of each row.",
        "tf.argmax(probabilities, axis=1) says which it was; tf.gather(tf.constant(SPECIES), best) "
        "turns the numbers into names.",
        "The rest is as in the cell above: track the same four parts, and "
        "add_endpoint('classify', your_function, raw_columns).",
    ],
)
def q1(export_dir_1):
    """Export a door that takes raw rows and gives species and probability"""
    found = export_at(export_dir_1, "export_dir_1")
    require_raw(found, KEY)
    require_good(found, KEY, without_gaps(), ENOUGH, "that have no gaps")
    return (
        "raw rows go in, a species and its probability come out, in every reader, and no caller "
        "prepares anything."
    )


# What may be missing: column, what is there instead, the share of penguins that must still be told
# apart, and words. The mean in place of all masses leaves 83 in 100, of all bills 68; 0 g leaves
# 61, and 0 mm 45.
GAPS = (
    ("body_mass_g", NAN, 0.72, "whose mass is missing"),
    ("bill_length_mm", NAN, 0.57, "whose bill length is missing"),
    ("island", "Paulet", 0.85, "from an island that nobody knew of"),
    ("island", "", 0.85, "whose island is missing"),
    ("sex", "unknown", 0.85, "whose sex is a new word"),
    ("sex", "", 0.85, "whose sex is missing"),
)


@exercise(
    "export_dir_2",
    hints=[
        "After the normalization the mean is 0: that is what a missing number should become. "
        "tf.where chooses, element by element.",
        "Make new StringLookup layers without num_oov_indices=0. They give one column more, the "
        "first; leave it out with [:, 1:], and an unknown word is 0 in every column that is left. "
        "Call your function once before you track: that builds the layers.",
        "Or compare: tf.cast(island[:, tf.newaxis] == tf.constant(ISLANDS), tf.float32) is 0 "
        "everywhere for a word that is none of these.",
    ],
)
def q2(export_dir_2):
    """Export a door that accepts missing values and unknown words"""
    found, rows = export_at(export_dir_2, "export_dir_2"), without_gaps()
    require_raw(found, KEY)
    require_good(found, KEY, rows, ENOUGH, "that have no gaps")
    for name, value, enough, words in GAPS:
        gap = rows | {name: np.full(len(rows[name]), value)}
        require_good(found, KEY, gap, enough, words)
    for name in MEASUREMENTS:
        require_mean(found, KEY, rows, name)
    require_new_words(found, KEY, rows, "island", ISLANDS)
    require_new_words(found, KEY, rows, "sex", SEXES)
    empty = {name: column[:1] for name, column in rows.items()} | {
        "bill_length_mm": np.array([NAN]),
        "body_mass_g": np.array([NAN]),
        "island": np.array([""]),
        "sex": np.array([""]),
    }
    require_good(found, KEY, empty, 0, "of which nothing is known")
    return (
        "gaps and new words get an answer, too, in every reader; and rows without gaps are named "
        "as well as before."
    )


@exercise(
    "prediction",
    hints=[
        "Ask each time: where does the reader find the words? `listed` has them in "
        "saved_model.pb, `filed` in its own assets/islands.txt.",
        "A line of the asset is a word, and its place is the word's number. Which numbers change?",
        "A table needs at least one line.",
    ],
)
def q3(prediction):
    """Predict what becomes of a vocabulary"""
    with tempfile.TemporaryDirectory() as folder:
        require_prediction(prediction, events(folder), ("same", "other", "error"), outcome)
    return (
        "right, all six. Nobody compares an asset with the one of the training: other lines are "
        "other columns, without a word. Only a file that cannot be read as a table, such as an "
        "empty one, is an error."
    )


CODES = {"female": 0, "F": 0, "male": 1, "M": 1}
# Every word of the table, words that are none of it, and each more than once.
WORDS = ["male", "F", "", "M", "female", "f", "MALE", "F", "unknown", "M", "?", "femal", "é"]


@exercise(
    "export_dir_4",
    hints=[
        "Every step has to be an operation of TensorFlow. What does the dict do, word by word? It "
        "compares.",
        'sex[:, tf.newaxis] == ["female", "F"] compares each row with two words; tf.reduce_any '
        "with axis=1 says whether one of them fits.",
        "tf.stack puts two such answers side by side, axis=1; tf.cast makes 0 and 1 of them.",
    ],
)
def q4(export_dir_4):
    """Export the same columns without a Python function in the graph"""
    found = export_at(export_dir_4, "export_dir_4")
    signature = signature_of(found, "columns")
    name = the_input(signature)
    require(name == "sex", f"columns takes {name}; an input named 'sex' is wanted.")
    require_any_batch(signature)
    wanted = one_hot([CODES.get(word, -1) for word in WORDS], (0, 1))
    for reader in ALL:
        where = f"columns in {readers.READERS[reader]}"
        for words, right in ((WORDS, wanted), (WORDS[:1], wanted[:1])):
            got = answers(found, "columns", {"sex": words}, reader)
            require(len(got) == 1, f"columns gives {', '.join(got)}; one output is wanted.")
            value = next(iter(got.values()))
            require(
                value.shape == right.shape and value.dtype.kind in "fiub",
                f"{where} gives shape {value.shape} of {value.dtype} for {len(words)} words; "
                f"numbers of shape {right.shape} are wanted.",
            )
            wrong = (value.astype(float) != right).any(axis=1)
            first = int(np.argmax(wrong))
            require(
                not wrong.any(),
                f"{where} answers {value[first].astype(float).tolist()} for {words[first]!r}; "
                f"{right[first].tolist()} is wanted.",
            )
    return "the same columns, in every reader and without a line of your Python."


STEPS = ("gaps", "kilograms", "capitals")
LEFT_OUT = "capitals"
GOOD = 0.98  # of all 344 penguins; the model names 343, and 334 without the islands


@cache
def trained_model():
    """The lesson's PenguinModel, trained on all penguins but those of `raw_rows.held_out`."""
    import tensorflow as tf

    from helpers.models import PenguinModel
    from helpers.training import train

    rows = penguins()
    known = take(rows, folds(rows["species"]) != 0)
    tf.keras.utils.set_random_seed(1)
    model = PenguinModel(known)
    features = model.prepare(**{name: known[name] for name in RAW})
    train(model, features, one_hot(known["species"], SPECIES), 300, 0.02, progress=False)
    return model


def with_a_step_left_outside(folder):
    """An export of a good model that knows the words in capitals only. Its directory, a Path."""
    import tensorflow as tf

    from helpers.models import COLUMNS

    model = trained_model()

    def as_in_the_file(word, words):
        capitals = tf.constant(["", *map(str.upper, words)])
        known = tf.cast(word[:, tf.newaxis] == capitals, tf.int32)
        return tf.gather(tf.constant(["", *words]), tf.argmax(known, axis=1))

    def classify(bill_length_mm, body_mass_g, island, sex):
        words = as_in_the_file(island, ISLANDS), as_in_the_file(sex, SEXES)
        return model.classify(bill_length_mm, body_mass_g, *words)

    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint(KEY, classify, COLUMNS)
    export.write_out(folder, verbose=False)
    return Path(folder)


@exercise(
    "left_out repaired_dir",
    hints=[
        "A step that is inside does no harm, or double harm, when you do it by hand as well. The "
        "one that is missing helps.",
        "For each step: stepped = step(rows), then readers.run(found_dir, 'classify', {name: "
        "stepped[name] for name in RAW})['species'].astype(str); count how many equal "
        "rows['species'].",
        "Begin with found = tf.saved_model.load(found_dir). A door of a new archive may call "
        "found.classify(...) with its words changed on the way; track the loaded export, because "
        "it holds lookup tables. tf.strings.upper is the step.",
    ],
    given=with_a_step_left_outside,
)
def q5(left_out, repaired_dir):
    """Diagnose which step of the preparation was left outside, and put it inside"""
    require(
        isinstance(left_out, str) and left_out in STEPS,
        f"left_out: {safe_repr(left_out)} is not one of {', '.join(map(repr, STEPS))}.",
    )
    rows = penguins()
    species, _ = classify(read(q5.given()), KEY, rows, "python")
    require(
        left_out == LEFT_OUT,
        f"left_out: found_dir names the species of {(species == rows['species']).sum()} of "
        f"{len(species)} penguins. With {left_out!r} done by hand as well, it names no more.",
    )
    repaired = export_at(repaired_dir, "repaired_dir")
    try:
        require_raw(repaired, KEY)
        require_good(repaired, KEY, rows, GOOD, "as they are in the file", SERVER)
        for change, words in ((np.char.upper, "in capitals"), (np.char.lower, "in small letters")):
            other = rows | {name: change(rows[name]) for name in ("island", "sex")}
            require_good(repaired, KEY, other, GOOD, f"with their words {words}", SERVER)
    except NotYet as error:
        raise NotYet(f"repaired_dir: {error}") from None
    return "nothing had failed, and it was wrong: now the words are prepared where they are read."
