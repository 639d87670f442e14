"""Small differences of large numbers may be rounding, and what is measured decides."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.readers import rounding
from helpers.readers.compare import compare
from helpers.readers.outcomes import OTHER, SAME

KEY = "serving_default"


class Differences(tf.Module):
    """`large` is about 1000 x, and `small` is the difference of two such numbers, 0.01 x."""

    def __init__(self):
        super().__init__()
        self.weights = tf.Variable([1000.0, 999.99, 0.01])

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, name="x")])
    def compute(self, x):
        large, other, _ = (weight * x for weight in tf.unstack(self.weights))
        return {"both": tf.stack([large, large - other], 1)}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, name="x")])
    def direct(self, x):
        large, _, small = (weight * x for weight in tf.unstack(self.weights))
        return {"both": tf.stack([large, small], 1)}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rounding")
    module = Differences()
    for name in ("compute", "direct"):
        trace = getattr(module, name).get_concrete_function()
        tf.saved_model.save(module, str(folder / name), signatures={KEY: trace})
    return folder


# A float32 near 1000 x may be rounded by 0.00003 x. Half of 0.01 x is no rounding.
@pytest.mark.parametrize(
    ("name", "added", "status"),
    [
        ("compute", 3e-5, SAME),
        ("compute", 5e-3, OTHER),
        ("direct", 3e-5, OTHER),
    ],
)
def test_rounding_is_what_it_is_in_this_model(exports, monkeypatch, name, added, status):
    real = readers.run

    def run(directory, key, feed, reader="python", **options):
        answer = real(directory, key, feed, reader, **options)
        if reader != "litert":
            return answer
        return {
            n: value + np.float32([0, added]) * feed["x"][:, None] for n, value in answer.items()
        }

    monkeypatch.setattr(readers, "run", run)
    report = compare(exports / name)
    (row,) = (row for row in report.rows if row.reader == "litert")
    assert row.status == status, report
    told = f"{KEY}: some values of both differ by more than the tolerance"
    assert any(told in note for note in report.notes) == (status == SAME)


def test_what_is_no_float_or_far_apart_is_not_measured(monkeypatch):
    monkeypatch.setattr(readers, "run_shaken", lambda *asked: pytest.fail("it was measured"))
    floats = np.float32([1000, 1])
    cases = [
        (np.int32([1, 2]), np.int32([1, 3])),
        (floats, floats[:1]),
        (floats, floats + np.float32(0.2)),  # more than a ten thousandth of the largest
        (floats, np.float32([1000, np.nan])),
        (np.array(["a"], object), np.array(["b"], object)),
    ]
    for right, got in cases:
        asked = [{"x": floats}], [{"y": right}], [{"y": got}], ["y"]
        assert not rounding.explains("none", KEY, *asked)
    assert not rounding.explains("none", KEY, [{}], [{"y": floats}], [{}], ["y"])


def test_a_shaken_export_is_as_it_was_afterwards(exports):
    feed = {"x": np.float32([1, -2])}
    before = readers.run(exports / "direct", KEY, feed)["both"]
    one, again, other = (
        readers.run_shaken(exports / "direct", KEY, feed, 0.01, seed)["both"] for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert np.allclose(one, before, rtol=0.1) and not np.array_equal(one, before)
    assert np.array_equal(readers.run(exports / "direct", KEY, feed)["both"], before)
    still = readers.run_shaken(exports / "direct", KEY, feed, 0, 1)["both"]
    assert np.array_equal(still, before)
