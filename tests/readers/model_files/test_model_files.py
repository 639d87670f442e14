"""The command tells what a file is, who can use it and how to get an export, and runs no code."""

import json
import os
import re
import shutil
import tarfile
import zipfile

import flatbuffers
import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from helpers.readers import model_files
from helpers.readers.__main__ import main

layers, v1 = keras.layers, tf.compat.v1
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 123456789\n"


@keras.saving.register_keras_serializable("mine")
class Shift(layers.Layer):
    """A layer that the file names and does not hold."""

    def call(self, x):
        return x + 1


def forbidden(*_, **__):
    raise AssertionError("the model was loaded")


@pytest.fixture(scope="module")
def model():
    stack = [keras.Input((8,), name="x"), layers.Dense(4), layers.Dense(2)]
    model = keras.Sequential(stack)
    model.compile("adam", "mse")
    return model


@pytest.fixture(scope="module")
def export(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "price" / "1"
    model.export(folder, verbose=False)
    return folder


@pytest.fixture
def said(capsys, monkeypatch):
    """A function of a path: what the command prints, with exit status 2 and nothing loaded."""
    monkeypatch.setattr(keras.models, "load_model", forbidden)
    monkeypatch.setattr(keras.saving, "load_model", forbidden)
    monkeypatch.setattr(tf.saved_model, "load", forbidden)

    def ask(path):
        capsys.readouterr()
        assert main([str(path)]) == 2
        out, error = capsys.readouterr()
        assert "Traceback" not in out + error and not error
        return out

    return ask


def test_a_keras_file(said, model, tmp_path):
    model.save(tmp_path / "price.keras")
    text = said(tmp_path / "price.keras")
    assert f"price.keras is a Keras model (Sequential), saved by Keras {keras.__version__}" in text
    assert "It takes x: float32 (None, 8)." in text
    assert "TensorFlow Serving, LiteRT and the C API cannot" in text
    assert 'tf.keras.models.load_model("price.keras").export(DIRECTORY)' in text
    assert "Python code" not in text, "it needs none"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "FILE"],
        ["FILE", "--json"],
        ["--rescue", "new", "FILE"],
        ["--rescue=new", "FILE"],
        ["FILE", "--rescue", "new"],
        ["--seconds", "soon", "--inputs", "none.npz", "FILE"],
        ["FILE", "--quiet"],
    ],
)
def test_a_file_is_found_wherever_the_options_stand(capsys, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "price.keras").write_text(POINTER)
    assert main(["price.keras" if word == "FILE" else word for word in arguments]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("price.keras is a Git LFS pointer") and not said.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("arguments", [["--inputs", "price.keras"], ["price.keras", "--rescue"]])
def test_a_file_that_is_no_directory_of_the_command_is_not_described(
    capsys, tmp_path, monkeypatch, arguments
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "price.keras").write_text(POINTER)
    assert main(arguments) == 2
    assert capsys.readouterr().out.startswith("usage: ")


def test_code_that_a_keras_file_needs_is_named_and_not_run(said, tmp_path):
    double = layers.Lambda(lambda x: x * 2)
    keras.Sequential([keras.Input((3,)), Shift(), double]).save(tmp_path / "own.keras")
    text = said(tmp_path / "own.keras")
    assert "the file does not hold: mine>Shift. Import that code first" in text
    assert "Lambda layer, which is Python code" in text and "safe_mode=False" in text


def test_a_whole_model_in_hdf5(said, model, tmp_path):
    model.save(tmp_path / "price.h5")
    text = said(tmp_path / "price.h5")
    assert "price.h5 is a Keras model (Sequential), saved by Keras 3" in text
    assert "x: float32 (None, 8)" in text


def test_a_whole_model_of_keras_2(said, tmp_path):
    entry = {"name": "x", "dtype": "float32", "batch_input_shape": [None, 4], "sparse": False}
    stack = [
        {"class_name": "InputLayer", "config": entry},
        {"class_name": "Dense", "config": {"name": "dense", "units": 2}},
        {"class_name": "Swirl", "config": {"name": "swirl"}},
    ]
    with h5py.File(tmp_path / "old.h5", "w") as file:
        config = {"class_name": "Sequential", "config": {"name": "s", "layers": stack}}
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = b"2.11.0"
        file.create_group("model_weights")
    text = said(tmp_path / "old.h5")
    assert "saved by Keras 2.11.0" in text and "x: float32 (None, 4)" in text
    assert "does not hold: Swirl." in text, "Dense and InputLayer are Keras's own"
    assert "install tf_keras, set the variable TF_USE_LEGACY_KERAS=1" in text


def test_weights_of_keras_3_and_of_keras_2(said, model, tmp_path):
    model.save_weights(tmp_path / "price.weights.h5")
    text = said(tmp_path / "price.weights.h5")
    assert "4 arrays of weights (46 numbers), written by save_weights of Keras 3" in text
    assert 'model.load_weights("price.weights.h5")' in text
    shutil.copy(tmp_path / "price.weights.h5", tmp_path / "price.h5")
    assert "only if its name ends in .weights.h5" in said(tmp_path / "price.h5")
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        file["dense/kernel"] = np.zeros((4, 2))
    text = said(tmp_path / "old.h5")
    assert "holds 1 array of weights (8 numbers), written by save_weights of Keras 2" in text


def test_the_content_decides_and_not_the_ending(said, model, export, tmp_path):
    model.save(tmp_path / "price.keras")
    shutil.move(tmp_path / "price.keras", tmp_path / "price.zip")
    text = said(tmp_path / "price.zip")
    assert "is a Keras model" in text and "only if its name ends in .keras or .h5" in text
    with h5py.File(tmp_path / "arrays.keras", "w") as file:
        file["measured"] = [1.0]
    assert "an HDF5 file, but not one of Keras: it holds measured" in said(
        tmp_path / "arrays.keras"
    )


@pytest.mark.parametrize(("saved", "wrong"), [("keras", "h5"), ("h5", "keras"), ("h5", "bin")])
def test_keras_goes_by_the_ending(said, model, tmp_path, monkeypatch, saved, wrong):
    monkeypatch.chdir(tmp_path)
    model.save(f"price.{saved}")
    shutil.move(f"price.{saved}", f"price.{wrong}")
    text = said(f"price.{wrong}")
    assert f"Name it price.{saved}, because Keras takes the ending" in text
    more = ", compile=False" if saved == "h5" else ""
    assert f'load_model("price.{saved}"{more})' in text
    monkeypatch.undo()  # `said` forbids load_model
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, OSError)):
        keras.saving.load_model(f"price.{wrong}", compile=False)
    shutil.move(f"price.{wrong}", f"price.{saved}")
    loaded = keras.saving.load_model(f"price.{saved}", compile=False)
    assert loaded.count_params() == model.count_params()


def test_an_unpacked_keras_file(said, model, tmp_path):
    model.save(tmp_path / "price.keras")
    with zipfile.ZipFile(tmp_path / "price.keras") as archive:
        archive.extractall(tmp_path / "price")
    text = said(tmp_path / "price")
    assert "price is a Keras model (Sequential)" in text and "unpacked in a folder" in text
    assert 'load_model("price")' in text and "Name it" not in text


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


def field(number, value):
    """Encode one field of a protocol buffer: an int, a text, or a message."""
    if isinstance(value, int):
        return bytes([number << 3, *varint(value)])
    value = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, *varint(len(value))]) + value


def varint(value):
    out = []
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return [*out, value]


def onnx_value(name, dtype, *sizes):
    shape = b"".join(
        field(1, field(2, size) if isinstance(size, str) else field(1, size)) for size in sizes
    )
    return field(1, name) + field(2, field(1, field(1, dtype) + field(2, shape)))


def test_an_onnx_file(said, tmp_path):
    weight = field(1, 300) + field(2, 1) + field(8, "w") + field(9, bytes(1200))
    graph = field(5, weight) + field(11, onnx_value("w", 1, 300))
    graph += field(11, onnx_value("x", 1, "batch", 8)) + field(12, onnx_value("y", 7, 1, 200))
    sets = field(8, field(1, "") + field(2, 18)) + field(8, field(1, "com.own") + field(2, 1))
    content = field(1, 8) + field(2, "made by hand") + field(7, graph) + sets
    (tmp_path / "price.onnx").write_bytes(content)
    lines = said(tmp_path / "price.onnx").splitlines()
    assert lines[:3] == [
        "price.onnx is an ONNX model (operation set 18), written by made by hand.",
        "    in   x: float32 (batch, 8)",
        "    out  y: int64 (1, 200)",
    ]
    assert "ONNX Runtime" in lines[3] and "operations of com.own" in lines[3]
    (tmp_path / "cut.onnx").write_bytes(content[:-50])
    assert "cut.onnx is damaged or incomplete: an ONNX model" in said(tmp_path / "cut.onnx")


def test_a_frozen_graph(said, tmp_path):
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, 2], name="pixels")
        tf.multiply(x, 2.0, name="doubled")
    (tmp_path / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())
    text = said(tmp_path / "frozen.pb")
    assert "a graph of TensorFlow 1 (GraphDef)" in text
    assert "It takes pixels and gives doubled" in text and "simple_save" in text


def test_a_checkpoint_of_tensorflow_2(said, tmp_path):
    tf.train.Checkpoint(w=tf.Variable([1.0, 2.0])).write(str(tmp_path / "model.ckpt"))
    prefix = said(tmp_path / "model.ckpt")
    assert "model.ckpt is the prefix of a checkpoint of TensorFlow 2" in prefix
    assert 'tf.train.Checkpoint(...).restore("model.ckpt")' in prefix
    for name in ("model.ckpt.index", "model.ckpt.data-00000-of-00001"):
        assert f"{name} is a file of the checkpoint model.ckpt of TensorFlow 2" in said(
            tmp_path / name
        )
    assert f"{tmp_path.name}/ holds 1 checkpoint of TensorFlow 2" in said(tmp_path)
    (tmp_path / "model.ckpt.data-00000-of-00001").unlink()
    assert "The data is missing: no file model.ckpt.data-*" in said(tmp_path / "model.ckpt")


def test_a_checkpoint_of_tensorflow_1_has_its_graph_beside_it(said, tmp_path):
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("w", initializer=2.0)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    for name in ("model.ckpt", "model.ckpt.meta", "checkpoint"):
        text = said(tmp_path / name)
        assert "of TensorFlow 1" in text
        assert 'tf.compat.v1.train.import_meta_graph("model.ckpt.meta")' in text


def test_pointers_and_web_pages(said, export, tmp_path):
    (tmp_path / "price.keras").write_text(POINTER)
    text = said(tmp_path / "price.keras")
    assert "price.keras is a Git LFS pointer: a short text in place of a file of 120 MB" in text
    assert "git lfs pull" in text
    (tmp_path / "price.tflite").write_text("\n<!DOCTYPE html>\n<html></html>")
    assert "price.tflite is a web page (HTML)" in said(tmp_path / "price.tflite")
    for name in ("saved_model.pb", "variables/variables.data-00000-of-00001"):
        copy = tmp_path / name.split("/")[-1].split(".")[0] / "export"
        shutil.copytree(export, copy)
        (copy / name).write_text(POINTER)
        assert f"in place of 1 file: {name} of 120 MB" in said(copy)


def test_a_pointer_that_an_editor_has_changed(said, tmp_path):
    content = b"\xef\xbb\xbf" + POINTER.replace("\n", "\r\n").encode()
    (tmp_path / "price.h5").write_bytes(content)
    assert "price.h5 is a Git LFS pointer" in said(tmp_path / "price.h5")


@pytest.mark.parametrize(
    "content", ["404: Not Found", '{"error": "no such repository"}', "<Error>é denied</Error>\n"]
)
@pytest.mark.parametrize("name", ["price.h5", "price.tflite", "price.keras", "price.pb"])
def test_the_message_of_a_failed_download(said, tmp_path, content, name):
    (tmp_path / name).write_text(content, encoding="utf-8")
    text = said(tmp_path / name)
    assert f"{name} is a text, not a model. It begins with " in text
    assert content.strip() in text and "download the file again" in text


def test_a_file_of_zeros(said, tmp_path):
    (tmp_path / "price.h5").write_bytes(bytes(4096))
    assert "It begins with zeros, as a file does whose download" in said(tmp_path / "price.h5")


def test_the_graph_of_an_export_under_another_name(said, export, tmp_path):
    shutil.copy(export / "saved_model.pb", tmp_path / "price.pb")
    text = said(tmp_path / "price.pb")
    assert "price.pb is the graph of an export (SavedModel) under another name" in text


def test_a_graph_as_text(said, tmp_path):
    with tf.Graph().as_default() as graph:
        v1.placeholder(tf.float32, [None, 2], name="pixels")
    (tmp_path / "graph.pbtxt").write_text(str(graph.as_graph_def()))
    text = said(tmp_path / "graph.pbtxt")
    assert "graph.pbtxt is a graph of TensorFlow 1 (GraphDef), written as text" in text
    (line,) = re.findall(r"google\S+\(TEXT, \S+\(\)\)\.\w+\(\)", text)
    written = str(graph.as_graph_def())
    content = eval(
        line, {"google": __import__("google.protobuf.text_format"), "TEXT": written} | {"tf": tf}
    )
    (tmp_path / "graph.pb").write_bytes(content)
    assert "It takes pixels" in said(tmp_path / "graph.pb")


IR = """<?xml version="1.0"?>
<net name="model" version="11"><layers>
<layer id="0" name="x" type="Parameter" version="opset1">
<data shape="?,8" element_type="f32" /></layer>
<layer id="1" name="w" type="Const" version="opset1">
<data element_type="f16" shape="8,2" offset="0" size="32" /></layer>
</layers></net>"""


def test_a_model_of_openvino(said, tmp_path):
    (tmp_path / "price.xml").write_text(IR)
    text = said(tmp_path / "price.xml")
    assert "price.xml is a model of OpenVINO (IR). It takes x: f32 (?, 8)." in text
    assert "Its weights, price.bin, are missing." in text
    (tmp_path / "price.bin").write_bytes(bytes(32))
    text = said(tmp_path / "price.xml")
    assert "Its weights are float16" in text and "compress_to_fp16=False" in text
    (tmp_path / "price.xml").write_text(IR.replace("f16", "f32"))
    assert "float16" not in said(tmp_path / "price.xml")
    assert "weights of the OpenVINO model price.xml" in said(tmp_path / "price.bin")


def test_a_model_of_tensorflow_js(said, tmp_path):
    content = {"format": "layers-model", "modelTopology": {}, "weightsManifest": [{"paths": ["w"]}]}
    (tmp_path / "model.json").write_text(json.dumps(content))
    text = said(tmp_path / "model.json")
    assert "model.json is a model of TensorFlow.js ('layers-model')" in text
    assert "Files with its weights are missing: w." in text
    for content in ("[]", '{"modelTopology": 1, "weightsManifest": 3}', '{"a": 1}'):
        (tmp_path / "model.json").write_text(content)
        assert "model.json" in said(tmp_path / "model.json")


def test_folders_and_links_without_an_export(said, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "empty/ is a folder without an export" in said(tmp_path / "empty")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    text = said(tmp_path / "notes")
    assert "it has no saved_model.pb; it holds a.txt." in text and "model.export(DIRECTORY)" in text
    (tmp_path / "latest").symlink_to(tmp_path / "gone")
    assert "latest is a link, and nothing is at the place" in said(tmp_path / "latest")
    os.mkfifo(tmp_path / "pipe")
    assert "pipe is neither a file nor a folder" in said(tmp_path / "pipe")


def test_folders_above_and_below_an_export(said, export, tmp_path):
    above = said(export.parent)
    assert "price/ is the folder of a model with 1 version (1)" in above
    assert f"Give one of them, for example {export}" in above
    shutil.copytree(export, tmp_path / "b" / "c")
    shutil.copytree(export, tmp_path / "a")
    assert "2 exports lie below it: a, b/c" in said(tmp_path)
    below = said(export / "variables")
    assert (
        "variables/ is a part of the export 1/. No reader can use a part. Give the folder" in below
    )
    assert str(export) in below and str(export) in said(export / "saved_model.pb")


def test_the_newest_version_is_the_example(said, export, tmp_path):
    for version in ("2", "10", "9"):
        shutil.copytree(export, tmp_path / version)
    assert said(tmp_path).strip().endswith(f"for example {tmp_path / '10'}")


def test_a_folder_of_model_files_and_an_export_as_text(said, model, tmp_path):
    model.save(tmp_path / "price.keras")
    assert "holds 1 model file: price.keras" in said(tmp_path)
    (tmp_path / "saved_model.pbtxt").write_text("saved_model_schema_version: 1")
    assert "written as text (saved_model.pbtxt)" in said(tmp_path)


def test_archives(said, model, export, tmp_path):
    shutil.make_archive(str(tmp_path / "price"), "zip", export.parent)
    text = said(tmp_path / "price.zip")
    assert "price.zip is a zip archive with 1 export in it: 1." in text and "unpack it" in text
    with tarfile.open(tmp_path / "hub.tar.gz", "w:gz") as archive:
        archive.add(export, ".")
    assert "hub.tar.gz is a tar archive with 1 export in it." in said(tmp_path / "hub.tar.gz")
    model.save(tmp_path / "price.keras")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.write(tmp_path / "price.keras", "models/price.keras")
    assert "1 model file in it (models/price.keras)" in said(tmp_path / "two.zip")
    np.savez(tmp_path / "arrays.npz", a=[1.0])
    assert "holds arrays of NumPy (a.npy), not a model" in said(tmp_path / "arrays.npz")
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/data.pkl", b"cos\nsystem\n")
    assert "net.pt is a PyTorch file" in said(tmp_path / "net.pt")


class Exits:
    """A pickle that ends the process when it is opened."""

    def __reduce__(self):
        return os._exit, (1,)


def test_formats_of_other_libraries_are_not_opened(said, model, tmp_path):
    import pickle

    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Exits()))
    assert "model.pkl is a pickle" in said(tmp_path / "model.pkl")
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    content = len(header).to_bytes(8, "little") + header + bytes(4)
    (tmp_path / "w.safetensors").write_bytes(content)
    assert "is a safetensors file" in said(tmp_path / "w.safetensors")
    (tmp_path / "price.json").write_text(model.to_json())
    assert "the architecture of a Keras model (Sequential) as JSON" in said(tmp_path / "price.json")


@pytest.mark.parametrize("ending", ["keras", "h5", "tflite"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.95])
def test_files_that_are_cut_short(said, model, export, tmp_path, ending, kept):
    whole = tmp_path / f"whole.{ending}"
    if ending == "tflite":
        whole.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(export)).convert())
    else:
        model.save(whole)
    content = whole.read_bytes()
    cut = tmp_path / f"cut.{ending}"
    cut.write_bytes(content[: max(20, int(kept * len(content)))])
    text = said(cut)
    assert "cut." in text and ("is damaged or incomplete" in text or "is a LiteRT model" in text)


def test_other_files_and_nothing(said, tmp_path):
    (tmp_path / "empty.h5").touch()
    assert "empty.h5 is an empty file" in said(tmp_path / "empty.h5")
    (tmp_path / "noise").write_bytes(np.random.default_rng(0).bytes(5000))
    assert "noise is a file of 5.0 kB. It is not one of the formats" in said(tmp_path / "noise")
    assert model_files.describe(tmp_path / "none") == "", "compare has words for it"


def test_an_export_is_left_to_the_readers(export):
    assert model_files.describe(export) == ""


def test_names_cannot_move_the_cursor(said, tmp_path):
    (tmp_path / "a\x1b[31m.keras").write_text(POINTER)
    assert "\x1b" not in said(tmp_path / "a\x1b[31m.keras")
