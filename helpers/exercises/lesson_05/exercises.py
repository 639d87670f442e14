"""The exercises of lesson 05, preprocessing and assets."""

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import ALL, export_at, require_prediction
from helpers.exercises.lesson_05 import (
    nearest_answers,
    photo_checks,
    q1_mistakes,
    q4_left_out,
    q5_photos,
)
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
from helpers.exercises.outcomes import NotYet
from helpers.penguins.data import ISLANDS, MEASUREMENTS, SEXES, penguins

NAN = np.float32(np.nan)
SERVER = ALL[:2]  # the readers of a server; functions such as tf.strings.upper do not run in LiteRT
ENOUGH = 0.93  # share of the 66 held-out rows without gaps; the lesson's model names 65
MODEL = "model with the seven numbers of the row"


@exercise(
    "q1",
    "mistake estimate",
    hints=[
        "What could differ in an app: the unit of a column, the language or the spelling of words, "
        "the order of columns, a default in place of a missing value?",
        "The function returns a copy: rows | {'sex': np.char.upper(rows['sex'])}, for example, has "
        "other words in one column. A word that the model does not know is 0 in all columns.",
        "A measurement that is far away from the training decides alone: then about as many are "
        "right as have the species that the model names for all. Call "
        "skew.share_right(mistake), and compare.",
    ],
    needs="skew",
)
def estimate_a_mistake(mistake, estimate, skew):
    """Write a mistake of your own, estimate what it costs, and measure it"""
    said = q1_mistakes.estimated(estimate)
    rows = q1_mistakes.rows_of(mistake)
    try:
        share, without = skew.share_right(lambda _: rows), skew.share_right()
    except Exception:
        raise changed("skew", "should be SkewTest(), but cannot measure rows") from None
    q1_mistakes.require_estimate(said, share, without)
    return (
        f"with this mistake {share:.0%} of the species are right, in place of {without:.0%}, and "
        f"you estimated {said:.0%}. No program reports an error. The check refuses a similar wrong "
        f"answer, too: {q1_mistakes.wrong_estimate(share):.0%} as the estimate."
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
        "lookup of the page is right for the island: use lookup(island)[:, 1:]. Make a second "
        "layer like it for the sex, without num_oov_indices=0. Call your function once before the "
        "export, and track all layers that it uses.",
        "Begin with prepare and classify of the page, and change three lines: tf.where after the "
        "normalization, and the two lookups.",
    ],
    needs="model known",
)
def accept_every_row(export_dir_2, model, known):
    """Export a signature for raw rows, missing values and unknown words included"""
    found, rows = export_at(export_dir_2, "export_dir_2"), without_gaps()
    require_raw(found, KEY)
    require_good(found, KEY, rows, ENOUGH, "that have no gaps")
    answer = of_the_notebook(model, known)
    require_rows(found, KEY, many_rows(gaps=False), answer, MODEL, "without gaps")
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
    many = many_rows(gaps=True)
    require_rows(found, KEY, many, answer, MODEL, "which may have gaps and unknown words")
    return (
        "600 rows get the answers of your model in every reader, half of them with missing values "
        "and unknown words. Callers prepare nothing. "
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
        "is missing or empty gives an error."
    )


GOOD = 0.98  # share of all 344 penguins; the model names 343, and 334 without the islands


@exercise(
    "q4",
    "left_out repaired_dir",
    hints=[
        "A step that is inside the export changes nothing, or makes the answers worse, when you do "
        "it by hand as well. The missing step makes the answers better.",
        "For each step: readers.run(found_dir, 'classify', step(rows))['species'].astype(str); "
        "count how many equal rows['species'].",
        "An endpoint of a new archive may change the columns and then call found.classify(...). "
        "Track found, because it holds lookup tables. For words, the step is tf.strings.upper, "
        "which LiteRT does not have: python and session are enough. Words may mix small and "
        "capital letters, as in dREAM.",
    ],
    needs="rows",
    given=q4_left_out.with_a_step_left_outside,
)
def put_the_step_inside(left_out, repaired_dir, rows):
    """Diagnose which step of the preparation the export does not do, and put it inside"""
    said = answer_types.text(left_out, "left_out", q4_left_out.STEPS)
    original, table = put_the_step_inside.original()[0], penguins()
    alone = q4_left_out.named(original, table)
    stepped = {
        name: q4_left_out.named(original, step(table)) for name, step in q4_left_out.STEPS.items()
    }
    missing = max(stepped, key=stepped.__getitem__)
    if said != missing:
        raise NotYet(
            f"left_out should be the missing step, but with {said!r} done by hand as well, "
            f"found_dir does not name more species: {stepped[said]} of 344 penguins. Without it, "
            f"found_dir names the species of {alone} of 344 penguins."
        )
    repaired = export_at(repaired_dir, "repaired_dir")
    _require_rows(rows)
    try:
        require_raw(repaired, KEY)
        require_good(repaired, KEY, table, GOOD, "as they are in the file", SERVER)
        for change, words in ((np.char.upper, "in capitals"), (np.char.lower, "in small letters")):
            other = table | {name: change(table[name]) for name in ("island", "sex")}
            require_good(repaired, KEY, other, GOOD, f"with their words {words}", SERVER)
        answer = q4_left_out.require_hers(repaired, original, missing, SERVER)
    except NotYet as error:
        raise NotYet(f"repaired_dir: {error}") from None
    nearest = nearest_answers.to_q4(answer, missing)
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


@exercise(
    "q5",
    "export_dir_5",
    hints=[
        "Read the code line by line. Which line changes a photo at random? Which function is "
        "Python? What is left are three steps: decode, resize, scale.",
        "Write these steps as a function of one photo, and the scale with TensorFlow operations. "
        "tf.map_fn with your function prepares all photos, as in light.",
        "The endpoint takes photos and returns named(photo_model(images, training=False), names). "
        "Track photo_model. The specs are [texts].",
    ],
    given=q5_photos.with_a_photo_model,
    fresh=q5_photos.hand_out,
)
def export_for_photos(export_dir_5):
    """Export a model of encoded photos, without the steps that only training needs"""
    found, made = export_at(export_dir_5, "export_dir_5"), export_for_photos.original()
    photo_checks.require_species(found, made)
    return (
        f"two readers give the answers of photo_model for {len(made.photos)} PNG and JPEG photos "
        "of different sizes, and the same answers each time. Callers send files as they are. "
        f"{photo_checks.nearest(made)}"
    )
