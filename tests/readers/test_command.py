"""The command line: its options, what it says about what was tried, and its exit status."""

import json
import time

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.processes.clean_process import ReaderError
from helpers.readers import command, rescue
from helpers.readers.compare import compare
from helpers.readers.outcomes import FAILS, NOT_TRIED, SAME

KEY = "serving_default"
ROWS = tf.TensorSpec((None, 1), tf.float32, name="x")
STEPS = tf.TensorSpec((None, None, 1), tf.float32, name="x")


@pytest.fixture(scope="module")
def save(tmp_path_factory):
    """A function of (name, function, specs): saves the function of a weight 2.0 and of inputs."""
    folder = tmp_path_factory.mktemp("exports")

    def make(name, function, *specs):
        module = tf.Module()
        module.weight = tf.Variable(2.0)
        traced = lambda *x: function(module.weight, *x)  # noqa: E731
        module.f = tf.function(traced, input_signature=specs, autograph=False)
        tf.saved_model.save(module, str(folder / name), signatures=module.f)
        return folder / name

    return make


@pytest.fixture(scope="module")
def doubles(save):
    return save("doubles", lambda w, x: w * x, ROWS)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """An export with two signatures of other inputs, and a second name for the first."""
    module, folder = tf.Module(), tmp_path_factory.mktemp("two")
    module.number = tf.function(lambda x: {"y": x * 2}, input_signature=[ROWS])
    module.text = tf.function(
        lambda words: {"n": tf.strings.length(words)},
        input_signature=[tf.TensorSpec((None,), tf.string, name="words")],
    )
    signatures = {"number": module.number, KEY: module.number, "text": module.text}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def said(capsys, *arguments):
    status = command.main([str(argument) for argument in arguments])
    return status, capsys.readouterr().out


def refuses_below(limit):
    def call(w, x):
        with tf.control_dependencies([tf.debugging.assert_greater(x, limit)]):
            return w * x

    return call


NOT_PROPERLY = {
    # what: (function, spec, words)
    "constant": (lambda w, x: 0 * x + w, ROWS, "the answers are the same for all inputs tried"),
    "empty": (lambda w, x: w * x[:, 600:-600], STEPS, "the answers are empty"),
    "refused": (refuses_below(1e9), ROWS, "it refuses all inputs that were made: InvalidArg"),
}


@pytest.mark.parametrize("what", NOT_PROPERLY)
def test_what_shows_nothing_is_not_tried_properly(save, capsys, what):
    function, spec, words = NOT_PROPERLY[what]
    status, text = said(capsys, save(what, function, spec))
    assert status == 2 and words in text
    assert "NOT TRIED PROPERLY" in text and "same numbers" not in text and "FAILS" not in text
    advice = "that the model accepts" if what == "refused" else "to which the model gives different"
    assert f"Give inputs {advice}" in text and "--inputs FILE" in text
    assert text.endswith("is unknown: it was not tried properly.\n")


def test_open_axes_are_tried_until_there_is_something(save, capsys):
    status, text = said(capsys, save("crops", lambda w, x: w * x[:, 20:-20], STEPS))
    assert status == 0 and "(1, 64, 1)" in text
    assert f"Compared for {KEY}: 96 values of output_0, all different, from -" in text


def test_an_output_that_is_constant_is_named(save, capsys):
    function = lambda w, x: {"y": w * x, "label": tf.constant(["a", "b"])}  # noqa: E731
    status, text = said(capsys, save("labelled", function, ROWS))
    assert f"Note: {KEY}: label is the same for all inputs tried" in text
    assert status == 1 or "within the limits noted" in text


def test_a_function_without_inputs_can_be_the_same(save):
    rows = compare(save("version", lambda w: {"version": w + 1})).rows
    assert [row.status for row in rows][:2] == ["answers", SAME]


def test_own_inputs_for_an_export_that_refuses_made_ones(save, tmp_path, capsys):
    directory = save("large", refuses_below(1e9), ROWS)
    np.savez(tmp_path / "large.npz", x=np.float32([[2e9], [3e9]]))
    status, text = said(capsys, directory, "--inputs", tmp_path / "large.npz")
    assert status == 0 and "for x (2, 1): given" in text


def test_own_inputs_that_every_reader_refuses(save, tmp_path, capsys):
    (tmp_path / "small.json").write_text('{"x": [[1.0]]}')
    directory = save("large too", refuses_below(1e9), ROWS)
    status, text = said(capsys, directory, "--inputs", tmp_path / "small.json")
    assert status == 2 and "it refuses the given inputs: InvalidArgumentError" in text


def test_inputs_for_one_of_several_signatures(two, tmp_path, capsys):
    (tmp_path / "a.json").write_text('{"text": {"words": ["a", "bcd"]}}')
    status, text = said(capsys, two, "--inputs", tmp_path / "a.json")
    assert (
        "for words (2,): given" in text and "x (3, 1) and (1, 1): random numbers around 0" in text
    )
    assert "the given inputs are not for number, serving_default: inputs were made" in text
    assert status == 1, "LiteRT has no strings.length"


def test_signatures_of_one_function_are_asked_once(two, monkeypatch):
    asked, run = [], readers.run
    monkeypatch.setattr(
        readers, "run", lambda *given, **options: asked.append(given[1]) or run(*given, **options)
    )
    report = compare(two)
    assert [row.signature for row in report.rows] == ["number"] * 3 + [KEY] * 3 + ["text"] * 3
    assert len({"number", KEY} & set(asked)) == 1
    assert f"Compared for number, {KEY} (one function, asked once): 4 values" in str(report)


def test_one_signature(two, capsys):
    status, text = said(capsys, two, "--signature", "number")
    assert status == 0 and KEY not in text and "words" not in text
    status, text = said(capsys, two, "--signature", "numbers")
    assert (status, text) == (
        2,
        "no signature 'numbers' in this export: it has number, serving_default, text\n",
    )


def test_json_has_all(doubles, capsys):
    status, text = said(capsys, doubles, "--json")
    report = json.loads(text)
    assert (status, report["exit_status"], report["verdict"]) == (0, 0, "Every reader can use it.")
    assert [row["status"] for row in report["rows"]] == ["answers", SAME, SAME]
    ((compared,), (output,)) = report["compared"], report["compared"][0]["outputs"]
    assert compared["inputs"] == [
        {"name": "x", "shapes": [[3, 1], [1, 1]], "source": "random numbers around 0"}
    ]
    assert (output["name"], output["values"], output["different"]) == ("output_0", 4, 4)
    assert output["least"] < output["most"] and output["tolerance"] == [1e-4, 1e-4]


def test_json_has_no_infinity(save, capsys):
    boxes = tf.TensorSpec((None, 4), tf.float32, name="boxes")
    scores = tf.TensorSpec((None,), tf.float32, name="scores")

    def kept(w, boxes, scores):
        return {"kept": tf.image.non_max_suppression(boxes, w * scores, 5)}

    status, text = said(capsys, save("boxes", kept, boxes, scores), "--json")
    litert = json.loads(text, parse_constant=pytest.fail)["rows"][-1]
    assert (status, litert["difference"], litert["unequal"]) == (1, None, ["kept"])


def test_html_says_what_was_compared(doubles):
    shown = compare(doubles)._repr_html_()
    assert "<p>Compared for serving_default: 4 values of output_0, all different, for x" in shown


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf", "1e9"])
def test_seconds_that_are_none(doubles, capsys, text):
    status, out = said(capsys, doubles, f"--seconds={text}")
    assert (status, out) == (
        2,
        f"--seconds is {text!r}: give a number of seconds above 0, such as 300\n",
    )


def test_time_over_is_not_a_fault_of_the_export(save, capsys):
    def until_large(w, x):
        return tf.while_loop(lambda x: tf.reduce_all(x < 1e9), lambda x: (x * 1.0,), [x])

    directory = save("endless", until_large, ROWS)
    status, text = said(capsys, directory, "--seconds", "1")
    assert status == 2 and "TimeoutError: no answer within 1.0 seconds" in text
    assert "Give it more time: --seconds N" in text and "FAILS" not in text


def test_a_runtime_that_is_not_installed_is_not_a_fault_of_the_export(doubles, monkeypatch):
    run = readers.run

    def without_litert(directory, key, feed, reader, **options):
        if reader == "litert":
            raise ReaderError(reader, "ModuleNotFoundError: No module named 'ai_edge_litert'")
        return run(directory, key, feed, reader, **options)

    monkeypatch.setattr(readers, "run", without_litert)
    report = compare(doubles)
    assert [row.status for row in report.rows] == ["answers", SAME, NOT_TRIED]
    assert report.exit_status == 2 and report.rows[2].cure.startswith("Install ai_edge_litert")


def test_a_reader_that_fails_counts_more_than_one_that_was_not_tried(doubles, monkeypatch):
    errors = {"session": "FailedPreconditionError: no", "litert": "TimeoutError: no answer"}
    run = readers.run

    def failing(directory, key, feed, reader, **options):
        if reader in errors:
            raise ReaderError(reader, errors[reader])
        return run(directory, key, feed, reader, **options)

    monkeypatch.setattr(readers, "run", failing)
    report = compare(doubles)
    assert [row.status for row in report.rows] == ["answers", FAILS, NOT_TRIED]
    assert report.exit_status == 1


def test_a_rescue_needs_answers_that_show_something(save, tmp_path):
    directory = save("constant for rescue", lambda w, x: 0 * x + w, ROWS)
    done = rescue.rescue(directory, tmp_path / "new")
    assert "no reader fails, but the export was not tried properly" in done.refused
    assert not (tmp_path / "new").exists()


def test_rescue_takes_all_signatures(doubles, tmp_path, capsys):
    new = tmp_path / "new"
    assert rescue.main([str(doubles), "--rescue", str(new), "--signature", KEY]) == 2
    assert "--rescue compares all signatures" in capsys.readouterr().out
    assert rescue.main([str(doubles), "--rescue", str(new), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert not told["written"] and told["after"] is None and told["before"]["exit_status"] == 0


@pytest.mark.parametrize(
    "arguments", [["--signature"], ["x", "--quiet"], ["x", "--json=1"], ["x", "y"], ["--json"]]
)
def test_options_that_are_not_understood(capsys, arguments):
    assert command.main(arguments) == 2
    assert capsys.readouterr().out == f"{command.USAGE}\n"


def test_progress_is_told_when_a_step_takes_long(capsys, monkeypatch):
    monkeypatch.setattr(command, "QUIET", 1)
    with command.Progress() as progress:
        progress("asking litert: serving_default")
        end = time.monotonic() + 60
        while not (told := capsys.readouterr().err) and time.monotonic() < end:
            time.sleep(0.1)
    assert told.startswith("asking litert: serving_default: ") and told.endswith(" s so far\n")
