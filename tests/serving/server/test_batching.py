"""Joining requests, with a model that is a function of NumPy."""

import threading

import numpy as np
import pytest

from helpers.serving.protocol.errors import ServingError
from helpers.serving.server.batching import Batcher, Options


class Runner:
    """Doubles what it is fed, and notes the size of each call."""

    def __init__(self, answer=lambda x: 2 * x):
        self.sizes, self.answer = [], answer

    def __call__(self, feeds, fetches, options):
        self.sizes.append(len(feeds["x"]))
        return [self.answer(feeds["x"])]


def joined(runner, **options):
    return Batcher(Options(**options)).wrap(runner, [({"x": "input:0"}, ["y"])])


def all_at_once(call, arrays):
    """What each call gave, or its error."""
    answers = [None] * len(arrays)

    def ask(i):
        try:
            answers[i] = call({"x": arrays[i]}, ["y"])[0]
        except ServingError as error:
            answers[i] = error

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(arrays))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_requests_share_a_call_and_each_gets_its_own_rows():
    runner = Runner()
    arrays = [np.full((i % 3 + 1, 2), i) for i in range(12)]
    call = joined(runner, max_batch_size=24, batch_timeout_micros=60_000_000)
    answers = all_at_once(call, arrays)
    assert all(
        (a == 2 * x).all() and a.shape == x.shape for a, x in zip(answers, arrays, strict=True)
    )
    assert runner.sizes == [24]  # the batch was full, so it started before its time was over


def test_a_batch_that_is_not_full_starts_when_its_time_is_over():
    runner = Runner()
    call = joined(runner, max_batch_size=100, batch_timeout_micros=50_000)
    assert all_at_once(call, [np.ones(2), np.ones(3)])
    assert sum(runner.sizes) == 5


def test_a_batch_grows_to_a_size_that_is_allowed():
    runner = Runner()
    call = joined(runner, max_batch_size=8, allowed_batch_sizes=(4, 8))
    assert call({"x": np.array([1, 2])}, ["y"])[0].tolist() == [2, 4]
    assert runner.sizes == [4]


def test_calls_of_other_outputs_are_not_joined():
    runner = Runner()
    call = joined(runner, max_batch_size=2)
    assert call({"x": np.ones(9)}, ["other"])
    assert runner.sizes == [9]


@pytest.mark.parametrize(
    ("options", "runner", "arrays", "words"),
    [
        ({"max_batch_size": 2}, Runner(), [np.ones(3)], "Task size 3 is larger than maximum"),
        ({}, Runner(), [np.array(1.0)], "must have at least one dimension"),
        ({}, Runner(np.sum), [np.ones(3)], "Batched output tensor has 0 dimensions"),
        ({}, Runner(lambda x: x[:1]), [np.ones(3)], "0th dimension does not equal the sum"),
        (
            {"max_batch_size": 2, "batch_timeout_micros": 60_000_000},
            Runner(),
            [np.ones((1, 2)), np.ones((1, 3))],
            "Tensors with name 'input:0' from different tasks have different shapes",
        ),
    ],
)
def test_what_cannot_be_joined_is_an_error_for_all(options, runner, arrays, words):
    for answer in all_at_once(joined(runner, **options), arrays):
        assert words in str(answer)


def test_rows_of_different_lengths_can_be_padded():
    runner = Runner()
    call = joined(
        runner,
        max_batch_size=2,
        batch_timeout_micros=60_000_000,
        pad_variable_length_inputs=True,
    )
    short, long = all_at_once(call, [np.ones((1, 2)), np.full((1, 3), 5)])
    assert short.tolist() == [[2, 2, 2]]
    assert long.tolist() == [[10, 10, 10]]


def test_a_full_queue_refuses():
    """The first call runs until another one is refused."""
    refusal = threading.Event()

    def answer(x):
        assert refusal.wait(60)
        return 2 * x

    options = {"max_batch_size": 1, "max_enqueued_batches": 1, "num_batch_threads": 1}
    batched = joined(Runner(answer), **options)

    def call(feeds, fetches):
        try:
            return batched(feeds, fetches)
        except ServingError:
            refusal.set()
            raise

    answers = all_at_once(call, [np.ones(1)] * 5)
    refused = [a for a in answers if isinstance(a, ServingError)]
    assert refused
    assert all("is full" in error.message and error.http == 503 for error in refused)
    assert len(refused) < 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"allowed_batch_sizes": (4, 2)}, "monotonically increasing"),
        ({"allowed_batch_sizes": (4, 8), "max_batch_size": 9}, "must match max_batch_size"),
        ({"num_batch_threads": 0}, "must be positive"),
    ],
)
def test_parameters_that_make_no_sense(options, words):
    with pytest.raises(ServingError, match=words):
        Options(**options)
