"""Lesson 04: right answers, named mistakes, near misses, untouched, and variants."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.exercises.lesson_04 import exercises
from helpers.exercises.lesson_04.sizes import QUESTIONS, layers_of
from helpers.exercises.lesson_04.untrusted_exports import FOUR_TYPES
from helpers.exercises.lesson_04.week import DAYS, KINDS, days_of, why_not
from helpers.exercises.outcomes import NOT_YET, PASSED, RAISED
from helpers.inspection.explore import explore
from helpers.inspection.gate import gate
from tests.exercises.lesson_04 import answers
from tests.exercises.lesson_04.answers import estimate, just, middle, week, weight
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings, prove

SEEDS = (1, 2, 3)

Q1 = Proofs(
    right={
        "the second copy": answers.the_other_copy,
        "from the loaded model": answers.of_the_loaded_model,
        "a list": middle(np.ndarray.tolist),
        "a tuple of float32": middle(tuple),
        "rounded float64": middle(lambda bias: bias.astype(np.float64).round(5)),
        "a tensor": middle(tf.constant),
        "a matrix's row": middle(lambda bias: np.stack([bias, bias])[0]),
    },
    wrong={
        "of the left": Mistake(weight("left/bias"), "but holds the numbers of left/bias"),
        "of the right": Mistake(weight("right/bias"), "but holds the numbers of right/bias"),
        "the kernel": Mistake(weight("middle/kernel"), "but holds the numbers of middle/kernel"),
        "the key": Mistake(
            lambda _: (answers.biases()[0].key,), "should be the four numbers themselves"
        ),
        "the directory": Mistake(
            lambda folder: (folder,), "bias should be the four numbers themselves"
        ),
        "the entry": Mistake(
            lambda _: (answers.biases()[0],), "bias should be an array of numbers, but is"
        ),
        "one number": Mistake(
            just(-2.0), "bias should have shape (4,), for a layer of 4 units, but has shape ()"
        ),
        "as a column": Mistake(middle(lambda bias: bias[:, None]), "but has shape (4, 1)"),
        "other numbers": Mistake(
            just([1, 2, 3, 4]),
            "No weight of the export that given() returned last has these numbers",
        ),
        "not numbers": Mistake(
            middle(lambda bias: bias > 0),
            "bias should be an array of numbers, but is an array of bool of shape (4,)",
        ),
        "the second of its shape": Mistake(
            answers.at(1, answers.biases), "bias should hold the numbers of middle/bias, but holds"
        ),
    },
    untouched=(...,),
    near={
        "the second by name": answers.at(1, answers.by_name),
        "the one in the middle by name": answers.at(3, answers.by_name),
        "the second layer": answers.at(1, answers.by_number),
        "the layer in the middle": answers.at(3, answers.by_number),
        "the first by key": answers.at(0, answers.biases),
        "the one in the middle by key": answers.at(3, answers.biases),
        "the second of the three": answers.after_a_kernel(1),
        "of another variant": answers.of_another_variant(1),
        "one number changed": middle(lambda bias: bias + np.float32([0, 0, 0, 0.001])),
        "rounded to two digits": middle(lambda bias: bias.round(2)),
        "sorted": middle(np.sort),
        "backwards": middle(lambda bias: bias[::-1]),
        "three of four": middle(lambda bias: bias[:3]),
        "as a row": middle(lambda bias: bias[None]),
        "texts": middle(lambda bias: [str(number) for number in bias]),
        "with names": middle(lambda bias: dict(enumerate(bias.tolist()))),
    },
)

Q2 = Proofs(
    right={
        **other_mappings(answers.ESTIMATE),
        "rounded": estimate(a=510_000, b=4, c=2),
        "numpy": estimate(a=np.int64(answers.WEIGHTS), b=np.float32(4.1)),
        "a tensor": estimate(a=tf.constant(answers.WEIGHTS), c=np.array(2.04)),
        "exact numbers": estimate(a=Fraction(511_010), b=Decimal("4.09"), c=Fraction(204, 100)),
        "a float for the count": estimate(a=5.1e5),
        "at the limit": estimate(a=487_000, b=4.28, c=1.95),
    },
    wrong={
        "the first layer only": Mistake(estimate(a=1000), "weights: 1,000 is too little"),
        "the second layer only": Mistake(
            estimate(a=10_010), "10,010 is too little, as if the first layer had no weights"
        ),
        "biases only": Mistake(estimate(a=1010), "these are the weights of the biases alone"),
        "kernels of outputs": Mistake(
            estimate(a=1000 * 1000 + 1000), "too much, look at each layer's inputs"
        ),
        "half a weight": Mistake(
            estimate(a=511_010.5), "weights should be a whole number, because it is a count"
        ),
        "stored once": Mistake(
            estimate(b=2.04), "model.export: 2.04 is too little, as if each weight were stored once"
        ),
        "stored twice": Mistake(estimate(c=4.09), "as if each weight were stored twice"),
        "8 bytes": Mistake(estimate(b=8.18), "as if each weight took 8 bytes"),
        "1 byte": Mistake(estimate(b=0.511), "as if each weight took 1 byte and were stored once"),
        "bytes": Mistake(estimate(b=4_088_080), "in bytes, but the question asks for megabytes"),
        "kilobytes": Mistake(estimate(c=2044), "in kilobytes, but the question asks for megabytes"),
        "half as much again": Mistake(estimate(b=6.13), "too much, 1.5 times the size of the file"),
        "a large graph": Mistake(
            estimate(d="megabytes"), "saved_model.pb: you say 'megabytes', but"
        ),
        "a number for the graph": Mistake(estimate(d=22), "22 is not one of 'kilobytes'"),
        "a text": Mistake(estimate(b="4 MB"), "should be a number, but is '4 MB'"),
        "two numbers": Mistake(estimate(b=tf.constant([4.09, 2.04])), "should be a number"),
        "not a number": Mistake(estimate(b=float("nan")), "should be a finite number, but is nan"),
        "a list": Mistake(just([1, 2, 3, 4]), "estimate should be a dict with the keys"),
        "dots as a text": Mistake(
            estimate(c="..."), "archive without track should be a number, but is '...'"
        ),
    },
    untouched=(dict.fromkeys(QUESTIONS, ...),),
    near={
        "6 % more weights": estimate(a=541_700),
        "6 % less data": estimate(b=3.84),
        "6 % more data": estimate(c=2.17),
        "True": estimate(c=True),
        "digits": estimate(a="511010"),
        "a complex number": estimate(b=4.09 + 0j),
        "infinite": estimate(a=float("inf")),
        "negative": estimate(c=-2.04),
        "in capitals": estimate(d="KILOBYTES"),
        "another blank": estimate(d="kilobytes "),
        "bytes for a text": estimate(d=b"kilobytes"),
        "nothing": estimate(b=None),
    },
)

Q3 = Proofs(
    right=other_mappings(DAYS),
    wrong={
        "by the bytes": Mistake(
            week(tuesday="retrained", wednesday="retrained"),
            "tuesday: you say 'retrained', but it is not. Its weights equal monday's, 0.5, 1, 2, 3",
        ),
        "by the fingerprint": Mistake(
            week(wednesday="exported again"),
            "One number in its graph differs from monday's: 2 in place of 0",
        ),
        "by the answers": Mistake(week(wednesday="retrained"), "Its weights equal monday's"),
        "all the same": Mistake(
            week(thursday="exported again"),
            "Its weights are 0.5, 1.25, 2.25, 3.25, and monday's are 0.5, 1, 2, 3",
        ),
        "nothing is a copy": Mistake(
            week(friday="exported again"), "None of the bytes in its 4 files differ from monday's"
        ),
        "tuesday a copy": Mistake(
            week(tuesday="copy"), "of its files differ from monday's, such as fingerprint.pb"
        ),
        "another word": Mistake(week(friday="same"), "'same' is not one of 'copy'"),
        "a day is missing": Mistake(just({"tuesday": "copy"}), "with the keys 'tuesday'"),
        "monday too": Mistake(week(monday="copy"), "has 'monday' as well"),
    },
    untouched=(dict.fromkeys(DAYS, ...),),
    near=one_wrong(DAYS, KINDS),
)

Q4 = Proofs(
    right={
        "the protocol buffer": just(answers.by_the_protocol_buffer),
        "an allowlist": just(answers.by_an_allowlist),
        "functions and main graph": just(answers.by_functions_and_main),
        "an object": just(answers.Gate(FOUR_TYPES)),
        "numpy's True": just(lambda directory: np.bool_(answers.own(directory))),
        "a tensor": just(lambda directory: tf.constant(answers.own(directory))),
    },
    wrong={
        "the course's gate": Mistake(
            just(answers.by_the_course), "but called gate for 'line'. Look at the operations"
        ),
        "the course's gate after all": Mistake(
            just(answers.by_the_course_after_all), "may_load should be a gate of your own"
        ),
        "a verdict": Mistake(just(gate), "but called gate for 'line'"),
        "without EagerPyFunc": Mistake(
            answers.without("EagerPyFunc"),
            "should return False for 'eager', which calls a function",
        ),
        "without PyFunc": Mistake(
            answers.without("PyFunc"), "should return False for 'python', which calls a function"
        ),
        "without ReadFile": Mistake(
            answers.without("ReadFile"), "should return False for 'reads', which reads a file"
        ),
        "without WriteFile": Mistake(
            answers.without("WriteFile"), "should return False for 'writes', which writes a file"
        ),
        "lets all in": Mistake(
            just(lambda _: True), "should return False for 'writes', which writes a file"
        ),
        "refuses all": Mistake(just(lambda _: False), "should return True for 'line'"),
        "no findings": Mistake(just(answers.without_findings), "should return False for 'cut'"),
        "the main graph only": Mistake(
            just(answers.main_graph_only), "should return False for 'writes'"
        ),
        "functions only": Mistake(
            just(answers.functions_only), "should return False for 'served', which writes a file"
        ),
        "what scan says": Mistake(just(answers.by_scan), "should return False for 'branch'"),
        "the text of the file": Mistake(just(answers.by_text), "should return True for 'names'"),
        "its own assets too": Mistake(
            answers.without_parts("ReadFile", "TextFile", "WriteFile", "PyFunc"),
            "should return True for 'vocabulary'",
        ),
        "loads it": Mistake(just(answers.loads_it), "should not run an export, but ran 'loading'"),
        "calls it": Mistake(just(answers.calls_it), "should not run an export, but ran 'writes'"),
        "cannot read the damaged": Mistake(just(answers.parses_everything), "DecodeError", RAISED),
        "counts its calls": Mistake(answers.by_counting, "the second time"),
        "deletes it": Mistake(just(answers.deletes), "your function should leave directory as"),
        "nothing": Mistake(just(lambda _: None), "should be True or False, but is None"),
        "no function": Mistake(just(True), "may_load should be a function, but is True"),
    },
    untouched=(lambda _: ...,),
    near={
        "every file is forbidden": answers.without_parts("File", "PyFunc"),
        "saving is forbidden": answers.without_parts("Save", "WriteFile"),
        "one function only": just(answers.one_function_only),
        "the name of a file": just(answers.by_the_name_of_a_file),
        "the name of the directory": just(answers.by_the_name_of_the_directory),
        "leaves a note": just(answers.leaves_a_note),
        "deletes the graph": just(answers.repairs),
        "the opposite": just(lambda directory: not answers.own(directory)),
        "a text": just(lambda directory: str(answers.own(directory))),
        "0 or 1": just(lambda directory: int(answers.own(directory))),
        "what is forbidden": just(lambda d: explore(d).operations.keys() & {*FOUR_TYPES}),
    },
)

globals().update(prove("04_inside_the_artifact", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}))


@pytest.fixture
def variant(lesson, monkeypatch):
    """Return a function that starts a variant of an exercise. In the end there is none."""

    def start(key, seed):
        exercise = lesson.exercises[key]
        monkeypatch.setattr(exercise, "_seed", seed)  # given() would make one more copy
        return exercise.original()

    return start


@pytest.mark.parametrize("seed", [None, *SEEDS])
def test_no_usual_place_is_the_asked_bias(variant, seed):
    found = explore(variant("q1", seed)).variables
    entries = [v for v in found if not v.key.startswith("_all_variables")]
    entries = [v for v in entries if v.shape == (4,)]
    orders = (
        entries,
        sorted(entries, key=lambda v: v.name),
        sorted(entries, key=lambda v: int(v.key.split("/")[1])),
    )
    for order in orders:
        place = [v.name for v in order].index("middle/bias")
        assert place not in (0, 1, len(order) // 2)


@pytest.mark.parametrize("seed", range(20))
def test_a_drawn_week_is_neither_that_of_the_page_nor_one_of_each_kind(seed):
    drawn = days_of(seed)
    assert len({*drawn.values()}) == 3
    assert not drawn.items() & DAYS.items()


def test_the_times_of_the_files_say_nothing():
    folder = exercises.diagnose_a_week.original()
    assert {file.stat().st_mtime for file in folder.rglob("*")} == {0}


def test_every_wrong_day_has_its_words():
    folder = exercises.diagnose_a_week.original()
    for day, kind in DAYS.items():
        for said in {*KINDS} - {kind}:
            words = why_not(folder, day, said)
            assert any(digit in words for digit in "0123456789"), words


@pytest.mark.parametrize("seed", SEEDS)
def test_a_variant_expects_its_own_bias(lesson, variant, tmp_path, seed):
    (of_the_page,) = answers.of_another_variant(None)(tmp_path)
    variant("q1", seed)
    result = lesson.q1.grade(*answers.the_other_copy(tmp_path))
    assert result.outcome == PASSED, result
    assert f"lesson.q1.given({seed + 1})" in result.message
    result = lesson.q1.grade(of_the_page)
    assert (result.outcome, "given() returned last" in result.message) == (NOT_YET, True)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_variant_expects_its_own_sizes(lesson, variant, seed):
    _, layers = variant("q2", seed)
    assert layers == layers_of(seed) == lesson.q2.given(seed)
    first = layers.columns * layers.first + layers.first
    weights = first + layers.first * layers.second + layers.second
    right = dict(
        zip(QUESTIONS, (weights, 8e-6 * weights, 4e-6 * weights, "kilobytes"), strict=True)
    )
    result = lesson.q2.grade(right)
    assert result.outcome == PASSED, result
    assert "the second layer (" not in result.message
    for wrong in (answers.ESTIMATE, right | {"weights": first}):
        result = lesson.q2.grade(wrong)
        assert result.outcome == NOT_YET
        assert f"This variant has {layers}." in result.message


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_variant_expects_its_own_week(lesson, variant, seed):
    variant("q3", seed)
    result = lesson.q3.grade(days_of(seed))
    assert result.outcome == PASSED, result
    assert lesson.q3.grade(dict(DAYS)).outcome == NOT_YET


def test_the_pass_of_the_week_says_what_differs(lesson):
    message = lesson.q3.grade(dict(DAYS)).message
    assert "only thursday has different weights. wednesday has monday's weights" in message


def test_given_starts_a_variant_and_ends_it(lesson, variant):
    for seed in (1, None):
        key = {v.name: v.key for v in explore(lesson.q1.given(seed)).variables}["middle/bias"]
        bias = answers.checkpoint(lesson.q1.handed[-1]).get_tensor(key)
        assert lesson.q1.grade(bias).outcome == PASSED


def test_the_size_exercise_hands_out_the_layers_only(lesson):
    assert repr(lesson.q2.given()) == "500 columns, Dense(1000), Dense(10)"


def test_serving_runs_the_operation_outside_of_all_functions():
    made, trace = exercises.check_untrusted_exports.original()
    directory = made["served"][0]
    assert "WriteFile" in explore(directory).main
    tf.saved_model.load(directory).compute(tf.constant([1.0]))
    assert not trace.exists()
    readers.run(directory, "serving_default", {"x": np.ones(1, np.float32)}, "session")
    assert trace.exists()
    trace.unlink()


def test_the_pass_names_what_was_tried(lesson):
    result = lesson.q4.grade(answers.own)
    assert result.outcome == PASSED
    assert "without `EagerPyFunc`. It differs from yours in 1 of 13 exports" in result.message
    assert "refused 9 exports and accepted 4" in result.message


def test_a_call_of_the_gate_is_recorded_only_in_the_block():
    directory = exercises.check_untrusted_exports.original()[0]["line"][0]
    with exercises.calls_of_gate() as calls:
        explore(directory)
        assert not calls
        gate(directory)
    gate(directory)
    assert calls == [directory]
