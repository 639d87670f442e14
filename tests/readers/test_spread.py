"""Answers that vary by less than the tolerance show something to a near reader only."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.readers.compare import compare
from helpers.readers.outcomes import ANSWERS, NOT_TRIED, SAME
from helpers.readers.spread import shows_too_little, spreads

KEY = "serving_default"


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """An export of numbers that are 0.5 but for the fifth digit."""
    directory = tmp_path_factory.mktemp("spread") / "flat"
    module = tf.Module()
    spec = [tf.TensorSpec((None,), tf.float32, name="x")]
    module.compute = tf.function(lambda x: {"y": 0.5 + 1e-5 * tf.tanh(x)}, input_signature=spec)
    tf.saved_model.save(module, str(directory), signatures={KEY: module.compute})
    return directory


def test_a_reader_that_follows_the_last_digits_is_the_same(flat):
    report = compare(flat)
    assert [row.status for row in report.rows] == [ANSWERS, SAME, SAME], report
    assert "by less than the tolerance" in report.text()


def test_a_reader_that_ignores_its_inputs_is_not_called_the_same(flat, monkeypatch):
    real = readers.run

    def run(directory, key, feed, reader="python", **options):
        answer = real(directory, key, feed, reader, **options)
        return answer if reader != "litert" else {"y": np.full_like(answer["y"], 0.5)}

    monkeypatch.setattr(readers, "run", run)
    report = compare(flat)
    assert [row.status for row in report.rows] == [ANSWERS, SAME, NOT_TRIED], report
    assert "vary by less than rounding may" in report.rows[2].error
    assert report.exit_status == 2


def test_the_spread_is_the_largest_difference_of_rows_or_sets(flat):
    from helpers import artifact

    signature = artifact.read(flat).signatures[KEY]
    feeds = [{"x": np.zeros(3)}, {"x": np.zeros(1)}]
    answers = [{"y": np.float32([1, 2, 4])}, {"y": np.float32([0.5])}]
    assert spreads(signature, feeds, answers) == {"y": 3.0}
    assert spreads(signature, feeds[:1], [{"y": np.float32([])}]) == {"y": 0.0}
    assert not shows_too_little(signature, {}, feeds, answers, answers)
