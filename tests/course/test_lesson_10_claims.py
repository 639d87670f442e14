"""Claims of lesson 10 that no cell of its page shows hold for the installed versions.

`tests/runtimes/test_openvino.py` has those on OpenVINO's precision and signatures.
"""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from helpers import runtimes
from helpers.notebooks import derive
from helpers.readers import ReaderError
from helpers.runtimes import litert_file, quantisation
from tests.runtimes.exports import need

KEY = "serving_default"
FLOATS = tf.TensorSpec((None,), tf.float32, name="x")


def export(folder, function, spec=FLOATS):
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("compute", function, [spec])
    archive.write_out(folder, verbose=False)
    return folder


def ask(runtime, directory, x):
    need(runtime)
    return runtimes.run(directory, KEY, {"x": x}, runtime)["output_0"]


def code_with(words):
    """Return the block of code in the text of the page that has these words."""
    page = "\n".join(cell.source for cell in derive("10_other_runtimes", "notebooks").cells)
    (found,) = [code for code in re.findall(r"```python\n(.*?)```", page, re.S) if words in code]
    return found


def run(code, folder):
    done = subprocess.run(
        [sys.executable, "-c", f"import numpy as np\n{code}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wide():
    """A LiteRT file of a network of 3-256-256-1, and rows for it."""
    tf.keras.utils.set_random_seed(1)
    hidden = [tf.keras.layers.Dense(256, "relu") for _ in range(2)]
    layers = [tf.keras.Input((3,), name="x"), *hidden, tf.keras.layers.Dense(1)]
    rows = np.random.default_rng(1).uniform(-20, 20, (300, 3)).astype(np.float32)
    return tf.keras.Sequential(layers), rows


@pytest.fixture(scope="module")
def plain(wide, tmp_path_factory):
    path = tmp_path_factory.mktemp("wide") / "wide.tflite"
    wide[0].export(path, format="litert", verbose=False)
    return path.read_bytes()


# LiteRT


def test_the_call_with_a_compiled_model(tmp_path):
    weights = tf.Variable([[2.0], [2.0], [0.0]])
    spec = tf.TensorSpec((None, 3), tf.float32, name="x")
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("predict_three", lambda x: x @ weights + 1.0, [spec])
    archive.write_out(tmp_path / "shop", verbose=False)
    keys = ["predict_three"]
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(tmp_path / "shop"), signature_keys=keys
    )
    (tmp_path / "shop.tflite").write_bytes(converter.convert())
    assert "[3. 3.]" in run(code_with("CompiledModel"), tmp_path)


def test_litert_refuses_to_compute_with_float64(tmp_path):
    spec = tf.TensorSpec((None,), tf.float64, name="x")
    with pytest.raises(ReaderError, match="cannot express Mul for float64"):
        ask("litert", export(tmp_path, lambda x: x * 3.0, spec), [0.1])


@pytest.mark.parametrize("runtime", ["onnx", "c", "browser"])
@pytest.mark.parametrize(("dtype", "x"), [("float64", 1e300), ("int64", 3_000_000_000)])
def test_these_runtimes_compute_64_bits(tmp_path, runtime, dtype, x):
    spec = tf.TensorSpec((None,), dtype, name="x")
    directory = export(tmp_path, lambda x: x * tf.constant(3, dtype), spec)
    assert ask(runtime, directory, np.array([x], dtype)).tolist() == [3 * x]


def test_log1p_loses_small_numbers_or_does_not_load(tmp_path):
    directory, small = export(tmp_path, lambda x: tf.math.log1p(x)), [5e-8]
    assert ask("litert", directory, small).tolist() == [0.0]
    assert ask("c", directory, small)[0] == pytest.approx(5e-8)
    assert ask("openvino-f32", directory, small).tolist() == [0.0]
    with pytest.raises(ReaderError, match="No Op registered for Log1p"):
        ask("onnx", directory, small)


# ONNX


def test_the_approximate_gelu_loads_and_differs(tmp_path):
    x = np.float32([-2, 0.5, 2])
    directory = export(tmp_path, lambda x: tf.nn.gelu(x, approximate=True))
    found = ask("onnx", directory, x)
    np.testing.assert_allclose(found, tf.nn.gelu(x, approximate=True), atol=1e-5)
    assert 1e-5 < np.abs(found - tf.nn.gelu(x)).max() < 1e-3


@pytest.mark.parametrize(("kind", "file"), [("onnx", "m.onnx"), ("openvino", "m.xml")])
def test_these_formats_need_a_package_beside_tensorflow(wide, tmp_path, kind, file):
    wide[0](wide[1])  # format="onnx" asks for a model that was called
    with pytest.raises(ModuleNotFoundError, match=kind):
        wide[0].export(str(tmp_path / file), format=kind, verbose=False)


# Quantisation


def test_the_code_of_the_page_quantises(plain, tmp_path):
    (tmp_path / "wide.tflite").write_bytes(plain)
    run(code_with("Quantizer"), tmp_path)
    small = (tmp_path / "small.tflite").read_bytes()
    assert small == quantisation.quantised(plain, "dynamic_wi8_afp32")


SHARES = dict(zip(quantisation.KINDS, (0.5, 0.28, 0.28, 0.15), strict=True))


@pytest.mark.parametrize(("kind", "share"), SHARES.items(), ids=SHARES)
def test_a_kind_has_its_size_and_takes_float32(plain, kind, share):
    content = quantisation.quantised(plain, kind)
    assert len(content) / len(plain) == pytest.approx(share, abs=0.01)
    signature = litert_file.signatures(content)[KEY]
    assert [tensor.dtype for tensor in (*signature.inputs, *signature.outputs)] == ["float32"] * 2


def test_calibration_averages_the_ranges_of_the_samples(wide, plain):
    rows = {"x": wide[1]}
    one_by_one = [{"x": row[np.newaxis]} for row in wide[1]]
    tens = [{"x": wide[1][start : start + 30]} for start in range(0, 300, 30)]

    def error(samples):
        static = quantisation.quantised(plain, "static_wi8_ai8", samples)
        return quantisation.largest_error(static, plain, rows)

    assert error([rows]) < 0.1 < 1 < error(tens) < error(one_by_one)


def test_the_code_of_the_page_scales_for_int8(wide, plain, tmp_path):
    static = quantisation.quantised(plain, "static_wi8_ai8", [{"x": wide[1]}])
    (tmp_path / "static.tflite").write_bytes(static)
    np.save(tmp_path / "x.npy", wide[1])
    opening = "from ai_edge_litert.interpreter import Interpreter\ninputs = {'x': np.load('x.npy')}"
    code = code_with("get_output_details").replace("print(", "np.save('answers.npy', ")
    run(f"{opening}\n{code}", tmp_path)
    answers = np.load(tmp_path / "answers.npy")
    np.testing.assert_allclose(answers, wide[0](wide[1]), atol=0.1)


def test_a_static_recipe_needs_samples(plain):
    with pytest.raises(ValueError, match="static_wi8_ai8 needs samples"):
        quantisation.quantised(plain, "static_wi8_ai8")


def test_the_page_says_between_which_numbers_the_answers_lie(wide):
    answers = wide[0](wide[1]).numpy()
    assert (round(float(answers.min()), 1), round(float(answers.max()), 1)) == (-4.4, 3.6)


# What people look for


def test_tensorflow_is_built_without_tensorrt():
    from tensorflow.python.compiler.tensorrt import trt_convert

    with pytest.raises(RuntimeError, match="has not been built with TensorRT"):
        trt_convert.TrtGraphConverterV2("directory")


def test_the_c_library_returns_the_signatures():
    header = Path(tf.sysconfig.get_include(), "tensorflow", "c", "c_api.h").read_text("utf-8")
    (declared,) = re.findall(r"TF_LoadSessionFromSavedModel\(([^)]*)\)", header)
    assert "TF_Buffer* meta_graph_def" in " ".join(declared.split())


def test_a_custom_operation_in_a_file_is_a_name_alone(tmp_path):
    """The converter writes its name into the file, and the interpreter does not load it."""
    spec = tf.TensorSpec((None,), tf.string, name="x")
    directory = export(tmp_path, lambda x: tf.strings.join([x, "!"]), spec)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory))
    converter.allow_custom_ops = True
    with pytest.raises(ReaderError, match="custom op"):
        litert_file.run(converter.convert(), KEY, {"x": np.array([b"red"], object)})
