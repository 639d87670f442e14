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
    only_output,
    require_any_batch,
    require_prediction,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_05.q3_vocabulary import events, outcome
from helpers.exercises.lesson_05.raw_row_checks import (
    KEY,
    classify,
    many_rows,
    require_good,
    require_mean,
    require_new_words,
    require_notebook,
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
SERVER = ALL[:2]  # the readers of a server; functions such as tf.strings.upper do not run in LiteRT
ENOUGH = 0.93  # share of the 66 held-out rows without gaps; the lesson's model names 65


def _probabilities(model, by_hand, known):
    """Return the function of raw rows that the notebook's model computes."""
    return lambda rows: model(by_hand(rows, known))


@exercise(
    "q1",
    "export_dir_1",
    hints=[
        "Write a function of the four columns that calls model(prepare(...)) and returns a dict. "
        "tf.reduce_max(probabilities, axis=1) is the largest probability of each row.",
        "tf.argmax(probabilities, axis=1) gives the number of the species, and "
        "tf.gather(tf.constant(SPECIES), best) turns the numbers into names.",
        "Do the rest as in the cell above: track the same four parts, and "
        "add_endpoint('classify', your_function, raw_columns).",
    ],
    needs="model by_hand known",
)
def export_for_raw_rows(export_dir_1, model, by_hand, known):
    """Export a signature that takes raw rows and gives species and probability"""
    found = export_at(export_dir_1, "export_dir_1")
    require_raw(found, KEY)
    require_good(found, KEY, without_gaps(), ENOUGH, "that have no gaps")
    probabilities = _probabilities(model, by_hand, known)
    require_notebook(found, KEY, many_rows(unknown=False), probabilities, "without gaps")
    return (
        "the signature takes raw rows and gives the species and the probability of your model, for "
        "300 rows in every reader. Its callers prepare nothing."
    )


# What may be missing: column, value in its place, least share of penguins with the right species,
# and words. The mean in place of all masses leaves 83 of 100 right, the mean of all bills 68, 0 g
# leaves 61, and 0 mm leaves 45.
GAPS = (
    ("body_mass_g", NAN, 0.72, "whose mass is missing"),
    ("bill_length_mm", NAN, 0.57, "whose bill length is missing"),
    ("island", "Paulet", 0.85, "from an unknown island"),
    ("island", "", 0.85, "whose island is missing"),
    ("sex", "unknown", 0.85, "whose sex is a new word"),
    ("sex", "", 0.85, "whose sex is missing"),
)


@exercise(
    "q2",
    "export_dir_2",
    hints=[
        "After the normalization the mean is 0, so a missing number should become 0 there. "
        "tf.where chooses, element by element.",
        "Make new StringLookup layers without num_oov_indices=0. They give one more column, the "
        "first. Remove it with [:, 1:], and an unknown word is 0 in all other columns. Call your "
        "function once before you track the layers: the call builds them.",
        "You can also compare: tf.cast(island[:, tf.newaxis] == tf.constant(ISLANDS), tf.float32) "
        "is 0 in every column for an unknown word.",
    ],
    needs="model by_hand known",
)
def accept_missing_values(export_dir_2, model, by_hand, known):
    """Export a signature that accepts missing values and unknown words"""
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
    require_good(found, KEY, empty, 0, "without any known value")
    probabilities = _probabilities(model, by_hand, known)
    words = "which may have unknown words"
    require_notebook(found, KEY, many_rows(unknown=True), probabilities, words)
    return (
        "rows with missing values and unknown words get an answer in every reader, and the species "
        "of complete rows are still right."
    )


@exercise(
    "q3",
    "prediction",
    hints=[
        "For each change, ask: where does the reader find the words? `listed` has them in "
        "saved_model.pb, `filed` has them in its own assets/islands.txt.",
        "Each line of the asset is a word, and the number of the line is the word's number. Which "
        "numbers change?",
        "A table needs at least one line.",
    ],
)
def predict_vocabulary_changes(prediction):
    """Predict what six changes do to a vocabulary"""
    with tempfile.TemporaryDirectory() as folder:
        require_prediction(prediction, events(folder), ("same", "other", "error"), outcome)
    return (
        "all six predictions are right. No program compares an asset with the asset of the "
        "training: different lines give different columns, without an error. Only a file that "
        "cannot be read as a table, such as an empty file, gives an error."
    )


CODES = {"female": 0, "F": 0, "male": 1, "M": 1}
# All words of the table and some unknown words; some of them stand here twice.
WORDS = ["male", "F", "", "M", "female", "f", "MALE", "F", "unknown", "M", "?", "femal", "é"]


@exercise(
    "q4",
    "export_dir_4",
    hints=[
        "Every step has to be an operation of TensorFlow. The dict compares a word with its keys.",
        'sex[:, tf.newaxis] == ["female", "F"] compares each row with two words. tf.reduce_any '
        "with axis=1 tells whether one of them is equal.",
        "tf.stack with axis=1 puts two such results side by side. tf.cast turns them into 0 and 1.",
    ],
)
def export_without_python(export_dir_4):
    """Export the same columns without a Python function in the graph"""
    found = export_at(export_dir_4, "export_dir_4")
    signature = signature_of(found, "columns")
    name = the_input(signature)
    require(name == "sex", f"columns should have an input named 'sex', but takes {name}.")
    require_any_batch(signature)
    expected = one_hot([CODES.get(word, -1) for word in WORDS], (0, 1))
    for reader in ALL:
        where = f"columns in {readers.READERS[reader]}"
        for words, right in ((WORDS, expected), (WORDS[:1], expected[:1])):
            value = only_output(answers(found, "columns", {"sex": words}, reader), "columns")
            require(
                value.shape == right.shape and value.dtype.kind in "fiub",
                f"{where} should give numbers of shape {right.shape} for {len(words)} words, but "
                f"gives {value.dtype} of shape {value.shape}.",
            )
            wrong = (value.astype(float) != right).any(axis=1)
            first = int(np.argmax(wrong))
            require(
                not wrong.any(),
                f"{where} should answer {right[first].tolist()} for {words[first]!r}, but answers "
                f"{value[first].astype(float).tolist()}.",
            )
    return "the export gives the same columns in every reader, without a function of your Python."


STEPS = ("gaps", "kilograms", "capitals")
LEFT_OUT = "capitals"
GOOD = 0.98  # share of all 344 penguins; the model names 343, and 334 without the islands


@cache
def trained_model():
    """Train the lesson's PenguinModel on all penguins except those of `held_out`."""
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
    """Make an export of a good model that knows words in capitals only. Return its directory."""
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
    "q5",
    "left_out repaired_dir",
    hints=[
        "A step that is inside the export changes nothing, or makes the answers worse, when you do "
        "it by hand as well. The missing step makes the answers better.",
        "For each step: stepped = step(rows), then readers.run(found_dir, 'classify', {name: "
        "stepped[name] for name in RAW})['species'].astype(str); count how many equal "
        "rows['species'].",
        "Begin with found = tf.saved_model.load(found_dir). An endpoint of a new archive may "
        "change the words and then call found.classify(...). Track the loaded export, because it "
        "holds lookup tables. tf.strings.upper is the step.",
    ],
    given=with_a_step_left_outside,
)
def put_the_step_inside(left_out, repaired_dir):
    """Diagnose which step of the preparation the export does not do, and put it inside"""
    require(
        isinstance(left_out, str) and left_out in STEPS,
        f"left_out: {safe_repr(left_out)} is not one of {', '.join(map(repr, STEPS))}.",
    )
    rows = penguins()
    species, _ = classify(read(put_the_step_inside.original()), KEY, rows, "python")
    require(
        left_out == LEFT_OUT,
        "left_out should be the missing step, but with "
        f"{left_out!r} done by hand as well, found_dir does not name more species. Without it, "
        f"found_dir names the species of {(species == rows['species']).sum()} of {len(species)} "
        "penguins.",
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
    return "the export had given wrong answers without an error. Now it prepares the words itself."
