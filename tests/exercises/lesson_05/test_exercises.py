"""Lesson 05: right answers, named mistakes, near misses, untouched, variants."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.exercises.export_checks import SAME_ANSWER
from helpers.exercises.lesson_05 import q5_photos
from helpers.exercises.lesson_05.exercises import GAPS
from helpers.exercises.lesson_05.photo_preparation import PREPARATIONS
from helpers.exercises.lesson_05.q3_vocabulary import OUTCOMES
from helpers.exercises.lesson_05.q4_left_out import STEPS, named, trained_model, training_rows
from helpers.exercises.lesson_05.q5_photos import with_a_photo_model
from helpers.exercises.lesson_05.raw_row_checks import without_gaps
from helpers.exercises.outcomes import NOT_YET, PASSED
from helpers.models import COLUMNS
from helpers.penguins.data import RAW, SPECIES, penguins
from tests.exercises.lesson_05 import answers, photo_answers, row_answers, step_answers
from tests.exercises.lesson_05.q1_proofs import Q1, centimetres, measured, skew
from tests.exercises.lesson_05.q5_proofs import Q5
from tests.exercises.lesson_05.row_proofs import Q2, just
from tests.exercises.lesson_05.step_answers import repaired, upper
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings, prove

PREDICTION = {
    "filed: islands.txt, which you wrote, is deleted": "same",
    "filed: the lines of its asset are reversed": "other",
    "filed: a fourth line is added at the end of its asset": "same",
    "filed: its asset is emptied": "error",
    "listed: its folder assets is deleted": "same",
    "listed: the list in the notebook is reversed": "same",
}
DELETED, REVERSED, LONGER, EMPTIED, NO_FOLDER, LIST = PREDICTION
ALONE = "Torgersen was [0, 0, 1] and is [0, 0, 1]."


def said(key, outcome, words):
    """A wrong prediction of one change, and the reason that the learner must read."""
    return Mistake(
        just({**PREDICTION, key: outcome}),
        f"{key}: you say {outcome!r}, but it is {PREDICTION[key]!r}. {words}",
    )


Q3 = Proofs(
    right={"as it happens": just(PREDICTION), **other_mappings(PREDICTION)},
    wrong={
        "the export reads your file": said(
            DELETED, "error", f"The reader gave no error: {ALONE} The export has a copy"
        ),
        "the words are lost": said(DELETED, "other", f"{ALONE} The export has a copy"),
        "the asset is only a copy": said(
            REVERSED, "same", "Torgersen was [0, 0, 1] and is [1, 0, 0]. The line of a word"
        ),
        "a changed asset is noticed": said(
            REVERSED, "error", "The reader gave no error: Torgersen was [0, 0, 1] and is [1, 0, 0]."
        ),
        "a longer asset is noticed": said(LONGER, "error", f"The reader gave no error: {ALONE}"),
        "a new line moves the others": said(LONGER, "other", f"{ALONE} The words before"),
        "no words, no columns": said(
            EMPTIED, "other", "Torgersen was [0, 0, 1], and now the reader says: "
        ),
        "the words are in the graph": said(
            EMPTIED, "same", "Torgersen was [0, 0, 1], and now the reader says: "
        ),
        "an empty folder is needed": said(NO_FOLDER, "error", "The reader gave no error: "),
        "the folder has the words": said(NO_FOLDER, "other", f"{ALONE} The words are in"),
        "the graph reads the list": said(LIST, "other", f"{ALONE} The layer copied the words"),
        "the list is lost": said(LIST, "error", f"The reader gave no error: {ALONE} The layer"),
        "another word": Mistake(just({**PREDICTION, EMPTIED: "fails"}), "is not one of 'same',"),
        "a list": Mistake(just(list(PREDICTION.values())), "should be a dict"),
    },
    near={
        name: answer
        for name, answer in one_wrong(PREDICTION, OUTCOMES).items()
        if not name.endswith(tuple(map(repr, OUTCOMES)))
    },
    untouched=(dict.fromkeys(PREDICTION, ...),),
)

HERS = "should answer as found_dir, after the missing step by hand, does"
Q4 = Proofs(
    right={
        "upper": repaired(upper),
        "a tf.Module": step_answers.saved_as_module,
        "another way to her model": step_answers.another_model,
        "gaps filled again": repaired(step_answers.both(step_answers.by_the_mean, upper)),
        "lower, then upper": repaired(step_answers.both(step_answers.lower, upper)),
        "kilograms": repaired(step_answers.in_kilograms, "kilograms", 1),
        "gaps": repaired(step_answers.by_the_mean, "gaps", 2),
        "gaps by the mean of the training": repaired(
            step_answers.by_the_mean_of_training, "gaps", 2
        ),
    },
    wrong={
        "blames the gaps": Mistake(
            repaired(upper, "gaps"),
            "but with 'gaps' done by hand as well, found_dir does not name more species: 318 of "
            "344 penguins. Without it, found_dir names the species of 318 of 344",
        ),
        "blames the kilograms": Mistake(
            repaired(upper, "kilograms"), "found_dir does not name more species: 173 of 344"
        ),
        "blames the mean": Mistake(
            repaired(upper, "mean"), "'mean' is not one of 'gaps', 'kilograms', 'capitals'"
        ),
        "a function": Mistake(repaired(upper, str.upper), "is not one of 'gaps'"),
        "the export as it was": Mistake(
            step_answers.as_it_was,
            "(tf.saved_model.load) should name the species of at least 338 of 344 penguins as they "
            "are in the file, but names 318.",
        ),
        "the sexes only": Mistake(
            repaired(lambda bill, mass, island, sex: (bill, mass, island, tf.strings.upper(sex))),
            "penguins as they are in the file",
        ),
        "the islands of the file only": Mistake(
            repaired(step_answers.only_the_file), "penguins with their words in"
        ),
        "kilograms once more": Mistake(
            repaired(step_answers.both(step_answers.in_kilograms, upper)),
            "penguins as they are in the file",
        ),
        "gaps become 0": Mistake(repaired(step_answers.both(step_answers.by_zero, upper)), HERS),
        "species by position": Mistake(repaired(upper, after=step_answers.by_position), HERS),
        "three spellings": Mistake(
            repaired(step_answers.by_table(lambda w: (w, w.lower(), w.upper()))), HERS
        ),
        "another training": Mistake(step_answers.other_weights, HERS),
        "a function of Python": Mistake(
            repaired(step_answers.in_python), "Write that step with TensorFlow operations"
        ),
        "her export written over": Mistake(
            step_answers.over_found_dir, "its files should stay as they are"
        ),
        "rows left out": Mistake(
            lambda folder: (
                step_answers.as_it_was(folder)[0],
                answers.archive(folder, answers.rows_with_gaps_left_out),
            ),
            "one species for each of 344 rows, but gives a species of shape (342,)",
        ),
        "no such directory": Mistake(
            lambda folder: (step_answers.as_it_was(folder)[0], folder / "none"),
            "repaired_dir: there is nothing at 'none'",
        ),
    },
    near={
        "344 rows only": repaired(upper, columns=row_answers.of_batch(344)),
        "small letters": repaired(step_answers.lower),
        "a little surer": repaired(upper, after=step_answers.surer),
        "unsure": repaired(upper, after=step_answers.unsure),
        "the mean of the batch": repaired(
            step_answers.both(step_answers.by_the_mean_of_the_batch, upper)
        ),
        "an unknown word is the first": repaired(
            step_answers.by_table(lambda w: (w, w.lower(), w.upper()), unknown="BISCOE")
        ),
        "the bill 1 % longer": repaired(step_answers.columns_moved),
        "her export deleted": step_answers.without_found_dir,
        "gaps: the mean of the batch": repaired(step_answers.by_the_mean_of_the_batch, "gaps", 2),
        "gaps: 0": repaired(step_answers.by_zero, "gaps", 2),
        "kilograms: not inside": lambda folder: step_answers.as_it_was(folder, "kilograms", 1),
    },
    untouched=(..., ...),
)


@pytest.fixture(autouse=True, scope="module")
def tiny_network():
    """Answer photos with a small network: MobileNet needs seconds for each export."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(q5_photos, "network", photo_answers.tiny_network)
        yield


@pytest.mark.parametrize(("name", "value", "enough", "words"), GAPS)
def test_gaps_leave_room_on_both_sides(name, value, enough, words):
    """The model passes with three penguins to spare, so a new training of it passes as well."""
    rows = without_gaps()
    rows = rows | {name: [value] * len(rows[name])}
    columns = [tf.constant(rows[spec.name], spec.dtype) for spec in COLUMNS]
    right = answers.compared(*columns)["species"].numpy().astype(str) == rows["species"]
    assert right.sum() >= enough * len(right) + 3


def notebook():
    table = {"known": training_rows(), "rows": penguins()}
    return {"model": trained_model(), "skew": skew(), **table}


@pytest.mark.parametrize(("seed", "missing"), [(1, "kilograms"), (2, "gaps"), (3, "capitals")])
def test_another_seed_leaves_another_step_out(lesson, tmp_path, seed, missing):
    """The table proves the right answers of the seeds."""
    (found_dir, _), rows = lesson.q4.given(seed), penguins()
    counts = {name: named(found_dir, step(rows)) for name, step in STEPS.items()}
    assert counts.pop(missing) == 343 > max(named(found_dir, rows), *counts.values())
    for said in ("capitals", "kilograms", "gaps"):
        answer = step_answers.as_it_was(tmp_path, said, seed)
        result = lesson.q4.grade(*answer, notebook=notebook())
        assert result.outcome == NOT_YET
        assert ("left_out should be" in result.message) == (said != missing), result


def test_another_seed_moves_the_word(lesson, monkeypatch):
    monkeypatch.setattr(lesson.q3, "_seed", None)  # the next tests expect the words of the page
    folder = lesson.q3.given(1)
    assert (folder / "islands.txt").read_text().split()[1] == "Torgersen"
    assert lesson.q3.grade({**PREDICTION, REVERSED: "same"}).outcome == PASSED
    result = lesson.q3.grade(PREDICTION)
    assert result.outcome == NOT_YET and "was [0, 1, 0] and is [0, 1, 0]" in result.message


def test_the_given_exports_show_the_columns(lesson):
    folder = lesson.q3.given()
    for name in ("listed", "filed"):
        columns = readers.run(folder / name, "columns", {"island": ["Torgersen", "Paulet"]})
        assert columns["columns"].tolist() == [[0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows["island"].sort(), "is changed in the columns island."),
        (lambda rows: rows.pop("sex"), "should hold the columns of the file, but does not"),
        (
            lambda rows: rows.update(sex=np.char.upper(rows["sex"])),
            "is changed in the columns sex. A step should work on a copy",
        ),
    ],
)
def test_changed_rows_are_named(lesson, tmp_path, change, words):
    names = notebook()
    change(names["rows"])
    result = lesson.q4.grade(*step_answers.repaired(upper)(tmp_path), notebook=names)
    assert result.outcome == NOT_YET and words in result.message, result


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        ("q1", measured(centimetres), "56% as the estimate"),
        ("q2", Q2.right["the course's class"], "an unknown sex as female"),
        ("q4", Q4.right["upper"], "0 in place of a missing measurement"),
        ("q5", Q5.right["the steps of the page"], "It gives a different probability to"),
    ],
)
def test_a_pass_names_the_nearest_wrong_answer(lesson, tmp_path, key, answer, words):
    result = lesson.exercises[key].grade(*answer(tmp_path), notebook=notebook())
    assert result.outcome == PASSED
    assert "The check refuses" in result.message and words in result.message


def test_the_given_steps_return_the_raw_columns(lesson):
    _, steps = lesson.q4.given()
    for step in steps.values():
        assert list(step(penguins())) == list(RAW)


def test_a_skew_that_is_something_else_is_named(lesson):
    answer = centimetres, 0.4
    result = lesson.q1.grade(*answer, notebook=notebook() | {"skew": skew().share_right})
    assert result.outcome == NOT_YET and "skew should be SkewTest()" in result.message


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_no_near_answer_to_the_photos_is_right(seed):
    made = with_a_photo_model(None, seed)
    assert set(made.answers.species) == set(SPECIES) == set(made.names)
    assert made.names != SPECIES
    for words, wrong in made.wrong.items():
        apart = abs(wrong.probability - made.answers.probability) > SAME_ANSWER
        assert apart.sum() >= len(made.photos) // 2, words


def test_the_code_of_the_training_prepares_as_the_golden_answers_do():
    """Without its random step."""
    photo = with_a_photo_model(None).photos[0]
    for preparation in PREPARATIONS:
        lines = [line for line in preparation.code.splitlines() if "tf.image.random" not in line]
        assert len(lines) == len(preparation.code.splitlines()) - 1
        names = {"tf": tf}
        exec("\n".join(lines), names)
        pixels = names["prepare_photo"](photo).numpy()
        assert np.allclose(pixels, preparation.prepare(photo), atol=1e-5)


TABLE = {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}
globals().update(prove("05_preprocessing_and_assets", TABLE, notebook))
