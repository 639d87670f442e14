"""The rescue: an export that only Python can read becomes one that every reader can, or nothing.

What is right is computed by the model in memory; the old export is out of the way by then.
"""

import os
import re
import runpy
import shutil
import sys
import threading

import numpy as np
import psutil
import pytest
import tensorflow as tf

from helpers import readers
from helpers.artifact.saved_model import NotAnArtifact
from helpers.models import ComplexModel, LinearModel, MultiSignatureModel
from helpers.readers import command, compare, rescue
from helpers.readers.rescue import main

KEY = "serving_default"
FLOAT = tf.TensorSpec((None, 1), tf.float32, name="x")
keras, layers = tf.keras, tf.keras.layers


def numbers(*shape):
    return np.random.default_rng(7).normal(size=shape).astype(np.float32)


def save(model, directory, **options):
    tf.saved_model.save(model, str(directory), **options)


# Saved models. Each writes itself into a directory and returns {key: (inputs, what is right)}.


def linear(directory):
    """Frozen at the number of rows that it saw first."""
    model, x = LinearModel(), numbers(5, 1)
    model(x)
    save(model, directory)
    return {KEY: ({"inputs": x}, {"output_0": model(x)})}


def with_a_signature(directory):
    model, x = ComplexModel(), numbers(5, 10)
    model(x)
    save(model, directory, signatures=model.inference)
    return {KEY: ({"features": x}, {"output_0": model(x)})}


def two_signatures(directory):
    model, x = MultiSignatureModel(), numbers(5, 3)
    model(x[:, :2])
    two, three = model.predict_first_two_features, model.predict_first_three_features
    save(model, directory, signatures={"predict_two": two, "predict_three": three})
    right = {"output_0": model(x[:, :2])}
    return {"predict_two": ({"x": x[:, :2]}, right), "predict_three": ({"x": x}, right)}


def endpoint_serve(directory):
    model, x = LinearModel(), numbers(4, 1)
    model(x)
    serve = tf.function(lambda x: model(x), input_signature=[FLOAT])
    save(model, directory, signatures={"serve": serve, KEY: serve})
    return dict.fromkeys(("serve", KEY), ({"x": x}, {"output_0": model(x)}))


def stack(*others, inputs=3, dtype="float32", fitted=False):
    """A maker for a Sequential of an Input and `others`, each a function that makes a layer."""

    def make(directory):
        made = [make() for make in others]
        model = keras.Sequential([keras.Input((inputs,), dtype=dtype), *made])
        x = numbers(50, inputs) * 2 + 1
        if fitted:
            model.compile("adam", "mse")
            model.fit(x, x[:, :1], epochs=2, verbose=0)
        for layer in model.layers:
            if isinstance(layer, layers.Normalization):
                layer.adapt(x)
        save(model, directory)
        x = tf.cast(abs(x[:4]), dtype)
        return {KEY: ({"inputs": x.numpy()}, {"output_0": model(x)})}

    return make


def dense(**options):
    return lambda: layers.Dense(2, **options)


def functional(directory):
    inputs = keras.Input((3,), name="x")
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, "tanh"), layers.Dense(2)])
    model = keras.Model(inputs, layers.Dense(1)(inner(layers.Dense(4)(inputs))))
    save(model, directory)
    return {KEY: ({"inputs": numbers(4, 3)}, {"output_0": model(numbers(4, 3))})}


def several_inputs_and_outputs(directory):
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    both = layers.Concatenate()([a, b])
    outputs = {"score": layers.Dense(1)(both), "label": layers.Dense(2, "softmax")(both)}
    model = keras.Model({"a": a, "b": b}, outputs)
    save(model, directory)
    a, b = numbers(4, 2), numbers(4, 3)
    return {KEY: ({"inputs": a, "inputs_1": b}, model({"a": a, "b": b}))}  # Keras' own names


def vocabulary(in_a_file):
    def make(directory):
        words = ["red", "green"]
        file = directory.with_name("vocabulary.txt")
        file.write_text("\n".join(words))
        inputs = keras.Input((1,), dtype="string")
        lookup = layers.StringLookup(vocabulary=str(file) if in_a_file else words)
        model = keras.Model(inputs, layers.Embedding(5, 2)(lookup(inputs)))
        save(model, directory)
        file.unlink()
        x = np.array([["green"], ["blue"], ["red"]], object)
        return {KEY: ({"inputs": x}, {"output_0": model(tf.constant(x))})}

    return make


ALL, NOT_LITERT = tuple(readers.READERS), ("python", "session")
SAVED = {
    # what: (maker, the readers that can use what is rescued)
    "subclass": (linear, ALL),
    "signature": (with_a_signature, ALL),
    "two signatures": (two_signatures, ALL),
    "endpoint serve": (endpoint_serve, ALL),
    "Functional, nested": (functional, ALL),
    "Normalization, BatchNormalization, fitted": (
        stack(layers.Normalization, layers.BatchNormalization, dense(), fitted=True),
        ALL,
    ),
    "Sequential, large": (stack(*[lambda: layers.Dense(2000)] * 2, dense()), ALL),
    "several inputs and outputs": (several_inputs_and_outputs, ALL),
    "whole numbers": (stack(lambda: layers.Embedding(99, 2), dtype="int32"), ALL),
    "float64": (stack(dense(dtype="float64"), dtype="float64"), NOT_LITERT),
    "bfloat16": (stack(dense(dtype="bfloat16"), dtype="bfloat16"), NOT_LITERT),
    "vocabulary in the graph": (vocabulary(in_a_file=False), ALL),
    "vocabulary in assets": (vocabulary(in_a_file=True), NOT_LITERT),
}


@pytest.mark.share(3)
@pytest.mark.parametrize("what", SAVED)
def test_rescued_export_gives_the_numbers_of_the_model(tmp_path, capsys, what):
    make, promised = SAVED[what]
    old, new = tmp_path / "old", tmp_path / "new"
    right = make(old)
    capsys.readouterr()
    assert main([str(old), "--rescue", str(new)]) == int(promised != ALL)
    said = capsys.readouterr().out
    before, after = said.split("Saved again, ")
    assert before.count("session  FAILS") == len(right)
    assert after.count("same numbers  (largest difference ") == len(right) * len(promised)
    assert "Rescued: " in after if promised == ALL else "Rescued for Python and the" in after
    assert (old.is_dir(), sorted(os.listdir(tmp_path))) == (True, ["new", "old"])
    assert new.stat().st_mode == old.stat().st_mode
    assert_same_weights(old, new)

    old.rename(tmp_path / "moved")  # the new one does not need it
    assert readers.signatures(new).keys() == right.keys()
    for key, (inputs, outputs) in right.items():
        outputs = {name: np.asarray(value) for name, value in outputs.items()}
        for reader in promised:
            assert compare.same(readers.run(new, key, inputs, reader), outputs), (key, reader)


def assert_same_weights(old, new):
    """Bit for bit, and those of the optimizer too."""
    old, new = (tf.train.load_checkpoint(str(d / "variables" / "variables")) for d in (old, new))
    names = old.get_variable_to_shape_map().keys() - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    assert names == new.get_variable_to_shape_map().keys() - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    for name in names:
        np.testing.assert_array_equal(old.get_tensor(name), new.get_tensor(name))


class OneWeight(keras.Model):
    """Answers `function(w, x)`; its only weight, w, is 1."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def build(self, input_shape):
        self.w = self.add_weight(shape=(), initializer="ones")

    def call(self, x):
        return self.function(self.w, x)


def one_weight(function, x):
    """A maker for a `OneWeight` that saw x first."""

    def make(directory):
        model = OneWeight(function)
        model(tf.constant(x))
        save(model, directory)
        return model

    return make


def test_frozen_number_of_rows_stays_frozen_because_the_export_has_lost_the_answer(tmp_path):
    x = np.ones((4, 1), np.float32)
    make = one_weight(lambda w, x: w * x / tf.cast(tf.shape(x)[0], tf.float32), x)
    model = make(tmp_path / "old")
    done = rescue.rescue(tmp_path / "old", tmp_path / "new")
    assert done.ok and f"{KEY} takes exactly 4 rows" in str(done.after)
    assert "Note: the notes above are true for the old export too" in str(done)
    # No error, and not the model's answer: an open number of rows would promise the wrong one.
    (answer,) = readers.run(tmp_path / "new", KEY, {"inputs": x[:2]}).values()
    assert (answer.ravel().tolist(), np.ravel(model(x[:2])).tolist()) == ([0.25] * 2, [0.5] * 2)


class Counting(keras.Model):
    """Counts its calls in a variable; the answer does not depend on it."""

    def build(self, input_shape):
        self.w = self.add_weight(shape=(), initializer="ones")
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign_add(1.0)
        return self.w * x


def test_calls_made_to_compare_change_no_variable(tmp_path):
    model = Counting()
    model(np.ones((4, 1), np.float32))
    save(model, tmp_path / "old")
    assert not rescue.rescue(tmp_path / "old", tmp_path / "new").refused
    assert_same_weights(tmp_path / "old", tmp_path / "new")


def test_files_that_are_no_part_of_the_export_are_named(tmp_path):
    linear(tmp_path / "old")
    (tmp_path / "old" / "assets.extra").mkdir()
    (tmp_path / "old" / "assets.extra" / "requests").touch()
    done = rescue.rescue(tmp_path / "old", tmp_path / "new")
    words = (
        "Note: not copied, because they are neither graph, weights nor assets: "
        "assets.extra/requests"
    )
    assert words in str(done) and words in done._repr_html_()


def above(limit):
    def call(w, x):
        with tf.control_dependencies([tf.debugging.assert_greater(x, limit)]):
            return w * x

    return call


def test_inputs_of_ones_own_where_made_ones_do_not_fit(tmp_path):
    old, new, x = tmp_path / "old", tmp_path / "new", abs(numbers(4, 1)) + np.float32(2e6)
    one_weight(above(1e6), x)(old)
    assert "Python was not tried properly" in rescue.rescue(old, new).refused
    assert rescue.rescue(old, new, inputs={"inputs": x}).ok
    np.testing.assert_array_equal(readers.run(new, KEY, {"inputs": x}, "session")["output_0"], x)


def test_made_inputs_of_another_kind_where_the_usual_ones_are_refused(tmp_path):
    one_weight(above(0.0), abs(numbers(4, 1)))(tmp_path / "old")
    done = rescue.rescue(tmp_path / "old", tmp_path / "new")
    assert done.ok and "inputs (4, 1): numbers from 0 to 1" in str(done.after)


# Refused: nothing is written


def exported(directory):
    model = LinearModel()
    model(numbers(3, 1))
    model.export(directory, verbose=False)


def texts_exported(directory):
    lookup = layers.TextVectorization(vocabulary=["red", "green"])
    keras.Sequential([keras.Input((1,), dtype="string"), lookup]).export(directory, verbose=False)


def without_signatures(directory):
    save(tf.Module(), directory)


def doubled_in_python(w, x):
    return tf.ensure_shape(tf.py_function(lambda x: x * 2, [w * x], tf.float32), (3, 1))


def noisy(w, x):
    return w * x + tf.random.normal(tf.shape(x))


def damaged(name):
    def make(directory):
        linear(directory)
        (directory / name).unlink()

    return make


REFUSED = {
    # what: (maker, words of the reason)
    "exported": (exported, "every reader can use it as it is"),
    "texts exported": (texts_exported, "a rescue cannot add what LiteRT lacks"),
    "no signatures": (without_signatures, "it has no signatures"),
    "py_function": (one_weight(doubled_in_python, numbers(3, 1)), "Python cannot use it either"),
    "random": (
        one_weight(noisy, numbers(3, 1)),
        "serving_default answers differently each time, so there is nothing to compare",
    ),
    "no weights": (damaged("variables/variables.index"), "Python cannot use it either"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(tmp_path, capsys, what):
    make, words = REFUSED[what]
    make(tmp_path / "old")
    assert main([str(tmp_path / "old"), "--rescue", str(tmp_path / "new")]) == 2
    said = capsys.readouterr().out
    assert words in said.splitlines()[-1]
    assert said.splitlines()[-1].startswith("Nothing was written: ")
    assert os.listdir(tmp_path) == ["old"]


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    directory = tmp_path_factory.mktemp("rescue") / "old"
    linear(directory)
    return directory


PLACES = {
    # what: (OUT in the folder that holds old/, words)
    "taken": ("taken", "exists already: a rescue writes a new folder"),
    "a file": ("file", "exists already"),
    "a link to nowhere": ("link", "exists already"),
    "itself": ("old", "exists already"),
    "this folder": (".", "exists already"),
    "inside": ("old/new", "is inside the export"),
    "deep inside": ("old/assets/new", "is inside the export"),
    "back inside": ("taken/../old/new", "is inside the export"),
    "no parent": ("none/new", "there is no folder 'none'"),
    "below a file": ("file/new", "there is no folder 'file'"),
}


@pytest.mark.parametrize("what", PLACES)
def test_place_that_cannot_be_taken(old, tmp_path, monkeypatch, capsys, what):
    out, words = PLACES[what]
    shutil.copytree(old, tmp_path / "old")
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert main(["old", "--rescue", out]) == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert words in line and out in line
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("out", [None, ..., 3, b"new", "a\0b", ["new"]])
def test_place_that_is_no_path(old, out):
    with pytest.raises(ValueError, match=r"expected the path of a new folder|cannot be made"):
        rescue.rescue(old, out)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that even root cannot write")
def test_place_that_cannot_be_written(old):
    with pytest.raises(ValueError, match="'/proc/new' cannot be made: "):
        rescue.rescue(old, "/proc/new")


def test_no_artifact(tmp_path):
    with pytest.raises(NotAnArtifact, match="no such directory"):
        rescue.rescue(tmp_path / "none", tmp_path / "new")


# Harm on the way


def clean_process():
    return psutil.Process(readers._process._child.pid)


def full_disk(*arguments):
    clean_process().rlimit(psutil.RLIMIT_FSIZE, (5000, 5000))
    save_again(*arguments)


def dies(*arguments):
    child = clean_process()
    child.suspend()
    threading.Timer(0.5, child.kill).start()
    save_again(*arguments)


def hangs(*arguments):
    clean_process().suspend()
    save_again(*arguments, deadline=0.5)


def copies(old, new):
    shutil.copytree(old, new)


def damages(old, new):
    """Saves, and the new export's weights are not the old one's."""
    save_again(old, new)
    model = LinearModel()
    model(np.ones((5, 1), np.float32))
    shutil.rmtree(new)
    exported_with_the_same_signature(model, new)


def exported_with_the_same_signature(model, directory):
    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = tf.TensorSpec((5, 1), tf.float32, name="inputs")
    archive.add_endpoint(KEY, lambda inputs: {"output_0": model(inputs)}, [spec])
    archive.write_out(directory, verbose=False)


def other_signature(old, new):
    save_again(old, new)
    shutil.rmtree(new)
    exported(new)


def taken_meanwhile(old, new):
    save_again(old, new)
    place = new.parent.parent / "new"
    place.mkdir()
    (place / "file").touch()


save_again = readers.save_again
HARM = {
    dies: r"it cannot be saved again: the reading process died \(exit status -9\)",
    hangs: r"it cannot be saved again: TimeoutError: no answer within 0\.5 seconds",
    copies: rf"saved again, it still fails \({KEY}, session\)\.",
    damages: rf"saved again, it gives other numbers \({KEY}, python\)\.",
    other_signature: r"saved again, it has other signatures\.",
    taken_meanwhile: r"it cannot be moved to new/: OSError",
}
if sys.platform == "linux":
    HARM[full_disk] = r"it cannot be saved again: \w+: new/.*File too large"


@pytest.mark.parametrize("harm", HARM, ids=lambda function: function.__name__)
def test_harm_on_the_way_leaves_nothing(old, tmp_path, monkeypatch, harm):
    monkeypatch.setattr(readers, "save_again", harm)
    done = rescue.rescue(old, tmp_path / "new")
    if harm is full_disk:
        readers._process.stop()  # its limit is not for others
    assert not done.ok
    assert re.match(HARM[harm], done.refused), done.refused
    assert os.listdir(tmp_path) == (["new"] if harm is taken_meanwhile else [])


def test_interrupt_leaves_nothing(old, tmp_path, monkeypatch):
    def interrupted(*arguments):
        save_again(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(readers, "save_again", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rescue.rescue(old, tmp_path / "new")
    assert os.listdir(tmp_path) == []


# The report and the command


TEXT = """\
Before:
old/
  serving_default
    python   answers
    session  FAILS
"""
AFTER = f"""\
Saved again, and compared with what Python reads from old/:
new/
  serving_default
    python   same numbers
    session  same numbers
    litert   same numbers
  Note: {KEY} takes exactly 5 rows"""


def test_report_is_the_same_on_every_machine(old, tmp_path):
    first = rescue.rescue(old, tmp_path / "new")
    shutil.rmtree(tmp_path / "new")
    second = rescue.rescue(old, tmp_path / "new")
    assert str(first) == repr(first) == str(second)
    assert str(first).startswith(TEXT) and AFTER in str(first)
    assert str(tmp_path) not in str(first) and ".rescue" not in str(first)
    shown = first._repr_html_()
    assert shown == second._repr_html_()
    assert shown.count("<table") == 2 and f"<strong>{first.verdict}</strong>" in shown


@pytest.mark.parametrize(
    "arguments", ["--rescue", "x --rescue", "--rescue x", "x y --rescue z", "-x --rescue y"]
)
def test_command_says_how_it_is_called(capsys, arguments):
    assert main(arguments.split()) == 2
    assert capsys.readouterr().out == f"{command.USAGE}\n"


def test_command_rescues(old, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["readers", str(old), "--rescue", str(tmp_path / "new")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("helpers.readers", run_name="__main__")
    said = capsys.readouterr()
    assert (ended.value.code, said.err) == (0, "Starting the readers; this takes some seconds.\n")
    words = "Rescued: every reader of new/ gives the numbers that Python reads from old/.\nNote: "
    assert words in said.out
