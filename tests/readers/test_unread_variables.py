"""The second copy of the weights is not restored for LiteRT; what the signatures read is."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.artifact.saved_model import saved_model
from helpers.artifact.tag_sets import serving_graph_of
from helpers.readers import unread_variables
from helpers.readers.unread_variables import leave_out_unread, without_unread

KEY = "serving_default"
layers = tf.keras.layers


@pytest.fixture(scope="module")
def model():
    words = tf.keras.Input((2,), dtype="string", name="words")
    table = layers.StringLookup(vocabulary=["red", "green"])
    x = layers.Flatten()(layers.Embedding(3, 4)(table(words)))
    x = layers.BatchNormalization()(layers.Dense(5)(x))
    made = tf.keras.Model(words, layers.Dense(2)(x))
    made.set_weights([np.random.default_rng(0).uniform(size=w.shape) for w in made.get_weights()])
    return made


@pytest.fixture(scope="module")
def export(model, tmp_path_factory):
    directory = tmp_path_factory.mktemp("unread") / "export"
    model.export(directory, verbose=False)
    return directory


def restored(graph):
    (body,) = (f for f in graph.graph_def.library.function if "traced_restore" in f.signature.name)
    (restore,) = (node for node in body.node_def if node.op == "RestoreV2")
    assigned = [node for node in body.node_def if node.op == "AssignVariableOp"]
    return len(restore.attr["dtypes"].list.type), len(assigned)


def test_each_weight_is_restored_once(model, export):
    graph = serving_graph_of(saved_model(export))
    size = sum(weight.nbytes for weight in model.get_weights())
    once = len(model.weights)
    values, assigned = restored(graph)
    assert values >= assigned == 2 * once
    assert leave_out_unread(graph, least=size) == size
    assert restored(graph) == (once, once)
    assert leave_out_unread(graph, least=1) == 0, "there is nothing more to leave out"


def test_little_is_left_as_it_is(model, export):
    size = sum(weight.nbytes for weight in model.get_weights())
    before = serving_graph_of(saved_model(export))
    graph = serving_graph_of(saved_model(export))
    assert leave_out_unread(graph, least=size + 1) == 0
    assert graph == before
    with without_unread(str(export)) as source:
        assert source == str(export)


def test_the_changed_export_gives_the_same_numbers(model, export, monkeypatch):
    monkeypatch.setattr(unread_variables, "leave_out_unread", lambda g: leave_out_unread(g, 1))
    feed = {"words": np.array([["red", "blue"], ["green", "red"]], object)}
    right = {"output_0": model(tf.constant(feed["words"])).numpy()}
    with without_unread(str(export)) as source:
        assert source != str(export)
        session = readers.run(source, KEY, feed, "session")
        assert np.allclose(session["output_0"], right["output_0"], atol=1e-6)
    assert not tf.io.gfile.exists(source)


def test_what_any_signature_reads_is_restored(tmp_path):
    module = tf.Module()
    module.left, module.right, module.spare = (tf.Variable(np.full(3, n, "f")) for n in range(3))
    spec = [tf.TensorSpec((3,), tf.float32, name="x")]
    module.a = tf.function(lambda x: {"y": x + module.left}, input_signature=spec)
    module.b = tf.function(lambda x: {"y": x + module.right}, input_signature=spec)
    signatures = {"a": module.a, "b": module.b}
    tf.saved_model.save(module, str(tmp_path / "export"), signatures=signatures)
    graph = serving_graph_of(saved_model(tmp_path / "export"))
    assert leave_out_unread(graph, least=1) == 3 * 4
    assert restored(graph)[1] == 2


def test_an_export_without_variables_stays_as_it_is(tmp_path):
    module = tf.Module()
    module.f = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec((3,), tf.float32)])
    tf.saved_model.save(module, str(tmp_path / "export"), signatures=module.f)
    graph = serving_graph_of(saved_model(tmp_path / "export"))
    assert leave_out_unread(graph, least=0) == 0


def test_litert_reads_a_large_export_with_weights_that_it_was_not_given_twice(tmp_path):
    """The real limit: 36 MB of a table, in the reader's own process."""
    ids = tf.keras.Input((2,), dtype="int32", name="ids")
    made = tf.keras.Model(ids, layers.Flatten()(layers.Embedding(9_000, 1_000)(ids)))
    made.export(tmp_path / "export", verbose=False)
    with without_unread(str(tmp_path / "export")) as source:
        assert source != str(tmp_path / "export")
    feed = {"ids": np.array([[1, 8_999], [0, 500]], "int32")}
    answer = readers.run(tmp_path / "export", KEY, feed, "litert")
    assert np.array_equal(answer["output_0"], made(feed["ids"]).numpy())
