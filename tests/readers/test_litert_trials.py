"""Fixed sizes and float32 are tried for LiteRT, and what is said about a trial is true."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact, readers
from helpers.readers import command, compare, litert_trials
from tests.readers.test_litert_reasons import (
    KEY,
    attention,
    determinant,
    export,
    keras,
    layers,
    mixed,
    module,
    quantized,
    recurrent,
    texts,
)


def tried(directory):
    report = compare.compare(directory)
    return [*litert_trials.trials(report, directory)]


def open_length():
    layer = layers.Bidirectional(layers.LSTM(3))
    return keras.Sequential([keras.Input((None, 4), name="seq"), layer])


def pure(dtype):
    stack = [keras.Input((3,), name="x", dtype=dtype), layers.Dense(2, dtype=dtype)]
    return keras.Sequential(stack)


WORKS = {
    # what: (model, the changes that are tried, shape of the input at the end, claim)
    "LSTM": (lambda: recurrent("LSTM"), ["1 row"], (1, 6, 3), "the same numbers"),
    "GRU": (lambda: recurrent("GRU"), ["1 row"], (1, 6, 3), "the same numbers"),
    "open length": (
        open_length,
        ["the fixed length 8", "1 row"],
        (1, None, 4),
        "the same numbers",
    ),
    "attention": (attention, ["the fixed length 8"], (None, 8, 8), "the same numbers"),
    "float16 in a loop": (
        lambda: keras.Sequential(
            [keras.Input((5, 4), name="seq"), layers.LSTM(3, dtype="mixed_float16")]
        ),
        ["1 row", "float32 in place of float16", "float32 in place of float16 and 1 row"],
        (1, 5, 4),
        "numbers within the rounding of float16",
    ),
    "float16": (
        lambda: mixed("mixed_float16"),
        ["float32 in place of float16"],
        (None, 3),
        "numbers within the rounding of float16",
    ),
    "float64 weights": (
        lambda: pure("float64"),
        ["float32 in place of float64"],
        (None, 3),
        "numbers within the rounding of float32",
    ),
    "bfloat16 weights": (
        lambda: pure("bfloat16"),
        ["float32 in place of bfloat16"],
        (None, 3),
        "numbers within the rounding of bfloat16",
    ),
}


@pytest.mark.share(2)
@pytest.mark.parametrize("what", WORKS)
def test_the_change_that_helps_is_found(tmp_path, what):
    make, changes, shape, claim = WORKS[what]
    directory = export(make(), tmp_path / "export")
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
    found = tried(directory)
    assert [trial.change for trial in found] == changes
    *others, last = found
    assert not any(trial.converts for trial in others)
    assert last.converts and last.within == claim and last.inputs[0].shape == shape
    assert last.signature == KEY, "once, although serve is the same function"
    assert f"converts and gives {claim} (largest difference" in str(last)
    assert before == {path: path.stat().st_mtime_ns for path in directory.rglob("*")}


def test_the_claim_about_one_row_is_true_for_the_model_of_the_export(tmp_path):
    """The model itself, exported with the shape that the trial names, in LiteRT."""
    model = recurrent("LSTM")
    (trial,) = tried(export(model, tmp_path / "old"))
    (tensor,) = trial.inputs
    spec = keras.InputSpec(shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
    new = export(model, tmp_path / "new", input_signature=[spec])
    assert compare.compare(new).ok


@pytest.mark.parametrize("make", [texts, quantized])
def test_nothing_is_tried_where_no_size_and_no_float_can_help(tmp_path, make):
    assert tried(export(make(), tmp_path / "export")) == []


def test_nothing_is_tried_for_an_export_that_litert_can_use(tmp_path):
    assert tried(module(tmp_path / "export", lambda x: 2 * x, (None, 2))) == []


def test_what_the_interpreter_refuses_is_tried_as_well(tmp_path):
    def spectrum(x):
        return tf.math.real(tf.signal.fft(tf.cast(x, tf.complex64)))

    directory = module(tmp_path / "export", spectrum, (None, 8))
    (row,) = (row for row in compare.compare(directory).rows if row.reader == "litert")
    assert row.error.startswith("RuntimeError")
    (trial,) = tried(directory)
    assert trial.change == "1 row" and trial.error.startswith("RuntimeError")
    assert not trial.converts and not trial.within


def test_nothing_is_tried_for_an_answer_that_differs_each_time(tmp_path):
    def noisy(x):
        return determinant(x) + tf.random.normal([])

    assert tried(module(tmp_path / "export", noisy, (None, 2))) == []


def test_an_empty_answer_is_not_called_the_same():
    trial = litert_trials.Trial(KEY, "1 row", (), converts=True)
    assert str(trial).endswith("the answer is empty, so nothing can be compared.")


def test_what_does_not_help_is_told(tmp_path):
    (trial,) = tried(module(tmp_path / "export", determinant, (None, 2)))
    assert not trial.converts and trial.difference is None
    assert str(trial) == (f"LiteRT, {KEY}, tried with 1 row: cannot be used either.")


def test_other_numbers_are_told(tmp_path, monkeypatch):
    directory = export(recurrent("LSTM"), tmp_path / "export")
    real = readers.run

    def run(where, key, feed, reader="python", **options):
        answer = real(where, key, feed, reader, **options)
        return answer if where == directory else {n: v + 1 for n, v in answer.items()}

    report = compare.compare(directory)
    monkeypatch.setattr(readers, "run", run)
    (trial,) = litert_trials.trials(report, directory)
    assert trial.converts and trial.within == ""
    assert "converts, but gives other numbers (largest difference 1.0e+00)" in str(trial)


def test_rounding_of_a_small_float_is_no_excuse_for_other_numbers():
    right = {"y": np.float32([1, 2, 3])}
    for low, gap in (("float16", 0.005), ("bfloat16", 0.05)):
        assert low in litert_trials._within(right, {"y": right["y"] * (1 + gap)}, low)
        assert litert_trials._within(right, {"y": right["y"] * 1.5}, low) == ""
    assert litert_trials._within(right, {"y": right["y"] * 1.005}, "float64") == ""
    assert litert_trials._within(right, {"z": right["y"]}, "float16") == ""
    kept = {"y": np.int64([100, 200])}
    assert litert_trials._within(kept, kept, "float16")
    assert litert_trials._within(kept, {"y": np.int64([101, 200])}, "float16") == ""


def test_the_command_tells_the_trials(tmp_path, capsys):
    directory = export(recurrent("GRU"), tmp_path / "export")
    assert command.main([str(directory)]) == 1
    *_, trial, not_asked, last = capsys.readouterr().out.splitlines()
    assert trial.startswith(f"LiteRT, {KEY}, tried with 1 row: converts and gives the same numbers")
    assert trial.endswith("Export it with seq: float32 (1, 6, 3).")
    assert not_asked.startswith("Not asked: ")
    assert last == "Not every reader can use it."


def test_the_command_tells_the_trials_as_data(tmp_path, capsys):
    directory = export(recurrent("GRU"), tmp_path / "export")
    assert command.main([str(directory), "--json"]) == 1
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    (trial,) = told["tried_for_litert"]
    assert (trial["change"], trial["converts"]) == ("1 row", True)
    assert trial["within"] == "the same numbers" and trial["difference"] < 1e-5
    assert trial["inputs"] == ["seq: float32 (1, 6, 3)"]
    assert told["exit_status"] == 1 and told["verdict"] == "Not every reader can use it."


def test_given_inputs_are_tried_with_their_own_sizes(tmp_path):
    """Two rows of twelve steps: the first row, and the fixed length 12."""
    directory = export(open_length(), tmp_path / "export")
    given = {"seq": np.random.default_rng(0).normal(size=(2, 12, 4))}
    asked, real = [], readers.run

    def run(where, key, feed, reader="python", **options):
        asked.append((reader, feed["seq"]))
        return real(where, key, feed, reader, **options)

    report = compare.compare(directory, given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "run", run)
        found = [*litert_trials.trials(report, directory, given)]
    assert [trial.change for trial in found] == ["the fixed length 12", "1 row"]
    assert found[0].inputs[0].shape == (None, 12, 4)
    assert found[-1].within == "the same numbers"
    for reader, seq in asked:
        assert np.array_equal(seq, given["seq"][: len(seq)].astype("float32")), reader
    assert {len(seq) for _, seq in asked} == {1, 2}


def test_inputs_of_another_signature_are_not_used(tmp_path):
    directory = export(recurrent("GRU"), tmp_path / "export")
    report = compare.compare(directory, signature=KEY)
    given = {KEY: {"seq": np.ones((3, 6, 3), np.float32)}}
    (trial,) = litert_trials.trials(report, directory, given)
    assert trial.within == "the same numbers"
    report = compare.compare(directory, signature="serve")
    with pytest.raises(ValueError, match="serving_default"):
        list(litert_trials.trials(report, directory, given))


def test_each_answer_has_the_time_that_is_given(tmp_path, monkeypatch):
    directory = export(recurrent("GRU"), tmp_path / "export")
    report, told, real = compare.compare(directory), [], readers.run

    def run(where, key, feed, reader="python", deadline=None, **options):
        assert deadline == 123
        if reader == "litert":
            raise readers.ReaderError(reader, "TimeoutError: no answer within 123 seconds")
        return real(where, key, feed, reader, deadline=60, **options)

    monkeypatch.setattr(readers, "run", run)
    (trial,) = litert_trials.trials(report, directory, seconds=123, progress=told.append)
    assert told == [f"trying litert with 1 row: {KEY}"]
    assert str(trial).endswith("1 row: no answer in time. Give it more: --seconds N.")


def test_the_command_passes_its_options_on(tmp_path, monkeypatch, capsys):
    directory = export(recurrent("GRU"), tmp_path / "export")
    np.savez(tmp_path / "own.npz", seq=np.random.default_rng(0).normal(size=(2, 6, 3)))
    seen, real = [], litert_trials.trials

    def trials(report, where, inputs, **options):
        seen.append((inputs["seq"].shape, options["seconds"]))
        return real(report, where, inputs, **options)

    monkeypatch.setattr(litert_trials, "trials", trials)
    options = ["--inputs", str(tmp_path / "own.npz"), "--seconds", "77"]
    assert command.main([str(directory), *options]) == 1
    assert seen == [((2, 6, 3), 77.0)]
    assert "tried with 1 row: converts and gives the same numbers" in capsys.readouterr().out


def test_data_of_a_trial_has_no_infinity():
    trial = litert_trials.Trial(KEY, "1 row", (), converts=True, difference=np.inf)
    assert trial.as_dict()["difference"] is None


def test_a_changed_export_keeps_its_words_and_weights(tmp_path):
    """A table of words in a file, which has to be filled when the copy is loaded."""
    file = tmp_path / "words.txt"
    file.write_text("red\ngreen\n")
    lookup = layers.StringLookup(vocabulary=str(file))
    words = keras.Input((1,), dtype="string", name="words")
    export(keras.Model(words, layers.Embedding(4, 2)(lookup(words))), tmp_path / "old")
    readers.write_changed(tmp_path / "old", tmp_path / "new", KEY, {"words": (1, 1)}, 1, True)
    assert list(artifact.read(tmp_path / "new").signatures) == [KEY]
    assert artifact.read(tmp_path / "new").signatures[KEY].inputs[0].shape == (1, 1)
    feed = {"words": np.array([["green"]], object)}
    old = readers.run(tmp_path / "old", KEY, feed)
    for reader in ("python", "session"):
        assert compare.same(readers.run(tmp_path / "new", KEY, feed, reader), old)
    assert os.path.islink(tmp_path / "new" / "variables") or tf.io.gfile.isdir(
        str(tmp_path / "new" / "variables")
    )
