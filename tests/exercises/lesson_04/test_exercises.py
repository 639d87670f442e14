"""Lesson 04: right answers, named mistakes, near misses, untouched, and variants."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.exercises.lesson_04 import exercises
from helpers.exercises.lesson_04.changed_exports import CHANGES, OUTCOMES
from helpers.exercises.lesson_04.deliveries import KINDS, WHOLE, kind_of, kinds_of, why_not
from helpers.exercises.lesson_04.made_once import made_once
from helpers.exercises.lesson_04.offered_exports import offered_exports
from helpers.exercises.lesson_04.pairs import KINDS as CHANGED
from helpers.exercises.lesson_04.pairs import pairs
from helpers.exercises.lesson_04.untrusted_exports import FOUR_TYPES
from helpers.exercises.outcomes import NOT_YET, PASSED, RAISED
from helpers.inspection.dangerous_operations import EFFECT
from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.inspection.gate import gate
from tests.exercises.lesson_04 import answers
from tests.exercises.lesson_04.answers import comparison, diagnosis, just, middle, predicted, weight
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings, prove

SEEDS = (1, 2)

Q1 = Proofs(
    right=other_mappings(answers.PREDICTION),
    wrong={
        "a file is a file": Mistake(
            predicted({answers.FINGERPRINT: "none"}),
            "you say 'none', but it is 'both'. Python and a server give the right answers. No "
            "reader opens fingerprint.pb",
        ),
        "assets": Mistake(
            predicted({answers.ASSETS: "only Python"}),
            "Readers open assets only if the graph reads a file in it",
        ),
        "without the index": Mistake(
            predicted({answers.INDEX: "only Python"}),
            "no reader finds the numbers in the data file",
        ),
        "the tag is a comment": Mistake(
            predicted({answers.TAG: "both"}),
            "you say 'both', but it is 'only Python'. Python gives the right answers. A server "
            "fails with",
        ),
        "the tag is compared everywhere": Mistake(
            predicted({answers.TAG: "none"}), "A server asks for the tag serve"
        ),
        "the version is compared": Mistake(
            predicted({answers.VERSION: "none"}), "No reader compares the version"
        ),
        "Python unpacks": Mistake(
            predicted({answers.ZIP: "only Python"}), "Readers open a folder. They do not unpack"
        ),
        "another word": Mistake(predicted({answers.ZIP: "fails"}), "'fails' is not one of 'both'"),
        "one is missing": Mistake(
            just(dict.fromkeys([*answers.PREDICTION][1:], "both")), "but has no 'fingerprint.pb"
        ),
        "a list": Mistake(just([*answers.PREDICTION.values()]), "prediction should be a dict"),
    },
    untouched=(dict.fromkeys(CHANGES, ...),),
    near=one_wrong(answers.PREDICTION, OUTCOMES),
)

Q2 = Proofs(
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

Q3 = Proofs(
    right={
        "the protocol buffer": just(answers.by_the_protocol_buffer),
        "an object": just(answers.Comparison()),
        "as a dict of lists": just(
            comparison(
                values=lambda d: {k: v.tolist() for k, v in answers.values_of(d).items()},
                equal=lambda a, b: a == b,
            )
        ),
        "numpy's text": just(comparison(kinds=[np.str_(kind) for kind in CHANGED])),
        "one sum of differences": just(
            comparison(equal=lambda a, b: a.shape == b.shape and not np.abs(a - b).sum())
        ),
    },
    wrong={
        "the course's comparison": Mistake(
            just(answers.by_the_course), "should compare the exports itself, but called differences"
        ),
        "the course's comparison after all": Mistake(
            just(answers.by_the_course_after_all), "but called differences"
        ),
        "nearly equal": Mistake(
            just(comparison(equal=np.allclose)),
            "but returned 'nothing': one number of one weight differs",
        ),
        "the bytes": Mistake(
            just(answers.by_bytes), "should return 'nothing' for these two exports"
        ),
        "the singleprint": Mistake(just(answers.by_the_singleprint), "for these two exports"),
        "by names": Mistake(just(comparison(values=answers.values_by_name)), "return 'nothing'"),
        "types without counts": Mistake(
            just(comparison(lambda d: set(explore(d).operations))),
            "but returned 'nothing': the graph has two operations Relu in place of one",
        ),
        "the main graph": Mistake(
            just(comparison(lambda d: explore(d).main)), "should return 'graph'"
        ),
        "the weights first": Mistake(
            just(answers.weights_first), "Tanh in place of Relu, and the weights have other numbers"
        ),
        "only weights": Mistake(just(comparison(lambda d: None)), "should return 'graph'"),
        "only operations": Mistake(
            just(comparison(values=lambda d: {})), "should return 'weights' for these"
        ),
        "only what is trained": Mistake(
            just(comparison(values=answers.trained_values)),
            "but returned 'nothing': only a variable that is not trained differs",
        ),
        "all numbers in order": Mistake(
            just(comparison(values=answers.sorted_values)),
            "two weights of the same shape have exchanged their numbers",
        ),
        "the opposite": Mistake(
            just(comparison(kinds=("graph", "nothing", "weights"))), "what_changed should return"
        ),
        "another word": Mistake(
            just(comparison(kinds=("graph", "weights", "same"))), "'same' is not one of 'graph'"
        ),
        "nothing": Mistake(just(lambda old, new: None), "None is not one of 'graph'"),
        "one directory": Mistake(just(lambda old: "graph"), "TypeError", RAISED),
        "no function": Mistake(just("graph"), "what_changed should be a function, but is 'graph'"),
        "deletes": Mistake(just(answers.deletes_the_old), "your function should leave old_dir as"),
    },
    untouched=(lambda old, new: ...,),
    near={
        "always nothing": just(lambda old, new: "nothing"),
        "always weights": just(lambda old, new: "weights"),
        "always graph": just(lambda old, new: "graph"),
        "the data file": just(answers.by_the_data_file),
        "the second copies": just(comparison(values=answers.values_with_second_copies)),
        "the fingerprint": just(answers.by_the_fingerprint),
        "operations that have gone": just(answers.only_new_types),
        "the first six weights": just(comparison(values=answers.first_six_values)),
        "rounded to six decimals": just(comparison(values=answers.rounded_values)),
        "the first weight": just(comparison(values=answers.first_value)),
        "the last weight": just(comparison(values=answers.last_value)),
        "rounded sums": just(comparison(values=answers.sums_of)),
        "sums": just(comparison(equal=lambda a, b: a.sum() == b.sum())),
        "the size of a difference": just(
            comparison(equal=lambda a, b: not (np.abs(a - b) > 0).any())
        ),
        "rounded": just(comparison(equal=lambda a, b: np.array_equal(a.round(4), b.round(4)))),
        "shapes": just(comparison(equal=lambda a, b: a.shape == b.shape)),
        "the number of operations": just(
            comparison(lambda d: len(explore(d).operations), values=lambda d: {})
        ),
        "the total of the operations": just(comparison(lambda d: explore(d).operations.total())),
        "counts its calls": answers.counting,
        "a note": just(answers.leaves_a_note_in_the_new),
        "a boolean": just(comparison(kinds=(True, True, False))),
    },
)

Q4 = Proofs(
    right=other_mappings(answers.DIAGNOSIS),
    wrong={
        "by the errors of loading": Mistake(
            diagnosis(c="whole"),
            "c: you say 'whole', but it is not. It loads without an error, but",
        ),
        "by the list of the files": Mistake(
            diagnosis(e="whole"),
            "All its files are there, but loading fails with a DataLossError",
        ),
        "every missing file is damage": Mistake(
            diagnosis(f="file lost"),
            "gives the right answers for all rows. No reader needs fingerprint.pb",
        ),
        "cut, not lost": Mistake(
            diagnosis(b="graph cut"),
            "It has no variables/variables.",
        ),
        "lost, not cut": Mistake(diagnosis(d="file lost"), "Its saved_model.pb ends after"),
        "a changed byte": Mistake(diagnosis(c="byte changed"), "where"),
        "the whole one": Mistake(
            diagnosis(a="other weights"), "It loads, and gives the right answers for all rows."
        ),
        "another word": Mistake(diagnosis(a="ok"), "'ok' is not one of 'whole'"),
        "one is missing": Mistake(just({"a": "whole"}), "but has no 'b', 'c', 'd', 'e', 'f'"),
        "in order": Mistake(just([*answers.DIAGNOSIS.values()]), "diagnosis should be a dict"),
    },
    untouched=(dict.fromkeys("abcdef", ...),),
    near=one_wrong(answers.DIAGNOSIS, KINDS),
)

Q5 = Proofs(
    right={
        "the protocol buffer": just(answers.by_parsing),
        "functions and main graph": just(answers.by_functions_and_main),
        "an object": just(answers.AllowList()),
        "numpy's True": just(lambda directory: np.bool_(answers.own(directory))),
        "a tensor": just(lambda directory: tf.constant(answers.own(directory))),
    },
    wrong={
        "the course's gate": Mistake(
            just(answers.by_the_gate), "but called gate for 'line'. Look at the operations"
        ),
        "the course's gate after all": Mistake(
            just(answers.by_the_gate_after_all), "should use an allow list of your own"
        ),
        "a verdict": Mistake(just(gate), "but called gate for 'line'"),
        "a deny list of four": Mistake(
            just(answers.by_a_deny_list(FOUR_TYPES)), "should return False for 'lists'"
        ),
        "the course's deny list": Mistake(
            just(answers.by_a_deny_list(EFFECT.keys() - {"SaveV2", "RestoreV2"})), "should return"
        ),
        "accepts all": Mistake(just(lambda _: True), "should return False for 'writes'"),
        "refuses all": Mistake(just(lambda _: False), "should return True for 'line'"),
        "no findings": Mistake(just(answers.without_findings), "should return False for 'cut'"),
        "the main graph only": Mistake(
            just(answers.by_part(lambda found: found.main)), "should return False for 'writes'"
        ),
        "functions only": Mistake(
            just(answers.by_part(answers.types_in_functions)),
            "should return False for 'served', which writes a file",
        ),
        "what scan says": Mistake(just(answers.by_scan), "should return False for 'branch'"),
        "the text of the file": Mistake(just(answers.by_text), "should return True for 'names'"),
        "the first of the team": Mistake(
            just(answers.by_some_of_the_team([0])), "should return True for 'choice'"
        ),
        "like one of the team": Mistake(
            just(answers.like_one_of_the_team), "should return True for 'names'"
        ),
        "the last of the team": Mistake(
            just(answers.by_some_of_the_team([-1])), "should return True for"
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
        "one function only": just(answers.by_part(answers.types_of_the_signature)),
        "readable is enough": just(answers.readable_is_enough),
        "less than all types": just(answers.fewer_than_allowed),
        "two of the team": just(answers.by_some_of_the_team([0, 1])),
        "the other two of the team": just(answers.by_some_of_the_team([1, 2])),
        "parts of the names of types": just(answers.in_a_text_of_all_types),
        "the beginning of a known type": just(answers.by_the_beginning),
        "one known type": just(answers.one_known_is_enough),
        "all types are needed": just(answers.all_types_are_needed),
        "the name of the directory": just(answers.by_the_name_of_the_directory),
        "leaves a note": just(answers.leaves_a_note),
        "deletes the graph": just(answers.repairs),
        "the opposite": just(lambda directory: not answers.own(directory)),
        "a text": just(lambda directory: str(answers.own(directory))),
        "0 or 1": just(lambda directory: int(answers.own(directory))),
        "what is unknown": just(lambda d: explore(d).operations.keys() - answers.allowed()),
    },
)

globals().update(
    prove("04_inside_the_artifact", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5})
)


@pytest.fixture
def variant(lesson, monkeypatch):
    """Return a function that starts a variant of an exercise. In the end there is none."""

    def start(key, seed):
        exercise = lesson.exercises[key]
        monkeypatch.setattr(exercise, "_seed", seed)  # given() would make one more copy
        return exercise.original()

    return start


# 1


def test_the_answers_are_measured_and_none_is_the_usual_one():
    for change, expected in answers.PREDICTION.items():
        found, words = exercises.changed_exports.measured(change)
        assert found == expected
        assert "Error" in words or found == "both"
    assert {*answers.PREDICTION.values()} == {*OUTCOMES}


# 2


@pytest.mark.parametrize("seed", [None, *SEEDS])
def test_no_usual_place_is_the_asked_bias(variant, seed):
    found = explore(variant("q2", seed)).variables
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


@pytest.mark.parametrize("seed", SEEDS)
def test_a_variant_expects_its_own_bias(lesson, variant, tmp_path, seed):
    (of_the_page,) = answers.of_another_variant(None)(tmp_path)
    variant("q2", seed)
    result = lesson.q2.grade(*answers.the_other_copy(tmp_path))
    assert result.outcome == PASSED, result
    assert f"lesson.q2.given({seed + 1})" in result.message
    result = lesson.q2.grade(of_the_page)
    assert (result.outcome, "given() returned last" in result.message) == (NOT_YET, True)


def test_given_starts_a_variant_and_ends_it(lesson, variant):
    for seed in (1, None):
        key = {v.name: v.key for v in explore(lesson.q2.given(seed)).variables}["middle/bias"]
        bias = answers.checkpoint(lesson.q2.handed[-1]).get_tensor(key)
        assert lesson.q2.grade(bias).outcome == PASSED


# 3


def test_the_course_agrees_about_every_pair():
    for name, pair in made_once(pairs).items():
        found = differences(pair.old, pair.new)
        states = {part: found[part].state == "DIFFERENT" for part in ("graph", "weights")}
        kind = next((part for part, differs in states.items() if differs), "nothing")
        assert kind == pair.kind, (name, found)
        assert found["signatures"].state == found["assets"].state == "same"


def test_every_pair_has_the_same_keys_and_the_rebuilt_model_other_names():
    made = made_once(pairs)
    for name, pair in made.items():
        assert answers.values_of(pair.old).keys() == answers.values_of(pair.new).keys(), name
    for name in ("renamed", "rebuilt"):
        pair = made[name]
        assert not {v.name for v in explore(pair.old).variables if v.name} & {
            v.name for v in explore(pair.new).variables if v.name
        }


def test_a_call_of_differences_is_recorded_only_in_the_block():
    pair = made_once(pairs)["again"]
    with exercises.recorded(exercises.DIFFERENCES, "Differences") as calls:
        explore(pair.old)
        assert not calls
        differences(explore(pair.old), pair.new)
    differences(pair.old, pair.new)
    assert len(calls) == 1


# 4


@pytest.mark.parametrize("seed", [None, 1])
def test_what_is_measured_is_what_was_done(lesson, variant, seed):
    deliveries, rows, right = variant("q4", seed)
    drawn = kinds_of(seed)
    assert {name: kind_of(path, rows, right) for name, path in deliveries.items()} == drawn
    result = lesson.q4.grade(drawn)
    assert result.outcome == PASSED, result
    assert (
        "4 copies are damaged. explore finds 2 of them, and loading fails for 3" in result.message
    )
    if seed is not None:
        assert lesson.q4.grade(answers.DIAGNOSIS).outcome == NOT_YET
    for name, kind in drawn.items():
        assert why_not(deliveries[name], kind, rows, right)


@pytest.mark.parametrize("seed", range(20))
def test_a_drawn_delivery_has_no_answer_of_the_page(seed):
    drawn = kinds_of(seed)
    assert sorted(drawn.values()) == sorted(answers.DIAGNOSIS.values())
    assert not drawn.items() & answers.DIAGNOSIS.items()
    assert [*drawn.values()].count(WHOLE) == 2


# 5


def test_the_allow_list_decides_about_every_export():
    made, trace = made_once(offered_exports)
    for name, (directory, accepted, words) in made.items():
        assert answers.own(directory) == accepted, f"{name} {words}"
        assert explore(directory).findings or accepted == (
            explore(directory).operations.keys() <= answers.allowed()
        )
    assert explore(made["all"][0]).operations.keys() == answers.allowed()
    assert not trace.exists()


def test_serving_runs_the_operation_outside_of_all_functions():
    made, trace = made_once(offered_exports)
    directory = made["served"][0]
    assert "WriteFile" in explore(directory).main
    tf.saved_model.load(directory).compute(tf.constant([1.0]))
    assert not trace.exists()
    readers.run(directory, "serving_default", {"x": np.ones(1, np.float32)}, "session")
    assert trace.exists()
    trace.unlink()


def test_the_pass_names_what_was_tried(lesson):
    result = lesson.q5.grade(answers.own)
    assert result.outcome == PASSED
    assert "without a call of gate" in result.message
    assert "export=" not in result.message  # a name that the page never shows
    assert "your function refused 15 exports and accepted 5" in result.message


def test_a_call_of_the_gate_is_recorded_only_in_the_block():
    directory = made_once(offered_exports)[0]["line"][0]
    with exercises.recorded(exercises.GATE, "Verdict") as calls:
        explore(directory)
        assert not calls
        gate(directory)
    gate(directory)
    assert len(calls) == 1
