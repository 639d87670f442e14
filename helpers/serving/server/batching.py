"""Combine simultaneous requests into one call of TensorFlow; off by default."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers.serving.protocol.errors import (
    FAILED_PRECONDITION,
    INTERNAL,
    UNAVAILABLE,
    ServingError,
    invalid,
)


@dataclass(frozen=True)
class Options:
    """The parameters of batching, with TensorFlow Serving's names and defaults.

    Parameters
    ----------
    max_batch_size : int
        maximum number of rows in one call
    batch_timeout_micros : int
        microseconds that the first request of a batch waits for more requests
    max_enqueued_batches : int
        maximum number of batches of one signature that wait for a thread
    num_batch_threads : int
        maximum number of simultaneous calls
    allowed_batch_sizes : tuple of int
        each batch is padded to the next of these sizes; an empty tuple allows all sizes
    pad_variable_length_inputs : bool
        whether rows with different shapes are padded to the largest shape

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the parameters contradict each other
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False

    def __post_init__(self) -> None:
        sizes = self.allowed_batch_sizes
        if min(self.max_batch_size, self.num_batch_threads, self.max_enqueued_batches) < 1:
            raise invalid(f"batching parameters must be positive; got {self}")
        if list(sizes) != sorted(set(sizes)):
            raise invalid("allowed_batch_sizes entries must be monotonically increasing")
        if sizes and sizes[-1] != self.max_batch_size:
            raise invalid(
                "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
                f"{sizes[-1]}; expected {self.max_batch_size}"
            )


class _Batch:
    """Requests that run in one call."""

    def __init__(self):
        self.tasks, self.size = [], 0
        self.full, self.done = threading.Event(), threading.Event()
        self.answers, self.error = None, None


class Batcher:
    """The batching of all models; it limits the number of simultaneous calls.

    Parameters
    ----------
    options : Options
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.threads = threading.BoundedSemaphore(options.num_batch_threads)

    def wrap(self, run: Callable, signatures: list[tuple[dict, list]]) -> Callable:
        """Return a function like `run` that combines calls of the same signature.

        Calls with other feeds or fetches run alone.

        Parameters
        ----------
        run : callable
            `run(feeds, fetches, options)`, like `session_loader.LoadedGraph.run`
        signatures : list of (dict of TF_Output to str, list of TF_Output)
            for each signature: its feeds with their names for error messages, and its fetches

        Returns
        -------
        callable
            `run(feeds, fetches, options=None)`
        """
        queues = {
            (frozenset(feeds), tuple(fetches)): _Queue(self, run, feeds)
            for feeds, fetches in signatures
        }

        def run_in_batch(feeds, fetches, options=None):
            queue = queues.get((frozenset(feeds), tuple(fetches)))
            return (queue or run)(feeds, fetches, options)

        return run_in_batch


class _Queue:
    """The batches of one signature; the first request of a batch runs the call for the others."""

    def __init__(self, batcher, run, names):
        self._batcher, self._options, self._run = batcher, batcher.options, run
        self._names = names
        self._lock = threading.Lock()
        self._waiting = []  # batches that have not started; only the last one accepts more requests

    def __call__(self, feeds, fetches, options):
        size = _rows(feeds)
        limit = self._options.max_batch_size
        if size > limit:
            raise invalid(f"Task size {size} is larger than maximum input batch size {limit}")
        with self._lock:
            batch = self._waiting[-1] if self._waiting else None
            leads = batch is None or batch.size + size > limit
            if leads:
                if batch:
                    batch.full.set()
                if len(self._waiting) >= self._options.max_enqueued_batches:
                    raise ServingError(
                        UNAVAILABLE,
                        "The batch scheduling queue to which this task was submitted is full; "
                        f"task size is {size} but scheduling capacity is only 0 (num_enqueued_"
                        f"batches={len(self._waiting)}, max_batch_size={limit})",
                    )
                batch = _Batch()
                self._waiting.append(batch)
            place = len(batch.tasks)
            batch.tasks.append((feeds, size))
            batch.size += size
            if batch.size == limit:
                batch.full.set()
        if leads:
            self._lead(batch, fetches, options)
        else:
            batch.done.wait()
        if batch.error:
            raise batch.error
        return batch.answers[place]

    def _lead(self, batch, fetches, options):
        batch.full.wait(self._options.batch_timeout_micros / 1e6)
        with self._batcher.threads:
            with self._lock:
                self._waiting.remove(batch)
            try:
                batch.answers = self._process(batch, fetches, options)
            except ServingError as error:
                batch.error = error
            except Exception as error:
                batch.error = ServingError(INTERNAL, f"{type(error).__name__}: {error}")
            finally:
                batch.done.set()

    def _process(self, batch, fetches, options):
        sizes = [size for _, size in batch.tasks]
        allowed = [size for size in self._options.allowed_batch_sizes if size >= batch.size]
        padding = allowed[0] - batch.size if allowed else 0
        merged = {
            feed: self._merge(feed, [feeds[feed] for feeds, _ in batch.tasks], padding)
            for feed in batch.tasks[0][0]
        }
        arrays = self._run(merged, fetches, options)
        for array in arrays:
            if not array.ndim:
                raise ServingError(FAILED_PRECONDITION, "Batched output tensor has 0 dimensions")
            if len(array) != batch.size + padding:
                raise ServingError(
                    FAILED_PRECONDITION,
                    "Batched output tensor's 0th dimension does not equal the sum of the 0th "
                    "dimension sizes of the input tensors",
                )
        ends = np.cumsum(sizes).tolist()
        return [
            [array[end - size : end] for array in arrays]
            for end, size in zip(ends, sizes, strict=True)
        ]

    def _merge(self, feed, arrays, padding):
        if len({array.shape[1:] for array in arrays}) > 1:
            if not self._options.pad_variable_length_inputs:
                raise ServingError(
                    FAILED_PRECONDITION,
                    f"Tensors with name '{self._names[feed]}' from different tasks have different "
                    "shapes and padding is turned off. Set pad_variable_length_inputs to true, or "
                    "ensure that all tensors with the same name have equal dimensions starting "
                    "with the first dim.",
                )
            if len({array.ndim for array in arrays}) > 1:
                raise invalid("Only tensors of the same rank can be padded.")
            largest = np.max([array.shape[1:] for array in arrays], axis=0)
            arrays = [_padded(array, largest) for array in arrays]
        if padding:
            arrays = [*arrays, np.repeat(arrays[0][:1], padding, axis=0)]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _rows(feeds):
    """Return the number of rows of a request."""
    if not feeds:
        raise invalid("Batching Run() must have at least one input tensor")
    sizes = set()
    for array in feeds.values():
        if not array.ndim:
            raise invalid("Batching Run() input tensors must have at least one dimension")
        sizes.add(len(array))
    if len(sizes) > 1:
        raise invalid("Batching Run() input tensors must have equal 0th-dimension size")
    return sizes.pop()


def _padded(array, largest):
    """Pad the rows of an array to a larger shape with the array's first value."""
    if not array.size:
        raise invalid("Got empty tensor in batch of non-empty tensors.")
    widths = [(0, 0), *((0, int(n) - m) for n, m in zip(largest, array.shape[1:], strict=True))]
    return np.pad(array, widths, constant_values=array.flat[0])
