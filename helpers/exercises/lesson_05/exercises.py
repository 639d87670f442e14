"""The exercises of lesson 05, preprocessing and assets."""

import numpy as np

from helpers import readers
from helpers.exercises import answer_types, battery
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    ALL,
    answers_to_batches,
    export_at,
    only_output,
    require_any_batch,
    require_prediction,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_05 import nearest_answers, q5_left_out
from helpers.exercises.lesson_05.nearest_answers import CODES, columns_of
from helpers.exercises.lesson_05.q3_vocabulary import CHANGES, OUTCOMES, tried, vocabularies
from helpers.exercises.lesson_05.raw_row_checks import (
    KEY,
    many_rows,
    of_the_notebook,
    require_good,
    require_mean,
    require_new_words,
    require_raw,
    require_rows,
    without_gaps,
)
from helpers.exercises.notebook import changed
from helpers.exercises.outcomes import NotYet, require
from helpers.penguins.data import (
    ISLANDS,
    MEASUREMENTS,
    SEXES,
    penguins,
)

NAN = np.float32(np.nan)
SERVER = ALL[:2]  # the readers of a server; functions such as tf.strings.upper do not run in LiteRT
ENOUGH = 0.93  # share of the 66 held-out rows without gaps; the lesson's model names 65
MODEL = "model(by_hand(...))"


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
    rows, answer = many_rows(gaps=False), of_the_notebook(model, by_hand, known)
    require_rows(found, KEY, rows, answer, MODEL, "without gaps")
    nearest = nearest_answers.to_q1(rows, model, by_hand, known)
    return (
        "the signature takes raw rows and gives the species and the probability of your model, for "
        f"300 rows in every reader. Its callers prepare nothing. {nearest}"
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
        require_mean(found, KEY, rows, name, known)
    require_new_words(found, KEY, rows, "island", ISLANDS)
    require_new_words(found, KEY, rows, "sex", SEXES)
    empty = {name: column[:1] for name, column in rows.items()} | {
        "bill_length_mm": np.array([NAN]),
        "body_mass_g": np.array([NAN]),
        "island": np.array([""]),
        "sex": np.array([""]),
    }
    require_good(found, KEY, empty, 0, "without any known value")
    many, answer = many_rows(gaps=True), of_the_notebook(model, by_hand, known)
    require_rows(found, KEY, many, answer, MODEL, "which may have gaps and unknown words")
    return (
        "300 rows with missing values and unknown words get the answers of your model in every "
        "reader, and the species of complete rows are still right. "
        f"{nearest_answers.to_q2(many, answer)}"
    )


@exercise(
    "q3",
    "prediction",
    hints=[
        "For each change, ask: where does the reader find the words? `listed` has them in "
        "saved_model.pb, `filed` has them in its own assets/islands.txt.",
        "Each line of the asset is a word, and the number of the line is the word's number. Which "
        "numbers change?",
        "A table needs at least one line. To try a change: folder = lesson.q3.given() makes both "
        "exports, and readers.run(folder / 'filed', 'columns', {'island': ['Torgersen']}) asks the "
        "second one.",
    ],
    given=vocabularies,
)
def predict_vocabulary_changes(prediction):
    """Predict what six changes do to a vocabulary"""
    original, why = predict_vocabulary_changes.original(), {}

    def outcome(name):
        happens, reasons = tried(name, original)
        why.update(reasons)
        return happens

    require_prediction(prediction, {name: name for name in CHANGES}, OUTCOMES, outcome, why)
    return (
        "all six predictions are right. No program compares an asset with the asset of the "
        "training: different lines give different columns, without an error. Only a file that "
        "cannot be read as a table, such as an empty file, gives an error."
    )


# All words of the table and some unknown words; some of them stand here twice. They are asked
# first, because their messages are the easiest to read.
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
    many = {"sex": battery.words(CODES)}
    batches = [{"sex": np.array(WORDS, object)}, *battery.batches(many).values()]
    for reader in ALL:
        # LiteRT takes no empty batch.
        sent = [batch for batch in batches if reader != "litert" or len(batch["sex"])]
        answered = answers_to_batches(found, "columns", sent, reader)
        for batch, got in zip(sent, answered, strict=True):
            _require_columns(got, batch["sex"], reader)
    return (
        f"the export gives the same columns for {len(set(many['sex']))} different words in every "
        "reader, without a function of your Python. "
        f"{nearest_answers.to_q4(many['sex'])}"
    )


def _require_columns(got, words, reader):
    where = f"columns in {readers.READERS[reader]}"
    right = columns_of(words)["columns"]
    value = only_output(got, "columns")
    require(
        value.shape == right.shape and value.dtype.kind in "fiu",
        f"{where} should give numbers of shape {right.shape} for {len(words)} words, but "
        f"gives {value.dtype} of shape {value.shape}.",
    )
    wrong = (value.astype(float) != right).any(axis=1)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise NotYet(
            f"{where} should answer {right[first].tolist()} for {words[first]!r}, but answers "
            f"{value[first].astype(float).tolist()}."
        )


GOOD = 0.98  # share of all 344 penguins; the model names 343, and 334 without the islands


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
        "change the columns and then call found.classify(...). Track the loaded export, because it "
        "holds lookup tables. For words, tf.strings.upper is the step.",
    ],
    needs="rows",
    given=q5_left_out.with_a_step_left_outside,
)
def put_the_step_inside(left_out, repaired_dir, rows):
    """Diagnose which step of the preparation the export does not do, and put it inside"""
    said = answer_types.text(left_out, "left_out", q5_left_out.STEPS)
    original, table = put_the_step_inside.original(), penguins()
    alone = q5_left_out.named(original, table)
    stepped = {
        name: q5_left_out.named(original, step(table)) for name, step in q5_left_out.STEPS.items()
    }
    missing = max(stepped, key=stepped.__getitem__)
    require(
        said == missing,
        f"left_out should be the missing step, but with {said!r} done by hand as well, found_dir "
        f"does not name more species: {stepped[said]} of 344 penguins. Without it, found_dir names "
        f"the species of {alone} of 344 penguins.",
    )
    repaired = export_at(repaired_dir, "repaired_dir")
    _require_rows(rows)
    try:
        require_raw(repaired, KEY)
        require_good(repaired, KEY, table, GOOD, "as they are in the file", SERVER)
        for change, words in ((np.char.upper, "in capitals"), (np.char.lower, "in small letters")):
            other = table | {name: change(table[name]) for name in ("island", "sex")}
            require_good(repaired, KEY, other, GOOD, f"with their words {words}", SERVER)
        answer = q5_left_out.require_hers(repaired, original, missing, SERVER)
    except NotYet as error:
        raise NotYet(f"repaired_dir: {error}") from None
    nearest = nearest_answers.to_q5(answer, missing)
    return (
        f"with {missing!r} done by hand, found_dir names {stepped[missing]} of 344 penguins, and "
        f"{alone} without it. It raised no error. Now the export does this step itself. {nearest}"
    )


def _require_rows(rows):
    """Require that the learner has not changed the rows."""
    try:
        different = [name for name, column in penguins().items() if not _equal(rows[name], column)]
    except Exception:
        raise changed("rows", "should hold the columns of the file, but does not") from None
    if different:
        raise changed(
            "rows",
            f"should be as in the file, but is changed in the columns {', '.join(different)}. A "
            "step should work on a copy: rows | {...}",
        )


def _equal(column, expected):
    column = np.asarray(column)
    return np.array_equal(column, expected, equal_nan=expected.dtype.kind == "f")
