"""Inputs are tried until the answers show something; a refusal is not a fault of the export."""

import numpy as np
import pytest

from helpers.artifact import Signature, TensorInfo
from helpers.processes.clean_process import ReaderError
from helpers.readers.evidence import CONSTANT, powers
from helpers.readers.made_inputs import Hint
from helpers.readers.search import ask_given, is_about_inputs, search, shows_something

REFUSED = "InvalidArgumentError: no such size"


def signature(shape, output=None):
    return Signature(
        "serve", (TensorInfo("x", "float32", shape),), (TensorInfo("y", "float32", output),)
    )


ROWS, SEQUENCE = signature((None, 2)), signature((None, None, 1))


def found(function, promised, hints=None):
    """Search with a reader that answers function(x), or raises the text that it returns."""
    asked = []

    def call(feed):
        asked.append(feed["x"].shape)
        answer = function(feed["x"])
        if isinstance(answer, str):
            raise ReaderError("python", answer)
        return {"y": np.asarray(answer)}

    return search(call, promised, hints or {}), asked


def test_two_calls_are_enough_where_they_show_something():
    result, asked = found(lambda x: x * 2, ROWS)
    assert asked == [(3, 2), (1, 2)] and len(result.feeds) == 2 and not result.error


def test_longer_inputs_where_short_ones_have_empty_answers():
    """A model that crops 20 steps at both ends."""
    result, asked = found(lambda x: x[:, 20:-20], SEQUENCE)
    assert max(answer["y"].size for answer in result.answers) > 0
    result, asked = found(lambda x: x[:, 200:-200], SEQUENCE)
    assert {shape[1] for shape in asked} >= {8, 64, 512}
    assert any(answer["y"].size for answer in result.answers)


def test_a_size_whose_answer_is_nan_is_not_compared():
    def mean(x):
        return x.mean(axis=1) if x.shape[1] > 10 else np.full((len(x), 1), np.nan)

    result, asked = found(mean, SEQUENCE)
    assert asked[0] == (3, 8, 1) and (3, 8, 1) in result.shapes["x"]
    assert [feed["x"].shape for feed in result.feeds] == [(1, 64, 1), (3, 64, 1)]


def test_other_values_where_the_usual_ones_give_one_answer():
    result, _ = found(lambda x: (x > 5).any(axis=1), ROWS)
    assert "random numbers around 0, times 10" in result.sources["x"]
    assert len({value for answer in result.answers for value in answer["y"].tolist()}) == 2


def test_a_constant_answer_is_tried_with_all_and_compared_once():
    result, asked = found(lambda x: np.ones(len(x)), ROWS)
    assert {len(answer["y"]) for answer in result.answers} == {1, 3}
    assert result.tried == len(asked) > 8 and {shape[0] for shape in asked} == {1, 3, 8, 64, 512}


def test_a_constant_answer_to_a_fixed_shape_is_found():
    result, asked = found(lambda x: np.ones(4), signature((4,), (4,)))
    shown = powers(signature((4,), (4,)), result.feeds, result.answers)
    assert shown == {"y": CONSTANT} and not shows_something(shown) and len(asked) > 4


def test_a_size_that_is_refused_is_told():
    result, _ = found(lambda x: x if x.shape[1] > 10 else REFUSED, SEQUENCE)
    assert {feed["x"].shape for feed in result.feeds} == {(1, 64, 1), (3, 64, 1)}
    assert "x (3, 8, 1) of random numbers around 0" in result.refused and not result.error


def test_a_frozen_batch_is_an_error():
    result, _ = found(lambda x: x if len(x) == 3 else REFUSED, ROWS)
    assert result.feeds and result.error == REFUSED


def test_all_refused():
    result, asked = found(lambda x: REFUSED, ROWS)
    assert not result.feeds and not result.error and result.refusal == REFUSED
    assert len(asked) > 8


def test_an_error_that_is_not_about_inputs_ends_the_search():
    result, asked = found(lambda x: "FailedPreconditionError: no weights", ROWS)
    assert result.error.startswith("FailedPre") and len(asked) == 1


def test_a_reader_that_cannot_answer_large_inputs_keeps_the_small_ones():
    result, _ = found(lambda x: np.ones(len(x)) if len(x) < 8 else "TimeoutError: no", ROWS)
    assert len(result.feeds) == 2 and not result.error


def test_hints_that_are_refused_are_left_out():
    hint = Hint("sevens", lambda rng, shape, trial: np.full(shape, 7.0))
    result, _ = found(lambda x: REFUSED if (x == 7).all() else x, ROWS, {"x": hint})
    assert len(result.feeds) == 2 and result.sources["x"] == "random numbers around 0"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (REFUSED, True),
        ("OutOfRangeError: end of sequence", True),
        ("RuntimeError: gather index out of boundsNode number 0 (GATHER) failed to invoke.", True),
        ("TypeError: serve takes the inputs x; given were z", True),
        ("InvalidArgumentError: ValueError: Could not find callback with key=pyfunc_0", False),
        ("FailedPreconditionError: Table not initialized.", False),
        ("ConverterError: Could not translate MLIR to FlatBuffer.", False),
        ("TimeoutError: no answer within 60 seconds; the process was ended", False),
        ("the reading process died (exit status -9)", False),
    ],
)
def test_errors_about_inputs(error, expected):
    assert is_about_inputs(error) == expected


def test_given_inputs_are_asked_as_they_are():
    feeds = [{"x": np.ones((2, 2))}]
    assert ask_given(lambda feed: {"y": feed["x"]}, feeds).feeds == feeds

    def refuses(feed):
        raise ReaderError("python", REFUSED)

    result = ask_given(refuses, feeds)
    assert (result.feeds, result.refusal, result.error) == ([], REFUSED, "")
