"""Lesson 04: right answers, named mistakes, untouched."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from helpers import readers
from helpers.exercises.lesson_04.exercises import (
    DAYS,
    KINDS,
    QUESTIONS,
    WHY,
    check_untrusted_exports,
    read_one_weight,
    weights_of,
)
from helpers.exercises.outcomes import RAISED
from helpers.inspection.explore import explore
from helpers.inspection.gate import gate
from tests.exercises.proofs import Mistake, Proofs, prove


def just(*answer):
    return lambda _: answer


# 1: one weight of three alike


def checkpoint():
    return tf.train.load_checkpoint(read_one_weight.original() / "variables" / "variables")


def key_of(name):
    return next(v.key for v in explore(read_one_weight.original()).variables if v.name == name)


def of_the_loaded_model(_):
    loaded = tf.saved_model.load(read_one_weight.original())
    return (next(v for v in loaded.variables if v.name.startswith("middle/bias")),)


def the_other_copy(_):
    keys = [v.key for v in explore(read_one_weight.original()).variables if v.name == "middle/bias"]
    assert len(keys) == 2
    return (checkpoint().get_tensor(keys[1]),)


MIDDLE = weights_of(2)[1]

Q1 = Proofs(
    right={
        "the second copy": the_other_copy,
        "from the loaded model": of_the_loaded_model,
        "a list": just(MIDDLE.tolist()),
        "rounded float64": just(MIDDLE.astype(np.float64)),
    },
    wrong={
        "of the left": Mistake(just(weights_of(1)[1]), "but holds the numbers of left/bias"),
        "of the right": Mistake(just(weights_of(3)[1]), "but holds the numbers of right/bias"),
        "the kernel": Mistake(just(weights_of(2)[0]), "but holds the numbers of middle/kernel"),
        "the key": Mistake(lambda _: (key_of("middle/bias"),), "the four numbers themselves"),
        "the directory": Mistake(
            lambda _: (read_one_weight.original(),), "the four numbers themselves"
        ),
        "the entry": Mistake(
            lambda _: (explore(read_one_weight.original()).variables[0],),
            "bias should be an array of numbers",
        ),
        "one number": Mistake(
            just(-2.0), "bias should have shape (4,), for a layer of 4 units, but has shape ()"
        ),
        "as a column": Mistake(just(MIDDLE[:, None]), "but has shape (4, 1)"),
        "other numbers": Mistake(just([1, 2, 3, 4]), "No weight has these numbers"),
        "not numbers": Mistake(just(MIDDLE > 0), "bias should be an array of numbers"),
    },
    untouched=(...,),
)

# 2: estimate

WEIGHTS = 511_010
RIGHT = dict(zip(QUESTIONS, (WEIGHTS, 4.09, 2.04, "kilobytes"), strict=True))


def estimate(**changes):
    """Return the right answer with different answers to some of the questions a to d."""
    changed = {QUESTIONS["abcd".index(letter)]: value for letter, value in changes.items()}
    return just(RIGHT | changed)


Q2 = Proofs(
    right={
        "to two digits": just(RIGHT),
        "rounded": estimate(a=510_000, b=4, c=2),
        "numpy": estimate(a=np.int64(WEIGHTS), b=np.float32(4.1)),
        "a tensor": estimate(a=tf.constant(WEIGHTS), c=np.array(2.04)),
    },
    wrong={
        "the first layer only": Mistake(estimate(a=1000), "weights: 1,000 is too little"),
        "kernels of outputs": Mistake(
            estimate(a=1000 * 1000 + 1000), "too much, look at each layer's inputs"
        ),
        "stored once": Mistake(
            estimate(b=2.04), "model.export: 2.04 is too little, as if each weight were stored once"
        ),
        "stored twice": Mistake(estimate(c=4.09), "as if each weight were stored twice"),
        "8 bytes": Mistake(estimate(b=8.18), "as if each weight took 8 bytes"),
        "1 byte": Mistake(estimate(b=0.511), "as if each weight took 1 byte and were stored once"),
        "bytes": Mistake(estimate(b=4_088_080), "in bytes, but the question asks for megabytes"),
        "kilobytes": Mistake(estimate(c=2044), "in kilobytes, but the question asks for megabytes"),
        "a large graph": Mistake(
            estimate(d="megabytes"), "saved_model.pb: you say 'megabytes', but"
        ),
        "a number for the graph": Mistake(estimate(d=22), "22 is not one of 'kilobytes'"),
        "a text": Mistake(estimate(b="4 MB"), "should be a number, but is '4 MB'"),
        "two numbers": Mistake(estimate(b=tf.constant([4.09, 2.04])), "should be a number"),
        "not a number": Mistake(estimate(b=float("nan")), "nan is too little"),
        "a list": Mistake(just([1, 2, 3, 4]), "estimate should be a dict with the keys"),
    },
    untouched=(dict.fromkeys(QUESTIONS, ...),),
)

# 3: a week


def week(**changes):
    return just(DAYS | changes)


Q3 = Proofs(
    right={
        "as it was": just(dict(DAYS)),
        "in another order": just(dict(reversed(DAYS.items()))),
    },
    wrong={
        "by the bytes": Mistake(
            week(tuesday="retrained", wednesday="retrained"),
            "tuesday: you say 'retrained', but it is not. Its weights equal monday's",
        ),
        "by the fingerprint": Mistake(
            week(wednesday="exported again"), "One number in its graph differs"
        ),
        "by the answers": Mistake(week(wednesday="retrained"), "Its weights equal monday's"),
        "all the same": Mistake(
            week(thursday="exported again"), "Look at the values of its weights"
        ),
        "nothing is a copy": Mistake(
            week(friday="exported again"), "A new export would differ from monday's in some bytes"
        ),
        "tuesday a copy": Mistake(
            week(tuesday="copy"), "Some bytes in its files differ from monday's"
        ),
        "another word": Mistake(week(friday="same"), "'same' is not one of 'copy'"),
        "a day is missing": Mistake(just({"tuesday": "copy"}), "with the keys 'tuesday'"),
    },
    untouched=(dict.fromkeys(DAYS, ...),),
)

# 4: a gate

OUTSIDE = {"WriteFile", "ReadFile", "PyFunc", "EagerPyFunc"}


def by_the_course(directory):
    return gate(directory).ok


def deletes(directory):
    answer = by_the_course(directory)
    shutil.rmtree(directory)
    return answer


def by_the_protocol_buffer(directory):
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString((directory / "saved_model.pb").read_bytes())
    except Exception:
        return False
    nodes = [node for graph in model.meta_graphs for node in graph.graph_def.node]
    for graph in model.meta_graphs:
        for function in graph.graph_def.library.function:
            nodes += function.node_def
    return OUTSIDE.isdisjoint({node.op for node in nodes})


def by_an_allowlist(directory):
    """Allow only the operations of this exercise's harmless exports."""
    made, _ = check_untrusted_exports.original()
    known = set()
    for path, harmless, _ in made.values():
        if harmless:
            known |= explore(path).operations.keys()
    found = explore(directory)
    return bool(found.operations) and found.operations.keys() <= known


def without_findings(directory):
    return not OUTSIDE & explore(directory).operations.keys()


def main_graph_only(directory):
    found = explore(directory)
    return not found.findings and not OUTSIDE & found.main.keys()


def by_scan(directory):
    """Use saved_model_cli scan, which knows a list of its own."""
    try:
        return "does not contain" in readers.saved_model_cli("scan", directory)[0]
    except readers.ReaderError:
        return False


def by_text(directory):
    found = (directory / "saved_model.pb").read_bytes()
    return b"WriteFile" not in found and b"ReadFile" not in found


def without(*parts):
    """Make a gate that refuses every type of operation whose name contains one of `parts`."""

    def may_load(directory):
        found = explore(directory)
        return not found.findings and not any(p in op for op in found.operations for p in parts)

    return may_load


def writers_only(directory):
    found = explore(directory)
    return not found.findings and "WriteFile" not in found.operations


def loads_it(directory):
    try:
        tf.saved_model.load(directory)
    except Exception:
        return False
    return by_the_course(directory)


def calls_it(directory):
    loaded = tf.saved_model.load(directory)
    loaded.compute(tf.constant([1.0]))
    return True


def parses_everything(directory):
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((directory / "saved_model.pb").read_bytes())
    return by_the_course(directory)


Q4 = Proofs(
    right={
        "the course's gate": just(by_the_course),
        "the protocol buffer": just(by_the_protocol_buffer),
        "an allowlist": just(by_an_allowlist),
        "deletes what it looked at": just(deletes),
        "numpy's True": just(lambda directory: np.bool_(by_the_course(directory))),
    },
    wrong={
        "lets all in": Mistake(
            just(lambda _: True), "should return False for 'writes', which writes a file"
        ),
        "refuses all": Mistake(just(lambda _: False), "should return True for 'line'"),
        "no findings": Mistake(just(without_findings), "should return False for 'cut'"),
        "the main graph only": Mistake(just(main_graph_only), "should return False for 'writes'"),
        "what scan says": Mistake(just(by_scan), "should return False for 'branch'"),
        "the text of the file": Mistake(just(by_text), "should return True for 'names'"),
        "every file is forbidden": Mistake(
            just(without("File", "PyFunc")), "should return True for 'line'"
        ),
        "its own assets too": Mistake(
            just(without("ReadFile", "TextFile", "WriteFile", "PyFunc")),
            "should return True for 'vocabulary'",
        ),
        "saving is forbidden": Mistake(
            just(without("Save", "WriteFile")), "should return True for 'line'"
        ),
        "writers only": Mistake(just(writers_only), "should return False for 'reads'"),
        "loads it": Mistake(just(loads_it), "should not run an export, but ran 'loading'"),
        "calls it": Mistake(just(calls_it), "should not run an export, but ran 'writes'"),
        "cannot read the damaged": Mistake(just(parses_everything), "DecodeError", RAISED),
        "a verdict": Mistake(just(gate), "but returned line/: ✓ nothing found"),
        "nothing": Mistake(just(lambda _: None), "but returned None"),
    },
    untouched=(lambda _: ...,),
)

globals().update(prove("04_inside_the_artifact", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}))


@pytest.mark.parametrize("kind", KINDS)
def test_every_mistaken_day_has_its_words(kind):
    assert {said for right, said in WHY if right == kind} == {*KINDS} - {kind}
