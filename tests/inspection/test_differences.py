"""Comparing two exports: which parts are the same, which differ, and which cannot be compared."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.inspection.differences import DIFFERENT, SAME, UNKNOWN, differences
from helpers.inspection.explore import explore
from helpers.models import ComplexModel
from tests.inspection import exports
from tests.inspection.exports import DATA, copied, edit, exported, module


def test_a_copy(sums):
    found = differences(sums, exports.sums())
    assert {part.state for part in found.parts} == {SAME}
    assert "every byte" in found.verdict


def test_exported_again(tmp_path):
    found = differences(exports.sums(), exported(tmp_path / "again"))
    states = {part.name: part.state for part in found.parts}
    assert states.pop("bytes") == DIFFERENT
    assert set(states.values()) == {SAME} and "only bytes" in found.verdict


def test_built_anew_with_the_same_weights(tmp_path):
    """Lesson 04: the fingerprint is another one, because the layers have other names."""
    model = ComplexModel()
    model(np.ones((1, 10), np.float32))
    model.set_weights(exports.built().get_weights())
    model.export(tmp_path / "anew", verbose=False)
    found = differences(exports.sums(), tmp_path / "anew")
    assert found["graph"].state == found["weights"].state == SAME, found
    assert "under other names" in found["weights"].words
    assert found["fingerprint"].state == DIFFERENT and "graph" in found["fingerprint"].words
    assert "only bytes" in found.verdict


def test_names_that_sort_otherwise(tmp_path):
    """Keras counts its layers: a model's may be dense_9 and dense_10, the next one's 11 and 12."""

    def save(name, *scopes):
        module = tf.Module()
        module.weights = [tf.Variable([[2.0]]), tf.Variable([[3.0]])]

        @tf.function(input_signature=[tf.TensorSpec((None, 1))])
        def layers(x):
            for scope, weight in zip(scopes, module.weights, strict=True):
                with tf.name_scope(scope):
                    x = x @ weight + tf.stop_gradient(weight)
            return {"y": x}

        tf.saved_model.save(module, tmp_path / name, signatures=layers)
        return tmp_path / name

    first = save("first", "dense_9", "dense_10")
    assert differences(first, save("second", "dense_11", "dense_12"))["graph"].state == SAME
    assert differences(first, save("third", "b", "a"))["graph"].state == SAME


def test_retrained(tmp_path):
    path = exported(tmp_path / "new", lambda number, weight: weight + (number == 5))
    found = differences(exports.sums(), path)
    assert found["graph"].state == SAME and found["weights"].state == DIFFERENT
    assert "/bias" in found["weights"].words and "kernel" not in found["weights"].words
    assert "other weights" in found.verdict


def test_weights_that_changed_places(tmp_path):
    """The same values in two layers of one shape, the other way round: another model."""

    def save(name, first, second):
        one, two = tf.Variable(first, name="one"), tf.Variable(second, name="two")
        return module(tmp_path / name, lambda x: x * one - two, one=one, two=two)

    found = differences(save("a", 1.0, 2.0), save("b", 2.0, 1.0))
    assert found["weights"].state == DIFFERENT
    kept = [tf.Variable(1.0), tf.Variable(2.0)]  # both are called "Variable"
    path = module(tmp_path / "c", lambda x: x * kept[0] - kept[1], kept=kept)
    other = [tf.Variable(2.0), tf.Variable(1.0)]
    swapped = module(tmp_path / "d", lambda x: x * other[0] - other[1], kept=other)
    assert differences(path, swapped)["weights"].state == DIFFERENT


CHANGES = {
    "another constant": (lambda x: 2.0 * x, lambda x: 3.0 * x, "other constants"),
    "another operation": (tf.nn.relu, tf.nn.tanh, "+1 Tanh, -1 Relu"),
    "the other way round": (lambda x: x - 1.0, lambda x: 1.0 - x, "connected otherwise"),
    "in a branch": (
        lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x, lambda: -x),
        lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x, lambda: x * x),
        "+1 Mul, -1 Neg",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_graph_though_the_fingerprint_is_the_same(tmp_path, name):
    """Lesson 04: the fingerprint does not cover what is inside functions."""
    one, other, words = CHANGES[name]
    weight = tf.Variable(1.0)
    a = module(tmp_path / "a", lambda x: one(weight * x), weight=weight)
    b = module(tmp_path / "b", lambda x: other(weight * x), weight=weight)
    found = differences(a, b)
    assert found["graph"].state == DIFFERENT and words in found["graph"].words, found
    assert found["weights"].state == found["signatures"].state == SAME
    assert explore(a).fingerprint.singleprint == explore(b).fingerprint.singleprint
    assert "does not cover functions" in found["fingerprint"].words


def test_other_signatures_and_assets(tmp_path):
    made, _ = exports.given()
    vocabulary = made["vocabulary"][0]
    found = differences(vocabulary, exports.sums())
    assert "only in vocabulary: assets/words.txt" in found["assets"].words
    assert "only in sums: serve" in found["signatures"].words
    assert "other inputs or outputs: serving_default" in found["signatures"].words
    changed = copied(vocabulary, tmp_path / "changed")
    (changed / "assets" / "words.txt").write_text("3\n4\n")
    assert "other content: assets/words.txt" in differences(vocabulary, changed)["assets"].words


def test_what_cannot_be_compared_is_said(sums):
    (sums / DATA).unlink()
    found = differences(exports.sums(), sums)
    assert found["weights"].state == UNKNOWN and "cannot be compared" in found.verdict
    assert "no such directory" in differences(sums, "nowhere").verdict


def test_a_damaged_weight_is_not_called_another_one(sums):
    data = bytearray((sums / DATA).read_bytes())
    data[5000] ^= 1
    (sums / DATA).write_bytes(data)
    found = differences(exports.sums(), sums)
    assert found["weights"].state == UNKNOWN and "cannot be read" in found["weights"].words


def test_a_graph_that_calls_itself_can_be_compared(sums):
    def recursive(model):
        for function in model.meta_graphs[0].graph_def.library.function:
            for node in function.node_def:
                node.op = function.signature.name

    assert differences(exports.sums(), edit(sums, recursive))["graph"].state == DIFFERENT
