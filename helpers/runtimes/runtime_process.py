"""Load, run and time what was converted: the part that runs in a runtime's process."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NoReturn

import numpy as np

from helpers.processes import child


class Loaded(ABC):
    """One signature, loaded in this runtime."""

    @abstractmethod
    def call(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Call the signature with an array for each input; return an array for each output."""

    def nanoseconds(self, feed: dict[str, np.ndarray], calls: int) -> float:
        """Return what `calls` calls take, one after the other."""
        start = time.perf_counter_ns()
        for _ in range(calls):
            self.call(feed)
        return time.perf_counter_ns() - start


def answer_questions(
    load: Callable[[str, str], Loaded],
    prepare: Callable[[], object] = lambda: None,
    more: Mapping[str, Callable] | None = None,
) -> NoReturn:
    """Answer the questions "load", "run" and "seconds" until the parent ends.

    Parameters
    ----------
    load : function (path, key) to Loaded
        called once for each pair
    prepare : function without arguments
        what must be done before the first answer
    more : mapping of str to function of a Loaded
        other questions about (path, key)
    """
    kept = lru_cache(maxsize=16)(load)

    def run(path, key, feed):
        answer = kept(path, key).call(feed)
        return {name: as_given(answer[name]) for name in sorted(answer)}

    def seconds(path, key, feed, calls):
        loaded = kept(path, key)
        loaded.call(feed)
        return loaded.nanoseconds(feed, calls) / calls / 1e9

    def ready(path, key):
        kept(path, key)

    others = {
        name: lambda path, key, answer=answer: answer(kept(path, key))
        for name, answer in (more or {}).items()
    }
    child.answer_questions({"run": run, "seconds": seconds, "load": ready, **others}, prepare)


def as_given(value: object) -> np.ndarray:
    """Return an output as an array, with texts as bytes, as TensorFlow has them."""
    array = np.asarray(value)
    if array.dtype.kind not in "OSU":
        return array
    flat = [v.encode() if isinstance(v, str) else v for v in array.ravel().tolist()]
    texts = np.empty(len(flat), object)
    texts[:] = flat
    return texts.reshape(array.shape)
