"""ONNX files are opened before they are called converted, and the reasons and cures are right."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import readers, runtimes
from helpers.paths import ROOT, RUNTIMES
from helpers.processes.clean_process import ReaderError
from helpers.readers import model_files
from helpers.readers.compare import compare
from helpers.readers.outcomes import FAILS, SAME
from helpers.runtimes import conversions, onnx_runtime
from helpers.runtimes.parity import parity
from tests.readers.model_files.test_model_files import field, onnx_value
from tests.readers.test_compiled_programs import compiled
from tests.runtimes.exports import KEY, doubles, exports, folder, need

layers = keras.layers


@pytest.fixture(scope="module", autouse=True)
def onnx():
    need("onnx")
    yield
    onnx_runtime.process.stop()


def sequential(name, *stack):
    keras.utils.set_random_seed(1)
    keras.Sequential(stack).export(folder() / name, verbose=False)
    return folder() / name


def dense(name, activation):
    return sequential(name, keras.Input((8,), name="x"), layers.Dense(16, activation))


def lookup(name, **options):
    words = keras.Input((1,), dtype="string", name="words")
    return sequential(name, words, layers.StringLookup(vocabulary=["red", "green"], **options))


def approximate(x):
    return keras.activations.gelu(x, approximate=True)


def test_a_file_that_the_runtime_refuses_is_not_converted():
    with pytest.raises(ReaderError, match="No Op registered for Erfc"):
        runtimes.convert(dense("gelu", "gelu"), "onnx")
    with pytest.raises(ReaderError, match="No Op registered for StringToHashBucketFast"):
        runtimes.signatures(lookup("hashed", num_oov_indices=3), "onnx")
    (row,) = [row for row in parity(folder() / "gelu").rows if row.runtime == "onnx"]
    assert (row.status, row.crossed) == ("FAILS", 0) and "Erfc" in row.note


def test_the_other_signatures_are_kept_in_a_folder_of_their_own():
    archive = keras.export.ExportArchive()
    for name, activation in (("exact", "gelu"), ("fast", approximate)):
        model = keras.Sequential([keras.Input((2,)), layers.Dense(3, activation)])
        archive.track(model)
        archive.add_endpoint(name, model.call, [tf.TensorSpec((None, 2), tf.float32, name="x")])
    archive.write_out(folder() / "both gelus", verbose=False)
    made = runtimes.convert(folder() / "both gelus", "onnx")
    assert made.name == "onnx"
    # serving_default is the first endpoint, which is the exact one.
    assert [file.name for file in made.iterdir()] == ["fast.onnx"]
    assert {"exact.onnx", "fast.onnx"} <= {f.name for f in (made.parent / "tf2onnx").iterdir()}
    assert set(runtimes.signatures(folder() / "both gelus", "onnx")) == {"fast"}


def test_a_file_is_opened_once(monkeypatch):
    runtimes.convert(exports()["linear"], "onnx")
    asked, ask = [], onnx_runtime.process.ask
    monkeypatch.setattr(
        onnx_runtime.process,
        "ask",
        lambda *given, **more: asked.append(given) or ask(*given, **more),
    )
    made = runtimes.convert(exports()["linear"], "onnx")
    assert not asked
    shutil.rmtree(made)
    assert runtimes.convert(exports()["linear"], "onnx") == made and len(asked) == 2


def test_a_runtime_that_is_late_says_nothing_about_the_file(monkeypatch):
    late = ReaderError("onnx", "TimeoutError: no answer within 60 seconds; the process was ended")

    def raises(*given):
        raise late

    raw = conversions.Converted(Path(tempfile.mkdtemp()) / "tf2onnx", {"a": "a.onnx"})
    raw.path.mkdir()
    (raw.path / "a.onnx").write_bytes(b"")
    with pytest.raises(ReaderError, match="TimeoutError"):
        conversions.opened(raw, "onnx", raises)
    assert conversions.opened(raw, "onnx", lambda *given: None).keys == {"a": "a.onnx"}
    shutil.rmtree(raw.path.parent)


CURED = {
    # what fails: (export, words of the error, words of the cure, the cured export)
    "gelu": (
        lambda: dense("exact", "gelu"),
        "No Op registered for Erfc, in operation set 18: the operation ",
        "Use gelu with approximate=True",
        lambda: dense("approximate", approximate),
    ),
    "mask": (
        lambda: lookup("masked", mask_token=""),
        "Status Message: stoll",
        "leave mask_token out",
        lambda: lookup("plain"),
    ),
}


@pytest.mark.parametrize("what", CURED)
def test_a_cure_that_is_told_gives_the_same_numbers(what):
    broken, reason, cure, cured = CURED[what]
    row = compare(broken(), also=["onnx"], signature=KEY).rows[-1]
    assert (row.reader, row.status) == ("onnx", FAILS)
    assert reason in row.error and cure in row.cure
    assert compare(cured(), also=["onnx"], signature=KEY).rows[-1].status == SAME


def test_a_program_of_jax_is_named_as_the_cause(tmp_path):
    module = tf.Module()
    spec = tf.TensorSpec((2, 3), tf.float32, name="x")
    module.f = tf.function(compiled("CPU"), input_signature=[spec], autograph=False)
    tf.saved_model.save(module, str(tmp_path / "jax"), signatures=module.f)
    row = compare(tmp_path / "jax", also=["onnx"]).rows[-1]
    assert row.status == FAILS and "KERAS_BACKEND=tensorflow" in row.cure


def test_an_ordinary_export_is_the_same_in_every_signature():
    rows = [row for row in compare(exports()["multi"], also=["onnx"]).rows if row.reader == "onnx"]
    assert len(rows) == 3 and {row.status for row in rows} == {SAME}


def test_of_two_graphs_the_one_for_servers_is_converted(tmp_path):
    v1 = tf.compat.v1
    builder = v1.saved_model.Builder(str(tmp_path / "two graphs"))
    for tag, factor in (("train", 5.0), ("serve", 2.0)):
        with tf.Graph().as_default(), v1.Session() as session:
            x = v1.placeholder(tf.float32, [None, 1], name="x")
            y = x * v1.get_variable("w", initializer=1.0) * factor
            session.run(v1.global_variables_initializer())
            signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
            if tag == "train":
                builder.add_meta_graph_and_variables(session, [tag], {KEY: signature})
            else:
                builder.add_meta_graph([tag], {KEY: signature})
    builder.save()
    (got,) = runtimes.run(tmp_path / "two graphs", KEY, {"x": [[3.0]]}, "onnx").values()
    assert got.tolist() == [[6.0]]


# What the command says of a file


def file_of(directory, name):
    """The file that tf2onnx writes for serving_default of an export."""
    place = Path(tempfile.mkdtemp(dir=folder()))
    assert readers.to_onnx(directory, {KEY: name}, place, onnx_runtime.packages()) == {}
    return place / name


def test_a_file_is_opened_and_called():
    text = model_files.describe(file_of(doubles(), "doubles.onnx"))
    assert "ONNX Runtime opens it, and answers to made inputs." in text
    assert "Its numbers were not compared" in text and "    in   x: float32 (None, 1)" in text
    assert "An ONNX file is one function: other signatures and endpoints" in text
    assert "The converter made" not in text, "tf2onnx takes the names of a signature"


def test_a_size_with_the_name_of_the_rows_is_the_number_of_rows(tmp_path):
    node = field(1, "x") + field(1, "state") + field(2, "y") + field(4, "Add")
    graph = field(1, node) + field(2, "g") + field(11, onnx_value("x", 1, "batch"))
    graph += field(11, onnx_value("state", 1, 2, "batch")) + field(
        12, onnx_value("y", 1, 2, "batch")
    )
    sets = field(8, field(1, "") + field(2, 18))
    (tmp_path / "state.onnx").write_bytes(field(1, 8) + field(7, graph) + sets)
    assert "opens it, and answers to made inputs." in model_files.describe(tmp_path / "state.onnx")


def test_a_file_that_cannot_be_opened():
    text = model_files.describe(file_of(dense("exact file", "gelu"), "exact.onnx"))
    assert "ONNX Runtime cannot open it: No Op registered for Erfc" in text
    assert "can use it" not in text.replace("cannot use it", "") and "approximate=True" in text


def test_a_file_that_opens_and_fails():
    text = model_files.describe(file_of(lookup("masked file", mask_token=""), "masked.onnx"))
    assert "ONNX Runtime opens it, but fails with made inputs (words: texts such as" in text
    assert "stoll" in text and "leave mask_token out" in text


BY_KERAS = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy as np, tensorflow as tf
class Prices(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = keras.layers.Dense(2)
    def call(self, x):
        return self.inner(x)
prices = Prices()
words = keras.Input((1,), dtype="string", name="words")
colours = keras.Model(words, keras.layers.StringLookup(vocabulary=["red"])(words))
for name, model, x in (("prices", prices, np.ones((1, 3))), ("colours", colours, [["red"]])):
    model.predict(tf.constant(x), verbose=0)
    model.export(f"{name}.onnx", format="onnx", verbose=False)
"""


@pytest.mark.weekly
def test_files_that_keras_writes_itself(tmp_path):
    python = RUNTIMES / "venv" / "bin" / "python"
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [python, "-c", BY_KERAS], cwd=tmp_path, env=settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    prices = model_files.describe(tmp_path / "prices.onnx")
    assert "ONNX Runtime opens it" in prices
    assert "The converter made the name Identity:0" in prices
    colours = model_files.describe(tmp_path / "colours.onnx")
    assert "ONNX Runtime cannot open it: No Op registered for LookupTableFindV2" in colours
    assert "python -m tf2onnx.convert --saved-model DIRECTORY" in colours
    cured = compare(lookup("cured"), {"words": np.array([["red"], ["blue"]])}, also=["onnx"])
    assert cured.rows[-1].status == SAME


def test_without_the_runtime_nothing_is_claimed(monkeypatch, tmp_path):
    file = file_of(doubles(), "doubles.onnx")
    monkeypatch.setattr(onnx_runtime, "RUNTIMES", tmp_path)
    text = model_files.describe(file)
    assert "It was not opened in ONNX Runtime. ONNX Runtime and tf2onnx are not installed" in text
    assert "can use it" not in text.replace("cannot use it", "")
