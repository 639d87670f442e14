"""The command tells what a file is, who can use it and how to get an export, and runs no code."""

import json
import os
import shutil
import tarfile
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.readers import model_files
from helpers.readers.__main__ import main

layers, v1 = keras.layers, tf.compat.v1
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 123456789\n"


@keras.saving.register_keras_serializable("mine")
class Shift(layers.Layer):
    """A layer that the file names and does not hold."""

    def call(self, x):
        return x + 1


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


def field(number, value):
    """Encode one field of a protocol buffer: an int, a text, or a message."""
    if isinstance(value, int):
        return bytes([*varint(number << 3), *varint(value)])
    value = value.encode() if isinstance(value, str) else value
    return bytes([*varint(number << 3 | 2), *varint(len(value))]) + value


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
    graph += field(1, field(4, "Own") + field(7, "com.own"))
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


def test_an_onnx_file_names_the_operation_sets_that_it_uses(said, tmp_path):
    branch = field(1, field(4, "Deep") + field(7, "com.deep"))
    graph = field(1, field(4, "If") + field(5, field(1, "then_branch") + field(6, branch)))
    graph += field(1, field(4, "Twice") + field(7, "mine"))
    graph += field(12, onnx_value("y", 7, 1))
    inside = field(1, "Twice") + field(10, "mine") + field(7, field(4, "Add"))
    names = ("", "com.unused", "com.deep", "mine")
    sets = b"".join(field(8, field(1, name) + field(2, 1)) for name in names)
    (tmp_path / "price.onnx").write_bytes(field(1, 8) + field(7, graph) + sets + field(25, inside))
    text = said(tmp_path / "price.onnx")
    assert "It uses operations of com.deep, which not every runtime has." in text
    assert "com.unused" not in text, "no operation needs it"


def test_core_ml(said, tmp_path):
    content = field(1, 7) + field(2, field(1, field(1, "x"))) + field(502, field(1, 1))
    inside = tmp_path / "price.mlpackage" / "Data" / "com.apple.CoreML"
    inside.mkdir(parents=True)
    (inside / "model.mlmodel").write_bytes(content)
    (tmp_path / "price.mlpackage" / "Manifest.json").write_text("{}")
    for path in (tmp_path / "price.mlpackage", inside / "model.mlmodel"):
        text = said(path)
        assert text.startswith(path.name) and "with a model of Core ML." in text
        assert "macOS and iOS" in text and "model.export(DIRECTORY)" in text
    (tmp_path / "other.bin").write_bytes(content + field(503, field(1, 1)))
    assert "Core ML" not in said(tmp_path / "other.bin"), "it would be two models"


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
