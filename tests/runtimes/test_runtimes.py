"""The runtimes: Python's numbers from each of them, whatever the artifact or the computer lacks."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers, runtimes
from helpers.artifact.saved_model import NotAnArtifact
from helpers.models import LinearModel
from helpers.readers import ReaderError
from helpers.runtimes import browser, c_program, conversions, litert, onnx_runtime
from tests.runtimes.exports import (
    FLOATS,
    KEY,
    TWO,
    ask,
    differences,
    doubles,
    exports,
    folder,
    need,
    save,
)


@pytest.fixture(params=runtimes.RUNTIMES)
def runtime(request):
    need(request.param)
    return request.param


@pytest.fixture(scope="module", autouse=True)
def end_with_the_tests():
    yield
    runtimes.stop()


# The same numbers


@pytest.mark.parametrize("name", ["linear", "complex", "multi"])
def test_each_signature_gives_pythons_numbers_for_each_batch_size(runtime, name):
    found = runtimes.signatures(exports()[name], runtime)
    assert found == readers.signatures(exports()[name])
    assert set(found) == (TWO | {KEY} if name == "multi" else {"serve", KEY})
    for key, rows, difference in differences(name, runtime):
        assert difference <= 1e-5, (key, rows)


def test_one_litert_file_holds_every_signature():
    from ai_edge_litert.interpreter import Interpreter

    file = runtimes.convert(exports()["multi"], "litert")
    assert file.name == "model.tflite"
    assert set(Interpreter(model_path=str(file)).get_signature_list()) == TWO | {KEY}
    # This one keeps one of two that are the same graph; the other is asked under its name.
    assert runtimes.convert(exports()["linear"], "litert").is_file()


def test_one_onnx_file_for_each_signature():
    need("onnx")
    made = runtimes.convert(exports()["multi"], "onnx")
    assert {file.name for file in made.iterdir()} == {f"{key}.onnx" for key in TWO | {KEY}}


def test_the_c_program_reads_the_artifact_itself():
    need("c")
    assert runtimes.convert(exports()["multi"], "c") == exports()["multi"]


def test_a_conversion_is_made_once_for_the_same_content(tmp_path, runtime):
    first = runtimes.convert(exports()["linear"], runtime)
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", exports()["linear"], copy], check=True)
    assert runtimes.convert(copy, runtime) == (copy if runtime == "c" else first)


def test_in_a_notebook_conversions_lie_among_its_exports(monkeypatch, tmp_path):
    monkeypatch.setattr(conversions, "RUNS", {str(tmp_path / "gone"), str(tmp_path)})
    monkeypatch.setattr(conversions, "_made", {})
    assert tmp_path in runtimes.convert(doubles(), "litert").parents


def test_a_conversion_that_somebody_tidied_away_is_made_again():
    runtimes.convert(doubles(), "litert").unlink()
    assert runtimes.convert(doubles(), "litert").is_file()


def test_a_changed_artifact_at_the_same_path_gives_the_new_numbers(runtime):
    for weight in (2.0, 3.0):
        directory = save(f"changes {runtime}", lambda w, x: w * x, FLOATS, weight=weight)
        assert ask(directory, [[1.0]], runtime) == weight


DTYPES = ("float32", "float64", "int32", "int64", "bool", "uint8")


def test_each_dtype_goes_in_and_comes_out(runtime):
    """Several inputs and outputs, one number for each row."""
    module = tf.Module()
    module.f = tf.function(
        lambda **given: {f"out_{name}": tf.reshape(x, (-1, 1)) for name, x in given.items()}
    ).get_concrete_function(**{d: tf.TensorSpec((None,), d, name=d) for d in DTYPES})
    directory = folder() / "dtypes"
    tf.saved_model.save(module, str(directory), signatures=module.f)
    given = {
        "float32": [1.5, np.nan, -np.inf],
        "float64": [1e300, 0.1, -0.0],
        "int32": [-(2**31), 0, 2**31 - 1],
        "int64": [-(2**63), 2**53 + 1, 7],
        "bool": [True, False, False],
        "uint8": [0, 200, 255],
    }
    given = {name: np.array(values, name) for name, values in given.items()}
    got = runtimes.run(directory, KEY, given, runtime)
    assert list(got) == sorted(f"out_{name}" for name in DTYPES)
    for name, values in given.items():
        assert got[f"out_{name}"].dtype == values.dtype
        assert np.array_equal(got[f"out_{name}"], values[:, None], equal_nan="float" in name)


def test_strings_go_through_c():
    need("c")
    directory = save(
        "strings",
        lambda w, x: {"joined": tf.strings.join([x, "é"]), "length": tf.strings.length(x)},
        tf.TensorSpec((None, None), tf.string, name="x"),
    )
    words = [["", "a\0b"], ["ü" * 5000, "c"]]
    got = runtimes.run(directory, KEY, {"x": words}, "c")
    assert got["joined"].tolist() == [[(word + "é").encode() for word in row] for row in words]
    assert got["length"].tolist() == [[0, 3], [10000, 1]]


def test_texts_cross_as_bytes_and_as_str(runtime):
    """ONNX Runtime would take bytes by their repr, "b'red'", and find them in no table."""
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["red", "grün"], tf.constant([1, 2], tf.int64)), 0
    )
    module = tf.Module()
    module.table = table
    module.f = tf.function(
        lambda words: {"number": table.lookup(words)},
        input_signature=[tf.TensorSpec((None,), tf.string, name="words")],
    )
    directory = folder() / "table"
    tf.saved_model.save(module, str(directory), signatures=module.f)
    words = ["grün", "red", "blue"]
    for given in (words, [word.encode() for word in words], np.array(words)):
        expected = readers.run(directory, KEY, {"words": given})["number"]
        got = runtimes.run(directory, KEY, {"words": given}, runtime)["number"]
        assert got.tolist() == expected.tolist() == [2, 1, 0]


# Errors


@pytest.mark.parametrize("name", ["tflite", "LITERT", "", None, 3])
def test_unknown_runtime(name):
    questions = (
        lambda: runtimes.missing(name),
        lambda: runtimes.convert(doubles(), name),
        lambda: runtimes.signatures(doubles(), name),
        lambda: runtimes.run(doubles(), KEY, {"x": [[1.0]]}, name),
        lambda: runtimes.seconds_per_call(doubles(), KEY, {"x": [[1.0]]}, name),
    )
    for question in questions:
        with pytest.raises(ValueError, match=r"there are litert, onnx, c, browser$"):
            question()


@pytest.mark.parametrize(
    ("key", "inputs", "words"),
    [
        ("predict", {"x": [[1.0]]}, "no signature 'predict' in this artifact: it has serving_def"),
        (KEY, {"y": [[1.0]]}, "serving_default takes the inputs x; given were y"),
        (KEY, {}, r"takes the inputs x; given were \(none\)"),
        (KEY, {"x": [["1"]]}, "input x is float32; text cannot be given for it"),
        (KEY, {"x": [[1j]]}, "input x is float32; complex128 cannot be given for it"),
    ],
)
def test_wrong_inputs(runtime, key, inputs, words):
    with pytest.raises(ReaderError, match=words):
        runtimes.run(doubles(), key, inputs, runtime)


def test_no_rows(runtime):
    got = runtimes.run(exports()["complex"], "serve", {"args_0": np.zeros((0, 10))}, runtime)
    assert got["output_0"].shape == (0, 1)


def test_wrong_width(runtime):
    """No shapes are compared before the call: the text is the runtime's own."""
    words = {"c": "Matrix size-incompatible", "litert": "failed to prepare"}
    with pytest.raises(ReaderError, match=words.get(runtime, "Got: 9 Expected: 10")):
        runtimes.run(exports()["complex"], "serve", {"args_0": np.zeros((2, 9))}, runtime)
    assert runtimes.run(exports()["complex"], "serve", {"args_0": np.zeros((2, 10))}, runtime)


def test_not_an_artifact(tmp_path, runtime):
    with pytest.raises(NotAnArtifact, match="it holds nothing"):
        runtimes.convert(tmp_path, runtime)
    with pytest.raises(NotAnArtifact, match="no such directory"):
        runtimes.run(tmp_path / "none", KEY, {}, runtime)


@pytest.mark.parametrize("calls", [0, -1, 2.0, True, "10"])
def test_calls_that_cannot_be_counted(calls):
    with pytest.raises(ValueError, match="must be a whole number from 1 on"):
        runtimes.seconds_per_call(doubles(), KEY, {"x": [[1.0]]}, "litert", calls)


def test_seconds_per_call_are_of_one_call(runtime):
    x = {"args_0": np.zeros((1, 10))}
    assert 0 < runtimes.seconds_per_call(exports()["complex"], KEY, x, runtime, 20) < 0.5


@pytest.fixture(scope="module")
def pythonic():
    """One signature that crosses and one with a py_function, which does not."""
    module = tf.Module()
    one = [tf.TensorSpec((None,), tf.float32, name="x")]
    module.plain = tf.function(lambda x: {"y": x * 2}, input_signature=one)
    module.python = tf.function(
        lambda x: {"y": tf.py_function(lambda x: x * 2, [x], tf.float32)}, input_signature=one
    )
    both = {"plain": module.plain, "python": module.python}
    tf.saved_model.save(module, str(folder() / "both"), signatures=both)
    tf.saved_model.save(module, str(folder() / "alone"), signatures={"python": module.python})
    return folder()


PYFUNC = {
    "litert": "ConverterError: .*'tf.EagerPyFunc' op is neither a custom op nor a flex op",
    "onnx": "No Op registered for EagerPyFunc",
    "c": "code 3: No OpKernel was registered to support Op 'EagerPyFunc'",
    "browser": "PageError: .*No Op registered for EagerPyFunc",
}


def test_a_py_function_does_not_cross_and_takes_no_other_with_it(pythonic, runtime):
    with pytest.raises(ReaderError, match=PYFUNC[runtime]):
        runtimes.run(pythonic / "alone", "python", {"x": [1.0]}, runtime)
    with pytest.raises(ReaderError, match=PYFUNC[runtime]):
        runtimes.run(pythonic / "both", "python", {"x": [1.0]}, runtime)
    (y,) = runtimes.run(pythonic / "both", "plain", {"x": [1.0]}, runtime).values()
    assert y == [2.0]
    if runtime == "c":  # it finds out when it runs
        assert set(runtimes.signatures(pythonic / "both", runtime)) == {"plain", "python"}
    else:
        assert set(runtimes.signatures(pythonic / "both", runtime)) == {"plain"}
        with pytest.raises(ReaderError, match=PYFUNC[runtime]):
            runtimes.signatures(pythonic / "alone", runtime)


def test_litert_keeps_the_others_where_its_error_names_no_operation():
    module = tf.Module()
    functions = {}
    for name, dtype in (("plain", tf.float32), ("odd", tf.qint8), ("more", tf.float32)):
        spec = [tf.TensorSpec((None,), dtype, name="x")]
        functions[name] = tf.function(lambda x: {"y": tf.identity(x)}, input_signature=spec)
    module.functions = functions
    tf.saved_model.save(module, str(folder() / "odd"), signatures=functions)
    for name in ("plain", "more"):
        (y,) = runtimes.run(folder() / "odd", name, {"x": [1.5]}, "litert").values()
        assert y == [1.5]
    assert set(runtimes.signatures(folder() / "odd", "litert")) == {"plain", "more"}


def test_an_export_that_only_python_restores_fails_in_c():
    need("c")
    model = LinearModel()
    model(tf.zeros((1, 1)))
    tf.saved_model.save(model, str(folder() / "only python"))
    with pytest.raises(ReaderError, match=r"code 9: .*Could not find variable"):
        runtimes.run(folder() / "only python", KEY, {"inputs": [[1.0]]}, "c")


# What is missing


def test_missing_python_part(monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_runtime, "RUNTIMES", tmp_path)
    for name in ("onnx", "browser"):
        words = "ONNX Runtime and tf2onnx are not installed: make runtimes"
        assert runtimes.missing(name) == words
        for question in (runtimes.convert, runtimes.signatures):
            with pytest.raises(runtimes.RuntimeMissing, match=words):
                question(doubles(), name)
        with pytest.raises(runtimes.RuntimeMissing, match=words) as caught:
            runtimes.run(doubles(), KEY, {"x": [[1.0]]}, name)
        assert (caught.value.reader, caught.value.error) == (name, words)

    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "installed").write_text("onnx==1.0\n")
    assert "in other versions than the course's: make runtimes" in runtimes.missing("onnx")
    (tmp_path / "venv" / "installed").write_bytes(onnx_runtime.LOCK.read_bytes())
    assert "for another environment than this one: make runtimes" in runtimes.missing("onnx")
    packages = tmp_path / "venv/lib/python3/site-packages"
    packages.mkdir(parents=True)
    (packages / "course.pth").write_text(f"{tmp_path}\n")
    assert "for another environment than this one: make runtimes" in runtimes.missing("onnx")
    (packages / "course.pth").write_text(f"{Path(tf.__file__).parents[1]}\n")
    assert runtimes.missing("onnx") == ""


def test_missing_browser_parts(monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_runtime, "missing", lambda: "")
    monkeypatch.setattr(browser, "MODULES", tmp_path / "node_modules")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    words = "onnxruntime-web and what it needs are not installed: make runtimes"
    assert runtimes.missing("browser") == words
    (tmp_path / "installed").write_text("{}")
    assert "in other versions than the course's: make runtimes" in runtimes.missing("browser")
    (tmp_path / "installed").write_bytes(browser.LOCK.read_bytes())
    assert "chromium is missing: sudo apt install chromium" in runtimes.missing("browser")
    (tmp_path / "chromium").touch(mode=0o755)
    assert runtimes.missing("browser") == ""
    monkeypatch.setattr(browser, "find_spec", lambda name: None)
    assert "playwright is missing" in runtimes.missing("browser")


def test_missing_compiler_and_library(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert runtimes.missing("c").startswith("gcc is missing: sudo apt install gcc libc6-dev")
    with pytest.raises(runtimes.RuntimeMissing, match="gcc is missing"):
        runtimes.run(doubles(), KEY, {"x": [[1.0]]}, "c")
    (tmp_path / "gcc").touch(mode=0o755)
    assert runtimes.missing("c") == ""
    monkeypatch.setattr(c_program, "_wheel", lambda: tmp_path)
    assert "has no C library in it" in runtimes.missing("c")


def test_missing_litert(monkeypatch):
    monkeypatch.setattr(litert, "find_spec", lambda name: None)
    assert "ai-edge-litert is missing" in runtimes.missing("litert")


def test_a_compiler_that_fails_says_why(monkeypatch, tmp_path):
    (tmp_path / "gcc").write_text("#!/bin/sh\necho reader.c: no such header >&2\nexit 1\n")
    (tmp_path / "gcc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(c_program, "RUNTIMES", tmp_path)
    with pytest.raises(ReaderError, match=r"gcc: reader\.c: no such header"):
        runtimes.run(doubles(), KEY, {"x": [[1.0]]}, "c")
    assert not list((tmp_path / "c").iterdir())


def test_the_c_program_compiles_without_a_warning():
    need("c")
    command = [
        *c_program.compile_command(os.devnull)[:-3],
        "-fsyntax-only",
        "-Wall",
        "-Wextra",
        "-Werror",
    ]
    assert any(word.startswith("-I") for word in command)
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
