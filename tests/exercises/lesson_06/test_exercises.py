"""Lesson 06: right answers, named mistakes, untouched."""

import os
import re

import nbformat
import pytest
import tensorflow as tf

from helpers import readers
from helpers.clinic import CASES
from helpers.errors.find import find
from helpers.exercises.lesson_06 import broken_exports as made
from helpers.exercises.lesson_06 import variants
from helpers.exercises.lesson_06.exercises import (
    repair_for_the_phone,
    repair_the_names,
    repair_the_number_of_rows,
    repair_the_path,
    repair_the_threshold,
    repair_the_weights,
)
from helpers.paths import ROOT
from helpers.readers.rescue import rescue
from tests.exercises.lesson_06 import answers
from tests.exercises.lesson_06.answers import KEY, spec
from tests.exercises.proofs import Mistake, Proofs, prove


def repaired(diagnosis, cure, /, *arguments, **options):
    """The answer of a diagnosis and an export that is made when it is asked for."""
    return lambda folder: (diagnosis, cure(folder, *arguments, **options))


def as_it_was(diagnosis, exercise):
    return lambda _: (diagnosis, exercise.given())


def just(*answer):
    return lambda _: answer


NAME = "06_error_clinic"
NAMES, PATH, FROZEN = "signature-by-name", "path-in-graph", "frozen-batch"
GARBAGE, CUT, STATE = "litert-garbage", "cut-from-weights", "python-state"

Q1 = Proofs(
    right={
        "an ExportArchive around the signature": repaired(NAMES, answers.renamed),
        "a tf.Module around it": repaired(NAMES, answers.renamed_by_a_module),
        "a new model with named inputs": repaired(NAMES, answers.functional),
        "a path as text": lambda folder: (NAMES, str(answers.renamed(folder))),
    },
    wrong={
        "another diagnosis": Mistake(
            just("shape-refused", "none"),
            "'shape-refused' is \"The export refuses a shape\". Here the export gives right",
        ),
        "no diagnosis": Mistake(
            just("wrong names", "none"),
            "should be the name of a case of the clinic, as a text, but is 'wrong names'",
        ),
        "a case's title": Mistake(
            just("The export refuses a shape", "none"),
            "should be the name of a case of the clinic",
        ),
        "as it was": Mistake(
            as_it_was(NAMES, repair_the_names),
            "serving_default should have an input named 'area', but takes a, b",
        ),
        "swapped": Mistake(
            repaired(NAMES, answers.swapped),
            "should answer 280 for area=100.0, rooms=3.0, but answers 1.06e+03",
        ),
        "no name for the price": Mistake(
            repaired(NAMES, answers.renamed, output="output_0"),
            "should have an output named 'price', but its outputs are: output_0",
        ),
        "other names": Mistake(
            repaired(NAMES, answers.renamed, names=("area", "room")), "an input named 'rooms'"
        ),
        "one house at a time": Mistake(
            repaired(NAMES, answers.renamed, rows=1), "takes area of shape (1, 1)"
        ),
        "one input more": Mistake(
            repaired(NAMES, answers.one_input_more),
            "should take only what clients send, but takes garden as well",
        ),
        "no such directory": Mistake(
            lambda folder: (NAMES, folder / "none"), "repaired_dir_1: directory: there is nothing"
        ),
        "the loaded export": Mistake(
            lambda _: (NAMES, tf.saved_model.load(repair_the_names.given())),
            "the path of an export directory",
        ),
    },
    untouched=(..., ...),
)

Q2 = Proofs(
    right={
        "a lookup table": repaired(PATH, answers.looked_up),
        "a StringLookup with the words": repaired(PATH, answers.by_a_layer),
        "a StringLookup with the file": lambda folder: (
            PATH,
            answers.by_a_layer(folder, vocabulary=answers.given_words()),
        ),
        "an asset": repaired(PATH, answers.of_an_asset),
    },
    wrong={
        "an asset blamed": Mistake(
            just("missing-asset", "none"), "the copy on the server is complete"
        ),
        "a py_function blamed": Mistake(
            just("py-function", "none"), "a clean process on this machine answers"
        ),
        "as it was": Mistake(
            as_it_was(PATH, repair_the_path), "but holds the path of colours.txt, a file of this"
        ),
        "saved again": Mistake(
            repaired(PATH, answers.saved_again, exercise=repair_the_path), "the path of colours.txt"
        ),
        "a copy of the file in the export": Mistake(
            repaired(PATH, answers.of_a_copy_inside), "the path of colours.txt"
        ),
        "a path that leads nowhere": Mistake(
            repaired(PATH, answers.of_a_file, "colours.txt"),
            "reads a file (ReadFile), and the export has no assets",
        ),
        "a relative path of her file": Mistake(
            lambda folder: (
                PATH,
                answers.of_a_file(folder, os.path.relpath(answers.given_words())),
            ),
            "the path of colours.txt, a file of this",
        ),
        "a relative path of a copy": Mistake(
            repaired(PATH, answers.of_a_copy_beside), "the path of colours.txt, a file of this"
        ),
        "a colour forgotten": Mistake(
            repaired(PATH, answers.looked_up, words=["red", "green"]),
            "should answer 7 for colour=blue, but answers 0",
        ),
        "no place for unknown colours": Mistake(
            repaired(PATH, answers.looked_up, prices=(3.0, 3.0, 5.0, 7.0)),
            "should answer 0 for colour=pink, but answers 3",
        ),
        "prices one off": Mistake(
            repaired(PATH, answers.looked_up, prices=(0.0, 0.0, 3.0, 5.0)),
            "should answer 5 for colour=green, but answers 3",
        ),
    },
    untouched=(..., ...),
)

Q3 = Proofs(
    right={
        "rescued": repaired(GARBAGE, answers.rescued),
        "the other case of the same save": repaired("only-python-can-read", answers.saved_again),
        "an ExportArchive around the signature": repaired(GARBAGE, answers.wrapped),
        "a tf.Module around it": repaired(GARBAGE, answers.held_by_a_module),
        "a new model with the weights": repaired(GARBAGE, answers.rebuilt),
        "a module with the weights": repaired(
            GARBAGE, answers.of_variables, exercise=repair_for_the_phone
        ),
    },
    wrong={
        "the converter's limits blamed": Mistake(
            just("litert-no-such-operation", "none"),
            "Python gives right numbers, LiteRT gives different numbers without an error",
        ),
        "as it was": Mistake(
            as_it_was(GARBAGE, repair_for_the_phone), "fails in the session loader"
        ),
        "the same save again": Mistake(
            repaired(GARBAGE, answers.saved_the_old_way),
            "use rescue, which saves again what Python loads",
        ),
        "new weights": Mistake(
            repaired(GARBAGE, answers.rebuilt, change=lambda kernel, bias: (0 * kernel, bias)),
            "serving_default in Python (tf.saved_model.load) should answer 6 for the row "
            "[3, 0.5], but answers 0.5",
        ),
        "one row": Mistake(
            repaired(GARBAGE, answers.wrapped, spec=spec("rows", 2, rows=1)),
            "takes rows of shape (1, 2)",
        ),
        "the report in place of the directory": Mistake(
            lambda folder: (GARBAGE, rescue(repair_for_the_phone.given(), folder / "repaired")),
            "but is the report that rescue returns. Give the directory that rescue wrote",
        ),
        "no directory": Mistake(just(GARBAGE, None), "not None"),
    },
    untouched=(..., ...),
)

Q4 = Proofs(
    right={
        "a new model with the weights": repaired(CUT, answers.rebuilt, exercise=repair_the_weights),
        "the class with a build": repaired(CUT, answers.of_the_class),
        "a module with the weights": repaired(CUT, answers.of_variables),
    },
    wrong={
        "the old recipe blamed": Mistake(
            just("only-python-can-read", "none"),
            "the answers stay the same when every variable of the loaded export is set to zero",
        ),
        "a Python number blamed": Mistake(just(STATE, "none"), "the answers stay the same"),
        "as it was": Mistake(
            as_it_was(CUT, repair_the_weights), "should answer -3.88 for the row [-2, 0.25], but"
        ),
        "saved again": Mistake(
            repaired(CUT, answers.saved_again, exercise=repair_the_weights),
            "should answer -3.88 for the row [-2, 0.25], but",
        ),
        "wrapped": Mistake(
            repaired(CUT, answers.wrapped, exercise=repair_the_weights),
            "should answer -3.88 for the row [-2, 0.25], but",
        ),
        "the class once more": Mistake(
            repaired(CUT, answers.of_the_class, make=answers.Line),
            "in Python (tf.saved_model.load)",
        ),
        "no bias": Mistake(
            repaired(
                CUT,
                answers.rebuilt,
                exercise=repair_the_weights,
                change=lambda kernel, bias: (kernel, 0 * bias),
            ),
            "should answer 1 for the row [1, 1], but answers 2",
        ),
        "the old recipe": Mistake(
            repaired(CUT, answers.saved_the_old_way, exercise=repair_the_weights),
            "fails in the session loader",
        ),
        "one row": Mistake(
            repaired(CUT, answers.of_variables, spec=spec("rows", 2, rows=1)),
            "takes rows of shape (1, 2)",
        ),
    },
    untouched=(..., ...),
)

Q5 = Proofs(
    right={
        "a module": repaired(FROZEN, answers.averaged),
        "an ExportArchive": repaired(FROZEN, answers.averaged_by_an_archive),
        "a Keras model": repaired(FROZEN, answers.averaged_by_keras),
    },
    wrong={
        "the weights blamed": Mistake(
            just(CUT, "none"), "the export answers requests of four articles rightly"
        ),
        "a refused shape": Mistake(
            just("shape-refused", "none"), "divides the sum of a shorter request by four as well"
        ),
        "as it was": Mistake(
            as_it_was(FROZEN, repair_the_number_of_rows), "takes rows of shape (4, 2)"
        ),
        "saved again": Mistake(
            repaired(FROZEN, answers.saved_again, exercise=repair_the_number_of_rows),
            "takes rows of shape (4, 2)",
        ),
        "opened, the number still inside": Mistake(
            repaired(FROZEN, answers.opened_only), "should answer"
        ),
        "two rows": Mistake(
            repaired(FROZEN, answers.averaged, spec=spec("rows", 2, rows=2)),
            "takes rows of shape (2, 2)",
        ),
        "the scores themselves": Mistake(
            repaired(
                FROZEN,
                answers.averaged,
                lambda rows, kernel, bias: {"above": rows @ kernel + bias},
            ),
            "should answer 2.35 for the row [1, 1], but answers 6. The request was the list "
            "[[1.0, 1.0], [0.5, ",
        ),
        "another name for the rows": Mistake(
            repaired(FROZEN, answers.averaged_by_an_archive, spec=spec("x", 2)),
            "serving_default should have an input named 'rows', but takes x",
        ),
        "no name": Mistake(
            repaired(
                FROZEN, answers.averaged, lambda *arguments: answers.above(*arguments)["above"]
            ),
            "should have an output named 'above'",
        ),
    },
    untouched=(..., ...),
)

PREDICTION = {
    "the signature": 1,
    "the restored function": 0,
    "the restored function, after labels.threshold = 0.5": 0,
}


def labelled(cure, /, *arguments, diagnosis=STATE, prediction=PREDICTION, **options):
    return lambda folder: (diagnosis, prediction, cure(folder, *arguments, **options))


def said(key, label):
    return Mistake(
        labelled(answers.labelled, prediction={**PREDICTION, key: label}), f"{key}: you say {label}"
    )


Q6 = Proofs(
    right={
        "an ExportArchive around the signature": labelled(answers.labelled),
        "a tf.Module around it": labelled(answers.labelled, make=answers.module),
        "a threshold that is a variable": labelled(answers.with_a_variable),
        "the restored function as the signature": labelled(answers.of_the_restored_function),
        "predicted in another order": labelled(
            answers.labelled, prediction=dict(reversed(PREDICTION.items()))
        ),
    },
    wrong={
        "the weights blamed": Mistake(
            labelled(answers.labelled, diagnosis=CUT), "the scores are right in every reader"
        ),
        "the signature predicted": said("the signature", 0),
        "the function predicted": said("the restored function", 1),
        "an attribute that counts": said("the restored function, after labels.threshold = 0.5", 1),
        "one call forgotten": Mistake(
            labelled(answers.labelled, prediction={"the signature": 1}),
            "should be a dict with the keys",
        ),
        "as it was": Mistake(
            lambda _: (STATE, PREDICTION, repair_the_threshold.given()),
            "should answer 0 for the row [1, 1], but answers 1",
        ),
        "the attribute set": Mistake(
            labelled(answers.attribute_set), "should answer 0 for the row [1, 1], but answers 1"
        ),
        "another threshold": Mistake(
            labelled(answers.labelled, threshold=1.5), "should answer 1 for the row [3, 0.5], but"
        ),
        "the wrong way round": Mistake(
            labelled(answers.labelled, judge=lambda score, limit: score < limit), "should answer"
        ),
        "no score": Mistake(
            labelled(answers.label_only),
            "should have an output named 'score', but its outputs are: label",
        ),
    },
    near={
        "0.7": labelled(answers.with_a_variable, limit=0.7),
        "0.79": labelled(answers.with_a_variable, limit=0.795),
        "0.81": labelled(answers.with_a_variable, limit=0.805),
        "1.2": labelled(answers.with_a_variable, limit=1.2),
        "at least": labelled(answers.labelled, judge=lambda score, limit: score >= limit),
        "a float label": labelled(answers.with_a_variable, dtype=tf.float32),
        "a bool label": labelled(answers.with_a_variable, dtype=tf.bool),
    },
    untouched=(..., dict.fromkeys(PREDICTION, ...), ...),
)


BROKEN = {  # the reader that does not give the right answer, or None for an error in it
    "nonsense on the phone": (
        repair_for_the_phone,
        "inputs",
        "litert",
        variants.phone().score,
    ),
    "restored weights": (repair_the_weights, "rows", "python", variants.restored().score),
    "two articles": (repair_the_number_of_rows, "rows", "python", variants.average().above),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_export_is_silently_wrong(name, lesson):
    exercise, key, reader, right = BROKEN[name]
    rows = variants.ROWS[:2]
    (got,) = readers.run(exercise.given(), KEY, {key: rows}, reader).values()
    assert got.shape == (2, 1)
    assert abs(got - right(rows)).max() > 0.1


def test_prices_of_colours_need_the_file(lesson, tmp_path):
    """As on the server: the export is whole, and the file is not there."""
    directory = made.with_a_path(tmp_path / "made")
    request = KEY, {"colour": [["red"]]}
    assert readers.run(directory, *request)["price"].item() == 3
    (directory.parent / "colours.txt").unlink()
    moved = directory.rename(tmp_path / "moved")  # the reader remembers what it has read
    with pytest.raises(readers.ReaderError, match="No such file or directory"):
        readers.run(moved, *request)


def test_the_lesson_says_what_the_clinic_says():
    """The lesson's cases and threads are the clinic's, and all silent cases are among them.

    For each error that the lesson shows, the clinic finds one of the lesson's cases.
    """
    cells = nbformat.read(ROOT / "solutions" / f"{NAME}.ipynb", as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    taught = set()
    for point in re.findall(r"^- (`[\s\S]*?)\n(?=\S|\n|$)", prose, re.M):
        keys = re.findall(r"`(.+?)`", point.split(":")[0])
        threads = re.findall(r"github\.com/([^)]+)/issues/(\d+)\)", point)
        known = [thread for key in keys for thread in CASES[key].reported]
        assert {f"{repository}#{number}" for repository, number in threads} <= set(known), point
        assert bool(threads) != ("No thread known" in point), point
        taught.update(keys)
    assert len(taught) >= 15
    assert {key for key, case in CASES.items() if case.group == "silent"} <= taught
    shown = "\n".join(o.get("text", "") for cell in cells for o in cell.get("outputs", ()))
    errors = re.findall(r"^\w+Error: .*(?:\n    .*)*", shown, re.M)
    assert len(errors) >= 15
    for error in errors:
        found = find(error).case
        assert found and found.key in taught, error


globals().update(prove(NAME, {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5, "q6": Q6}))
