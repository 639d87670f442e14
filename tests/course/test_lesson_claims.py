"""Claims in the lessons' prose hold for the installed versions."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.models import LinearModel

PRICES = np.array([[60.0, 30.0, 20.0]], np.float32)


class Shop(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="prices")])
    def loose(self, x):
        return tf.reduce_sum(x, axis=1)

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="prices")])
    def strict(self, x):
        return tf.reduce_sum(tf.ensure_shape(x, (None, 2)), axis=1)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A session with the export of Shop, and its signatures."""
    shop, folder = Shop(), str(tmp_path_factory.mktemp("shop"))
    tf.saved_model.save(shop, folder, signatures={"loose": shop.loose, "strict": shop.strict})
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():  # only here, because the other tests are eager
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], folder)
    yield session, loaded.signature_def
    session.close()


def run_in_python(session, signatures, key):
    fetch = signatures[key].outputs["output_0"].name
    return session.run(fetch, {signatures[key].inputs["prices"].name: PRICES})


def run_below_python(session, signatures, key):
    """Run the session through the C++ function that `Session.run` calls after its checks."""
    from tensorflow.python.client import pywrap_tf_session

    def end(info):
        return session.graph.get_tensor_by_name(info.name)._as_tf_output()

    feed = {end(signatures[key].inputs["prices"]): PRICES}
    fetches = [end(signatures[key].outputs["output_0"])]
    return pywrap_tf_session.TF_SessionRun_wrapper(session._session, None, feed, fetches, [], None)


def test_shapes_are_compared_in_python_and_not_below(session):
    """Lessons 01 and 02."""
    with pytest.raises(ValueError, match="Cannot feed value of shape"):
        run_in_python(*session, "loose")
    assert run_below_python(*session, "loose")[0] == [110.0]


def test_ensure_shape_guards_below_python(session):
    """Lesson 02."""
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible with expected shape"):
        run_below_python(*session, "strict")


def test_model_export_stores_each_weight_twice(tmp_path):
    """Lesson 03."""
    model = LinearModel()
    model(np.ones((1, 1), np.float32))
    model.export(tmp_path, verbose=False)
    stored = tf.train.list_variables(tmp_path / "variables" / "variables")[1:]
    assert len(stored) == 2 * len(model.weights)


def test_a_lookup_table_cannot_be_written_without_track(tmp_path):
    """Lesson 03."""
    lookup = tf.keras.layers.StringLookup(vocabulary=["red", "green"])
    model = tf.keras.Sequential([tf.keras.Input((1,), dtype="string"), lookup])
    export = tf.keras.export.ExportArchive()
    spec = tf.TensorSpec((None, 1), tf.string, name="words")
    with pytest.raises(AssertionError, match="untracked"):
        export.add_endpoint("serve", lambda words: model(words), [spec])
        export.write_out(tmp_path, verbose=False)
