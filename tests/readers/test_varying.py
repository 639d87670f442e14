"""Readers whose answers vary are compared in what does not vary at random."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.readers import varying
from helpers.readers.compare import compare
from helpers.readers.litert_trials import trials
from helpers.readers.outcomes import ANSWERS, OTHER, SAME

KEY = "serving_default"


def places(x):
    """Return as many places as there are values above 0.5. LiteRT always returns four."""
    boxes = tf.constant([[i, i, i + 1, i + 1] for i in range(6)], tf.float32)
    return tf.image.non_max_suppression(boxes, x, 4, score_threshold=0.5)


class Counting(tf.Module):
    def __init__(self, answer, *shape, seed=None):
        super().__init__()
        tf.random.set_seed(seed)
        self.calls = tf.Variable(0.0)
        spec = [tf.TensorSpec(shape, tf.float32, name="x")]
        self.compute = tf.function(lambda x: answer(self.calls, x), input_signature=spec)
        self.trace = self.compute.get_concrete_function()
        tf.random.set_seed(None)


def write(directory, answer, *shape, seed=None):
    module = Counting(answer, *shape, seed=seed)
    tf.saved_model.save(module, str(directory), signatures={KEY: module.trace})
    return directory


def noise(shape):
    return tf.random.normal(shape)


EXPORTS = {
    # what: (outputs, shape of x, seed, status of each reader, words of the report)
    "state": (
        lambda calls, x: {"y": x * calls.assign_add(1.0)},
        (None,),
        None,
        (ANSWERS, SAME, SAME),
        "keeps a state: its answers depend on the calls before. Each reader was started anew",
    ),
    "state and other numbers": (
        lambda calls, x: {"n": calls.assign_add(1.0), "places": places(x)},
        (6,),
        None,
        (ANSWERS, SAME, OTHER),
        "places has the shape (4,)",
    ),
    "noise": (
        lambda calls, x: {"y": x + noise(tf.shape(x))},
        (None,),
        None,
        (ANSWERS, ANSWERS, ANSWERS),
        "answers differently each time: there is nothing to compare",
    ),
    "noise with a seed": (
        lambda calls, x: {"y": x + noise(tf.shape(x))},
        (None,),
        7,
        (ANSWERS, ANSWERS, ANSWERS),
        "answers differently each time: there is nothing to compare",
    ),
    "noise beside other numbers": (
        lambda calls, x: {"noise": noise(()), "places": places(x)},
        (6,),
        None,
        (ANSWERS, ANSWERS, OTHER),
        f"{KEY}: noise differs each time, so only the other outputs were compared",
    ),
    "noise of another shape": (
        lambda calls, x: {"noise": noise(tf.shape(places(x)))},
        (6,),
        None,
        (ANSWERS, ANSWERS, OTHER),
        "noise has the shape (4,)",
    ),
}


@pytest.mark.parametrize("what", EXPORTS)
def test_what_does_not_vary_at_random_is_compared(tmp_path, what):
    answer, shape, seed, statuses, words = EXPORTS[what]
    report = compare(write(tmp_path / "export", answer, *shape, seed=seed))
    assert tuple(row.status for row in report.rows) == statuses, report
    assert words in report.text()


def test_a_started_reader_has_the_state_of_the_export(tmp_path):
    directory = write(tmp_path / "export", lambda calls, x: {"n": calls.assign_add(x)})
    feed = {"x": np.float32(2)}
    for reader in readers.READERS:
        readers.run(directory, KEY, feed, reader)
        answers = readers.run_from_start(directory, KEY, [feed, feed, feed], reader)
        assert [answer["n"] for answer in answers] == [2, 4, 6]


def test_only_drawn_numbers_are_random(tmp_path):
    def answer(calls, x):
        return {"n": calls.assign_add(1.0), "noise": noise(()), "twice": 2 * x}

    directory = write(tmp_path / "export", answer, seed=1)
    found = varying.look(directory, KEY, "python", [{"x": np.float32(1)}], 60)
    assert (found.random, found.shaped, found.stateful) == ({"noise"}, {"noise"}, False)
    assert [answer["n"] for answer in found.answers] == [1, 2]


def test_seeds_are_removed_in_a_copy_only(tmp_path):
    for seed in (None, 3):
        where = write(tmp_path / f"{seed}", lambda calls, x: {"y": x + noise(())}, seed=seed)
        before = (where / "saved_model.pb").read_bytes()
        assert readers.write_unseeded(where, tmp_path / f"{seed} copy") == (seed is not None)
        assert (tmp_path / f"{seed} copy").exists() == (seed is not None)
        assert (where / "saved_model.pb").read_bytes() == before


def test_a_change_for_litert_is_compared_from_the_same_state(tmp_path):
    def answer(calls, x):
        low = tf.cast(x, tf.float16)
        return {"y": tf.cast(tf.matmul(low, low), tf.float32) + calls.assign_add(100.0)}

    directory = write(tmp_path / "export", answer, 2, 2)
    (trial,) = trials(compare(directory), directory)
    assert trial.within == "numbers within the rounding of float16", trial
