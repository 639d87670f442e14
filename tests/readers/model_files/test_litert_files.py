"""What the command says of LiteRT files: it opens each in the interpreter and calls it."""

import re

import flatbuffers
import keras
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

layers = keras.layers


def litert(export, tmp_path, change=lambda model: None):
    """Write price.tflite from an export, after a change of its parts."""
    content = tf.lite.TFLiteConverter.from_saved_model(str(export)).convert()
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    change(model)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    (tmp_path / "price.tflite").write_bytes(bytes(builder.Output()))
    return tmp_path / "price.tflite"


def test_a_litert_file_is_opened_and_called(said, export, tmp_path):
    text = said(litert(export, tmp_path))
    assert "The LiteRT interpreter opens it, and answers to made inputs." in text
    assert "Its numbers were not compared." in text


def test_a_litert_file_that_the_interpreter_refuses(said, export, tmp_path):
    def unknown_operation(model):
        for code in model.operatorCodes:
            code.builtinCode, code.customCode = schema.BuiltinOperator.CUSTOM, b"Mine"

    text = said(litert(export, tmp_path, unknown_operation))
    assert "The LiteRT interpreter opens it, but fails in serving_default with made inputs" in text
    assert "custom operations (Mine) that the program must register" in text

    def no_tensor(model):
        model.subgraphs[0].outputs = [9999]

    text = said(litert(export, tmp_path, no_tensor))
    assert "answers to made inputs" not in text
    assert re.search("cannot open it|but fails in|is damaged or incomplete", text)


def no_signature(model):
    model.signatureDefs = []


def test_a_litert_file_without_signatures_is_called_by_the_indices(said, export, tmp_path):
    def unknown_operation(model):
        no_signature(model)
        for code in model.operatorCodes:
            code.builtinCode, code.customCode = schema.BuiltinOperator.CUSTOM, b"Mine"

    def one_name(model):
        no_signature(model)
        graph = model.subgraphs[0]
        for index in [*graph.inputs, *graph.outputs]:
            graph.tensors[index].name = b""

    for change in no_signature, one_name:
        text = said(litert(export, tmp_path, change))
        assert "with no signature" in text and "opens it, and answers to made inputs." in text
    text = said(litert(export, tmp_path, unknown_operation))
    assert "opens it, but fails with made inputs" in text and "unresolved custom op: Mine" in text
    assert "Other sizes" not in text, "no input helps"


def test_a_custom_operation_that_the_interpreter_knows(said, tmp_path):
    """LiteRT ships a few custom operations, so only a call tells what a program must register."""

    def renamed(model):
        for code in model.operatorCodes:
            code.builtinCode = schema.BuiltinOperator.CUSTOM
            code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
            code.customCode = b"Convolution2DTransposeBias"
        for operation in model.subgraphs[0].operators:
            graph, (kernel, data) = model.subgraphs[0], operation.inputs[1:3]
            channels = graph.tensors[operation.outputs[0]].shape[-1]
            bias = schema.TensorT()
            bias.shape, bias.type, bias.name = [channels], schema.TensorType.FLOAT32, b"bias"
            zeros = schema.BufferT()
            zeros.data = list(bytes(4 * int(channels)))
            model.buffers.append(zeros)
            bias.buffer = len(model.buffers) - 1
            graph.tensors.append(bias)
            operation.inputs = [data, kernel, len(graph.tensors) - 1]
            operation.builtinOptionsType, operation.builtinOptions = 0, None
            operation.customOptions = [1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]  # padding, strides

    module = tf.Module()
    kernel = tf.ones((2, 2, 3, 4))
    module.f = tf.function(
        lambda x: tf.nn.conv2d_transpose(x, kernel, (1, 8, 8, 3), 2),
        input_signature=[tf.TensorSpec((1, 4, 4, 4), tf.float32, name="x")],
    )
    tf.saved_model.save(module, tmp_path / "grow", signatures=module.f)
    text = said(litert(tmp_path / "grow", tmp_path, renamed))
    assert "opens it, and answers to made inputs." in text
    assert "(Convolution2DTransposeBias). The interpreter in Python knows them" in text


def test_larger_sizes_are_tried_where_the_first_are_refused(said, tmp_path):
    def windows(length):
        module = tf.Module()
        module.f = tf.function(
            lambda x: {"y": tf.reshape(x[:, :length], (-1, length))},
            input_signature=[tf.TensorSpec((None, None), tf.float32, name="x")],
        )
        tf.saved_model.save(module, tmp_path / str(length), signatures=module.f)
        return said(litert(tmp_path / str(length), tmp_path))

    sizes = "answers to made inputs of 1 row and 640 for each other open size; it refuses 8."
    assert sizes in windows(512)
    text = windows(10007)
    assert "but fails in serving_default with made inputs" in text
    assert "Other sizes and values were not tried, and may work." in text


def test_a_litert_file_with_texts(said, tmp_path):
    words = keras.Input((1,), dtype="string", name="words")
    stack = keras.Model(words, layers.StringLookup(vocabulary=["red"])(words))
    stack.export(tmp_path / "words", verbose=False)
    assert "answers to made inputs" in said(litert(tmp_path / "words", tmp_path))


def test_a_litert_file_with_signatures(said, export, tmp_path):
    content = tf.lite.TFLiteConverter.from_saved_model(str(export)).convert()
    (tmp_path / "price.tflite").write_bytes(content)
    lines = said(tmp_path / "price.tflite").splitlines()
    assert lines[0] == "price.tflite is a LiteRT model (TensorFlow Lite) with 1 signature."
    assert lines[1:4] == [
        "  serving_default",
        "    in   x: float32 (None, 8)",
        "    out  output_0: float32 (None, 2)",
    ]
    assert "TensorFlow Serving cannot." in lines[4] and "model.export(DIRECTORY)" in lines[5]


def test_a_litert_file_without_signatures_and_with_operations_of_tensorflow(said, tmp_path):
    module = tf.Module()
    square = tf.TensorSpec((2, 2), tf.float32, name="x")
    module.f = tf.function(tf.linalg.det, input_signature=[square])
    tf.saved_model.save(module, tmp_path / "det", signatures=module.f)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "det"))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    model = schema.ModelT.InitFromPackedBuf(bytearray(converter.convert()), 0)
    model.signatureDefs = []
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    (tmp_path / "det.tflite").write_bytes(bytes(builder.Output()))
    text = said(tmp_path / "det.tflite")
    assert "with no signature. Without a signature, call it by the index of a tensor" in text
    assert "operations of TensorFlow (Identity, MatrixDeterminant)" in text
    assert "float32 (2, 2)" in text and "float32 ()" in text
