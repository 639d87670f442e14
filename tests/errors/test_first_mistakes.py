"""The first mistakes with endpoints and layers, on the installed versions: each gets its cure."""

import keras
import pytest
import tensorflow as tf

from helpers.errors.cure import entry
from helpers.errors.messages import describe

SPEC = tf.TensorSpec((None, 2), tf.float32, name="x")


@pytest.fixture(scope="module")
def model():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


class WrongBuild(keras.Model):
    """A model that builds its second layer for 4 columns, and gives it 8."""

    def __init__(self):
        super().__init__()
        self.wide, self.narrow = keras.layers.Dense(8), keras.layers.Dense(1)

    def build(self, shape):
        self.wide.build(shape)
        self.narrow.build((None, 4))
        self.built = True

    def call(self, x):
        return self.narrow(self.wide(x))


def endpoint(function, *signature, folder, model):
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("f", function, *signature)
    archive.write_out(folder, verbose=False)


def called_after_saving(function, model, folder, rows):
    endpoint(function, [SPEC], folder=folder, model=model)
    tf.saved_model.load(folder).signatures["serving_default"](x=rows)


def with_if(model):
    def label(x):
        return {"label": 1 if model(x) > 0 else 0}

    return label


def with_two_branches(model):
    def label(x):
        if model(x) > 0:
            return {"label": tf.ones(1)}
        return {"label": tf.zeros(1)}

    return label


MISTAKES = {  # what the learner writes: (key, function of the model and of a folder)
    "if": (
        "python-value-of-a-tensor",
        lambda m, f: endpoint(with_if(m), [SPEC], folder=f, model=m),
    ),
    "for": (
        "python-value-of-a-tensor",
        lambda m, f: endpoint(lambda x: {str(s): s for s in m(x)}, [SPEC], folder=f, model=m),
    ),
    "numpy": (
        "python-value-of-a-tensor",
        lambda m, f: endpoint(lambda x: m(x).numpy(), [SPEC], folder=f, model=m),
    ),
    "float": (
        "python-value-of-a-tensor",
        lambda m, f: endpoint(lambda x: float(m(x)), [SPEC], folder=f, model=m),
    ),
    "if in a tf.function, three rows": (
        "one-decision-for-all-rows",
        lambda m, f: tf.function(with_two_branches(m))(tf.zeros((3, 2))),
    ),
    "if in a tf.function, no rows": (
        "one-decision-for-all-rows",
        lambda m, f: called_after_saving(tf.function(with_two_branches(m)), m, f, tf.zeros((0, 2))),
    ),
    "no signature": (
        "endpoint-without-signature",
        lambda m, f: endpoint(lambda x: m(x), folder=f, model=m),
    ),
    "no signature of a tf.function": (
        "endpoint-without-signature",
        lambda m, f: endpoint(tf.function(lambda x: m(x)), folder=f, model=m),
    ),
    "no brackets": (
        "signature-not-a-list",
        lambda m, f: endpoint(lambda x: m(x), SPEC, folder=f, model=m),
    ),
    "no brackets in export": (
        "signature-not-a-list",
        lambda m, f: m.export(f, input_signature=SPEC, verbose=False),
    ),
    "a shape for a spec": (
        "signature-not-a-list",
        lambda m, f: endpoint(lambda x: m(x), [(None, 2)], folder=f, model=m),
    ),
    "two specs": (
        "signature-not-a-list",
        lambda m, f: endpoint(lambda x: m(x), [SPEC, SPEC], folder=f, model=m),
    ),
    "a wrong build": ("layer-columns", lambda m, f: WrongBuild()(tf.zeros((3, 2)))),
    "too many columns": ("layer-columns", lambda m, f: m(tf.zeros((3, 4)))),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_first_mistake_gets_its_cure(model, tmp_path, what):
    key, make = MISTAKES[what]
    with pytest.raises((TypeError, ValueError, AttributeError, tf.errors.OpError)) as caught:
        make(model, str(tmp_path / "export"))
    found = entry(describe(caught.value))
    assert found and found.key == key, describe(caught.value)


def test_the_frames_of_a_graph_are_no_part_of_the_description():
    frames = 'File "/course/a b.py", line 9, in <module>\n\n  File "/course/b.py", line 5, in f\n\n'
    text = (
        "Graph execution error:\n\nDetected at node Reshape defined at (most recent call last):\n"
        f"  {frames}Input to reshape is a tensor with 3 values, but the requested shape has 1\n"
    )
    found = describe(tf.errors.InvalidArgumentError(None, None, text))
    assert found.startswith("InvalidArgumentError: Input to reshape is a tensor with 3 values, but")
    assert entry(found).key == "one-decision-for-all-rows"
