"""Why LiteRT refuses an export is told whole, and the cures that are told do cure."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.artifact import Signature, TensorInfo
from helpers.readers import compare, litert_reasons
from helpers.readers.explanations import explained
from helpers.readers.litert_interpreter import open_litert
from helpers.readers.outcomes import FAILS

layers, KEY = keras.layers, "serving_default"


def export(model, directory, **options):
    model.export(directory, verbose=False, **options)
    return directory


def module(directory, function, shape, dtype=tf.float32):
    made = tf.Module()
    made.f = tf.function(function, input_signature=[tf.TensorSpec(shape, dtype, name="x")])
    tf.saved_model.save(made, directory, signatures=made.f)
    return directory


def recurrent(kind, **options):
    layer = getattr(layers, kind)(4, name="reader", **options)
    return keras.Sequential([keras.Input((6, 3), name="seq"), layer, layers.Dense(1)])


def mixed(policy):
    dense = layers.Dense(4, name="mix", dtype=policy)
    return keras.Sequential([keras.Input((3,), name="x"), dense, layers.Dense(1, dtype="float32")])


def attention():
    x = keras.Input((None, 8), name="seq")
    layer = layers.MultiHeadAttention(2, 4, name="look")
    return keras.Model(x, layer(x, x, use_causal_mask=True))


def quantized():
    model = keras.Sequential([keras.Input((8,), name="x"), layers.Dense(4, name="small")])
    model.quantize("int8")
    return model


def texts():
    lookup = layers.TextVectorization(vocabulary=["red"], name="words")
    return keras.Sequential([keras.Input((1,), dtype="string"), lookup])


def determinant(x):
    return tf.linalg.det(tf.linalg.diag(x))


REASONS = {
    # what: (writes an export, words of the reason, words of the cure)
    "LSTM": (
        lambda d: export(recurrent("LSTM"), d),
        [
            "TensorListReserve (in layer ",
            "/reader) needs a fixed shape",
            "Open axes of the signature: axis 0 of seq",
        ],
        ["Export with one row", "unroll=True"],
    ),
    "GRU": (
        lambda d: export(recurrent("GRU"), d),
        ["TensorListReserve (in layer ", "/reader) needs", "axis 0 of seq."],
        ["Export with one row"],
    ),
    "causal attention": (
        lambda d: export(attention(), d),
        ["StridedSlice for bool", "(in layer look)", "axis 0 of seq, axis 1 of seq"],
        ["fixed size for an open axis"],
    ),
    "float16": (
        lambda d: export(mixed("mixed_float16"), d),
        ["MatMul, BiasAdd for float16 (in layer ", "/mix)"],
        ["dtype policy float32"],
    ),
    "bfloat16": (
        lambda d: export(mixed("mixed_bfloat16"), d),
        ["MatMul", "for bfloat16", "mix"],
        ["few operations for bfloat16", "dtype policy float32"],
    ),
    "float64": (
        lambda d: module(d, lambda x: x @ tf.ones((2, 2), tf.float64), (None, 2), tf.float64),
        ["MatMul for float64"],
        ["few operations for float64"],
    ),
    "int8": (
        lambda d: export(quantized(), d),
        ["fully_connected", "int8", "small", "32-bit float"],
        ["before it is quantised"],
    ),
    "text": (
        lambda d: export(texts(), d),
        ["StringLower", "for string", "words"],
        ["endpoint of its own"],
    ),
    "a list of texts": (
        lambda d: module(d, lambda x: tf.map_fn(tf.identity, x), (None,), tf.string),
        ["TensorListReserve (in map) keeps a list of values that are neither integers nor floats"],
        ["endpoints of their own", "No size of an input helps"],
    ),
    "no such operation": (
        lambda d: module(d, determinant, (None, 2)),
        ["The converter cannot express MatrixDeterminant for float32"],
        ["fewer operations than TensorFlow"],
    ),
}


@pytest.mark.parametrize("what", REASONS)
def test_the_reason_is_told_whole_and_with_its_own_cure(tmp_path, what):
    write, reason, cure = REASONS[what]
    (*_, row) = compare.compare(write(tmp_path / "export")).rows
    assert (row.reader, row.status) == ("litert", FAILS)
    for word in reason:
        assert word in row.error
    for word in cure:
        assert word in row.cure
    assert "…" not in row.error and "loc(" not in row.error and "MLIR" not in row.error
    fixed = {"LSTM", "GRU", "causal attention"}
    assert ("Open axes" in row.error) == (what in fixed), "only where a size could help"


def test_the_message_of_the_converter_follows_the_reason(tmp_path):
    directory = module(tmp_path / "export", determinant, (None, 2))
    with pytest.raises(readers.ReaderError) as caught:
        readers.run(directory, KEY, {"x": [[1, 2]]}, "litert")
    reason, found, message = str(caught.value).partition(litert_reasons.SAYS)
    assert reason.startswith("ConverterError: ") and "MatrixDeterminant" in reason
    assert found and "is neither a custom op nor a flex op" in message


def test_other_errors_are_shown_as_before():
    long = "ValueError: " + "word " * 100
    assert explained(long)[0] == long[:158].rstrip() + " …"
    assert explained("ValueError: short") == ("ValueError: short", "")


@pytest.mark.parametrize(
    ("place", "variables", "layer"),
    [
        ("model/lstm", ["model/lstm/kernel"], "layer model/lstm"),
        ("model_1/lstm_1", ["model/lstm/kernel"], "layer model/lstm"),
        ("model_1/lstm_1", ["model_1/lstm_1/kernel", "model/lstm/bias"], "layer model_1/lstm_1"),
        (
            "model_3_1/two_1/back_1_1",
            ["model_3/two/back_1/cell/kernel"],
            "layer model_3/two/back_1",
        ),
        ("model_1/look_1", ["look/query/kernel"], "layer look"),
        ("model/dense_1", ["dense_1/kernel"], "layer dense_1"),
        # The second call of dense, or the first call of dense_1: nothing tells.
        ("model_1/dense_1", ["dense/kernel", "dense_1/kernel"], "model_1/dense_1"),
        ("model_1/words_1", ["dense/kernel"], "model_1/words_1"),
        ("", ["dense/kernel"], ""),
    ],
)
def test_a_layer_is_named_where_it_is_certain(place, variables, layer):
    assert litert_reasons._layer(place, variables) == layer


def test_operations_that_only_the_list_at_the_end_names():
    message = (
        "Some ops in the model are custom ops, See instructions to implement custom ops: \n"
        "Custom ops: Bucketize, MyOwn\nDetails:\n"
        "\ttf.Bucketize(tensor<?x1xf32>) -> (tensor<?x1xi32>) : {boundaries = []}\n"
    )
    reason = litert_reasons.reason(message, [])
    assert reason == (
        "The converter cannot express Bucketize for float32. The converter cannot express MyOwn."
    )


def test_a_message_of_an_unknown_form_keeps_its_last_words():
    signature = Signature(KEY, (TensorInfo("x", "float32", (None, 2)),), ())
    message = '<unknown>:0: error: loc("a/b"): out of luck\n<unknown>:0: note: loc("c"): called'
    assert litert_reasons.reason(message, [signature]).endswith("out of luck")
    assert litert_reasons.reason("", [signature]) == ""


# What the cures say


def litert(directory, feed):
    (answer,) = readers.run(directory, KEY, feed, "litert").values()
    return answer


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_one_row_and_unrolling_cure_a_recurrent_layer(tmp_path, kind):
    x = np.random.default_rng(0).normal(size=(1, 6, 3)).astype(np.float32)
    model, unrolled = recurrent(kind), recurrent(kind, unroll=True)
    unrolled.set_weights(model.get_weights())
    spec = keras.InputSpec(shape=(1, 6, 3), dtype="float32", name="seq")
    one = export(model, tmp_path / "one", input_signature=[spec])
    right = model(x).numpy()
    np.testing.assert_allclose(litert(one, {"seq": x}), right, rtol=1e-4, atol=1e-6)
    open_rows = export(unrolled, tmp_path / "unrolled")
    three = np.concatenate([x, 2 * x, 3 * x])
    right = model(three).numpy()
    np.testing.assert_allclose(litert(open_rows, {"seq": three}), right, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_a_float32_model_with_the_same_weights_cures_mixed_precision(tmp_path, policy):
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    model, copy = mixed(policy), mixed("float32")
    copy.set_weights(model.get_weights())
    right = copy(x).numpy()
    got = litert(export(copy, tmp_path / "copy"), {"x": x})
    np.testing.assert_allclose(got, right, rtol=1e-4, atol=1e-6)


def test_litert_quantises_the_model_as_it_was_before(tmp_path):
    x = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    model = keras.Sequential([keras.Input((8,), name="x"), layers.Dense(4)])
    converter = tf.lite.TFLiteConverter.from_saved_model(str(export(model, tmp_path / "float")))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    runner = open_litert(converter.convert()).get_signature_runner(KEY)
    (got,) = runner(x=x).values()
    np.testing.assert_allclose(got, model(x).numpy(), atol=0.1)
