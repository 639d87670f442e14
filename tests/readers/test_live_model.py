"""A live model as the truth: readers that agree can agree on a wrong answer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.artifact import Signature, TensorInfo
from helpers.readers import model_calls
from helpers.readers.compare import compare
from helpers.readers.input_files import WrongOption
from helpers.readers.outcomes import ANSWERS, FAILS, NOT_TRIED, OTHER, SAME

KEY = "serving_default"
LARGE = 16_777_217  # float32 makes it 16,777,216
ROWS = tf.TensorSpec((None, 1), tf.float32, name="x")


class Remainder(keras.Model):
    def call(self, ids):
        return tf.math.floormod(ids, 1000)


class Digits(keras.Model):
    def call(self, ids):
        return tf.strings.length(tf.strings.as_string(ids))


class Limited(keras.Model):
    """Refuses identifiers that are too large for a table, as an embedding does."""

    def call(self, ids):
        size = tf.abs(tf.cast(ids, tf.int32))
        with tf.control_dependencies([tf.debugging.assert_less(size, 20_000_000)]):
            return tf.math.floormod(ids, 1000)


class Key(keras.Model):
    """Gives the identifiers back, beside a score."""

    def call(self, ids):
        return {"id": ids, "score": tf.cast(ids, tf.float32) / 1000}


class Words(keras.Model):
    def __init__(self):
        super().__init__()
        self.lookup = keras.layers.StringLookup(vocabulary=["red", "green"])

    def call(self, words):
        return self.lookup(words)


class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.scale = keras.layers.BatchNormalization()
        self.dense = keras.layers.Dense(3, "softmax")

    def call(self, x):
        return self.dense(self.scale(x))


class Average(keras.Model):
    """Computes with whole numbers if it gets them, which it never does."""

    def __init__(self):
        super().__init__()
        self.scale = keras.layers.LayerNormalization()

    def call(self, x):
        return {
            "mean": tf.reduce_mean(x, axis=1),
            "line": tf.nn.relu(x) * 2 + 1,
            "x": self.scale(x),
        }


class Table(keras.Model):
    def __init__(self):
        super().__init__()
        self.table = keras.layers.Embedding(10, 2)

    def call(self, ids):
        return self.table(ids)


class Difference(keras.Model):
    def call(self, inputs):
        return {"gap": inputs["b"] - inputs["a"]}


class Scaled(tf.Module):
    """Two endpoints, and a counter that no comparison may share."""

    def __init__(self):
        self.weight = tf.Variable(2.0)

    @tf.function(input_signature=[ROWS])
    def double(self, x):
        return {"y": x * self.weight}

    @tf.function(input_signature=[tf.RaggedTensorSpec((None, None), tf.float32)])
    def total(self, x):
        return tf.reduce_sum(x, axis=1) * self.weight


FLOATS = np.float32([[1.0, 2.0], [3.0, 4.0]])
CALLED = {
    # kind of model: what it is called with before its export
    Remainder: tf.constant([LARGE, 5], tf.int32),
    Digits: tf.constant([LARGE, 5], tf.int32),
    Limited: tf.constant([LARGE, 5], tf.int32),
    Key: tf.constant([LARGE, 5], tf.int32),
    Words: tf.constant(["red", "green"]),
    Network: FLOATS,
    Average: FLOATS,
    Table: tf.constant([[1, 2]], tf.int32),
    Difference: {"a": FLOATS, "b": FLOATS},
}


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """A function of (kind): makes a model and its export once."""
    made = {}

    def make(kind):
        if kind not in made:
            model, folder = kind(), tmp_path_factory.mktemp(kind.__name__)
            model(CALLED[kind])
            model.export(folder, verbose=False)
            made[kind] = model, folder
        return made[kind]

    return make


@pytest.fixture(scope="module")
def scaled(tmp_path_factory):
    module, folder = Scaled(), tmp_path_factory.mktemp("scaled")
    signatures = {"double": module.double, "total": module.total}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return module, folder


def statuses(report):
    return {row.status for row in report.rows}


@pytest.mark.parametrize("kind", [Remainder, Digits, Limited, Key])
def test_readers_that_agree_on_other_ids_are_told(export, kind):
    model, directory = export(kind)
    # Without the model, the readers agree with each other. LiteRT has no operations for texts.
    assert statuses(compare(directory)) <= {ANSWERS, SAME, FAILS}
    report = compare(directory, model=model)
    assert {row.status for row in report.rows if row.reader != "litert"} == {OTHER}
    assert report.rows[2].status == (FAILS if kind is Digits else OTHER)
    row = report.rows[0]
    assert "args_0 is float32 in the export, and the model was called with int64" in row.error
    assert 'input_signature=[tf.TensorSpec(SHAPE, tf.int64, name="args_0")]' in row.cure
    assert "If the model never gets whole numbers" in row.cure
    assert report.exit_status == 1
    assert report.verdict.endswith("ot every reader gives the same numbers as the model.")


def test_given_ids_are_told_without_the_way_out(export):
    model, directory = export(Remainder)
    report = compare(directory, {"args_0": np.int32([LARGE, 5])}, model=model, signature=KEY)
    assert statuses(report) == {OTHER}
    assert report.rows[0].difference == 1.0 and "never gets" not in report.rows[0].cure
    small = compare(directory, {"args_0": np.int32([17, 5])}, model=model, signature=KEY)
    assert small.exit_status == 0


def test_the_cure_cures(export, tmp_path):
    model, _ = export(Remainder)
    spec = tf.TensorSpec((None,), tf.int32, name="args_0")
    model.export(tmp_path, verbose=False, input_signature=[spec])
    ids = {"args_0": np.int32([LARGE, 5])}
    report = compare(tmp_path, ids, model=model, signature=KEY)
    assert report.exit_status == 0 and compare(tmp_path, model=model).exit_status == 0
    assert "Compared with the model for serving_default: 2 values" in report.text()


@pytest.mark.parametrize("given", [None, {"args_0": ["red", "green"]}])
def test_a_model_of_texts_whose_export_takes_numbers(export, given):
    model, directory = export(Words)
    report = compare(directory, given, model=model, signature=KEY)
    assert statuses(report) == {FAILS}
    assert "input args_0 is float32; text cannot be given for it" in report.rows[1].error
    assert "tf.TensorSpec(SHAPE, tf.string" in report.rows[1].cure


@pytest.mark.parametrize("kind", [Network, Average, Table, Difference])
def test_models_that_whole_numbers_do_not_change(export, kind):
    model, directory = export(kind)
    report = compare(directory, model=model)
    assert statuses(report) == {SAME} and report.exit_status == 0, report
    assert all(one.truth == "the model" for one in report.evidence)


def test_an_export_that_is_older_than_the_weights(export, tmp_path):
    model, _ = export(Network)
    model.export(tmp_path, verbose=False)
    before = model.get_weights()
    model.set_weights([weight + 0.5 for weight in before])
    try:
        report = compare(tmp_path, model=model, signature=KEY)
    finally:
        model.set_weights(before)
    assert statuses(report) == {OTHER}
    assert all("older than the weights of the model" in row.cure for row in report.rows)


def test_functional_models_get_their_inputs_by_name(tmp_path):
    size, age = (keras.Input((1,), name=name) for name in ("size", "age"))
    model = keras.Model([size, age], [size + age, size - age])
    model.export(tmp_path, verbose=False)
    assert statuses(compare(tmp_path, model=model, signature=KEY)) == {SAME}
    swapped = lambda age, size: [size + age, age - size]  # noqa: E731
    report = compare(tmp_path, model=swapped, signature=KEY)
    assert statuses(report) == {OTHER} and report.rows[0].unequal == ("output_1",)


def test_each_signature_has_the_function_of_its_name(scaled):
    module, directory = scaled
    assert compare(directory, model=module).exit_status == 0
    wrong = {"double": lambda x: {"y": x * 3}, "total": module.total}
    report = compare(directory, model=wrong)
    assert {row.signature for row in report.rows if row.status == OTHER} == {"double"}
    one = compare(directory, model={"double": module.double})
    assert "total was compared between the readers only, not with the model." in one.notes


def test_outputs_of_other_names_and_shapes(scaled):
    _, directory = scaled
    report = compare(directory, model={"double": lambda x: {"y": x, "z": x}})
    assert "z is missing" in report.rows[0].error
    report = compare(directory, model={"double": lambda x: x[:1]})
    assert "y has the shape (3, 1), not (1, 1)" in report.rows[0].error


def test_a_model_that_refuses_all_inputs_proves_nothing(scaled):
    def refuses(x):
        raise OSError("not today")

    report = compare(scaled[1], model={"double": refuses}, signature="double")
    assert statuses(report) == {NOT_TRIED} and report.exit_status == 2
    assert "the model refuses all inputs that were made: OSError: not today" in report.rows[0].error
    assert "with the model" not in report.text()


def test_a_model_that_answers_differently_each_time(scaled):
    report = compare(scaled[1], model={"double": lambda x: np.random.random(x.shape)})
    assert "double answers differently each time: there is nothing to compare." in report.notes
    assert "double" not in report.golden()


WRONG = {
    # what: (model, words)
    "no function": (3, "the model of type int has no function for: double, total. Give a function"),
    "unknown key": ({"triple": len}, "'triple', but compared are: double, total"),
    "no call": ({"double": 3}, "the model for 'double' is no function, but of type int"),
    "parameters": ({"total": lambda a, b: a}, "takes a, b, the inputs of the signature are x, x_1"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_models(scaled, what):
    model, words = WRONG[what]
    with pytest.raises(WrongOption, match=words):
        compare(scaled[1], model=model)


def test_one_truth_at_a_time(scaled):
    module, directory = scaled
    with pytest.raises(WrongOption, match="one thing, not with original and model"):
        compare(directory, original=directory, model=module)


def test_methods_that_come_with_every_model_are_no_endpoints():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert model_calls.functions(model, ["predict", KEY]) == {KEY: model}
    assert model_calls.functions(len, ["score"]) == {"score": len}
    assert model_calls.functions(len, ["score", KEY]) == {KEY: len}


def test_inputs_are_numbered_in_order():
    names = [f"args_0_{n}" if n else "args_0" for n in range(12)]
    inputs = tuple(TensorInfo(name, "float32", (None,)) for name in sorted(names))
    signature = Signature(KEY, inputs, (TensorInfo("y", "float32", (None,)),))
    feed = {name: np.float32([n]) for n, name in enumerate(names)}
    got = model_calls.call(lambda values: np.concatenate(list(values.values())), signature, feed)
    assert got["y"].tolist() == list(range(12))
