"""The side of the child in a runtime's process: it loads what was converted, runs it, times it."""

import time
from abc import ABC, abstractmethod
from functools import lru_cache

import numpy as np

from helpers.processes import child


class Loaded(ABC):
    """One signature, loaded in this runtime."""

    @abstractmethod
    def call(self, feed):
        """From {input name: array} to {output name: array}."""

    def nanoseconds(self, feed, calls):
        """How long `calls` calls take, one after the other."""
        start = time.perf_counter_ns()
        for _ in range(calls):
            self.call(feed)
        return time.perf_counter_ns() - start


def answer_questions(load, prepare=lambda: None):
    """Answer until the parent goes.

    load : function (path, key) to Loaded, asked once for each pair
    """
    kept = lru_cache(maxsize=16)(load)

    def run(path, runtime, key, feed):
        answer = kept(path, key).call(feed)
        return {name: as_given(answer[name]) for name in sorted(answer)}

    def seconds(path, runtime, key, feed, calls):
        loaded = kept(path, key)
        loaded.call(feed)
        return loaded.nanoseconds(feed, calls) / calls / 1e9

    def ready(path, runtime, key):
        kept(path, key)

    child.answer_questions({"run": run, "seconds": seconds, "load": ready}, prepare)


def as_given(value):
    """An output as an array; texts as bytes, as TensorFlow has them."""
    array = np.asarray(value)
    if array.dtype.kind not in "OSU":
        return array
    flat = [v.encode() if isinstance(v, str) else v for v in array.ravel().tolist()]
    texts = np.empty(len(flat), object)
    texts[:] = flat
    return texts.reshape(array.shape)
