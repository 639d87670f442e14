"""Loading an export in the clean process with what a plain Python program has."""

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from helpers.artifact.saved_model import serving_graph
from helpers.readers.inputs import state

Answer = TypeVar("Answer")
_loadable: set[tuple] = set()  # the exports, with their states, that Python has loaded
_shown: dict[str, Any] = {}  # the package keras, after an export has needed it


def tags_of(directory: str) -> list[str]:
    """Return the tags of the graph that servers load."""
    return list(serving_graph(Path(directory)).meta_info_def.tags)


def load(directory: str) -> Any:
    """Load an export with tf.saved_model.load, as a plain Python program does.

    Of several graphs, the one that servers load is loaded: Python has to be told its tags.
    """
    import tensorflow as tf

    tags, when = tags_of(directory), state(directory)
    loaded = with_keras_if_needed(lambda: tf.saved_model.load(directory, tags=tags))
    _loadable.add((directory, when))
    return loaded


def require_loadable(directory: str):
    """Load an export as `load` does, unless this process has done so, and do not keep it.

    Raises
    ------
    Exception
        What tf.saved_model.load raises.
    """
    if (directory, state(directory)) not in _loadable:
        load(directory)
        gc.collect()  # the functions of an export and its variables refer to each other


def with_keras_if_needed(call: Callable[[], Answer]) -> Answer:
    """Call a function, and again with the package keras if it fails without it.

    The clean process hides keras, which most exports do not need. TensorFlow imports it for an
    export that holds an optimizer of Keras 2. A plain Python program has it, so its error, or its
    answer, is the right one.
    """
    try:
        return call()
    except ImportError as error:
        if "keras" not in str(error).lower() or sys.modules.get("keras", True) is not None:
            raise
    with _keras():
        return call()


@contextlib.contextmanager
def _keras() -> Iterator[None]:
    """Show keras for one call: later exports must prove again that they do not need it."""
    del sys.modules["keras"]
    sys.modules.update(_shown)
    try:
        yield
    finally:
        if "keras" in sys.modules:
            _shown["keras"] = sys.modules["keras"]
        sys.modules["keras"] = None  # pyrefly: ignore[unsupported-operation]
