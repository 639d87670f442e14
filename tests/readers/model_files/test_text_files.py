"""What the command says of texts, links and folders without a model."""

import json
import os
import re
import shutil

import pytest
import tensorflow as tf
from google.protobuf import text_format

v1 = tf.compat.v1
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 123456789\n"


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
    (line,) = re.findall(r"text_format.Parse\(TEXT, \S+\(\)\)\.\w+\(\)", text)
    names = {"text_format": text_format, "tf": tf, "TEXT": str(graph.as_graph_def())}
    content = eval(line, names)
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
