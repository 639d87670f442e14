"""Compare what a learner's code leaves behind with what it found: arguments, folders, settings."""

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from helpers.exercises.outcomes import NotYet
from helpers.text import safe_repr

DEPTH = 6  # of nested containers and objects
# Libraries set these variables when they are imported.
OF_LIBRARIES = ("TF", "KMP_", "OMP_", "MPL", "JAX", "PYDEVD", "CUDA", "XLA", "COLUMNS", "LINES")


def digest(value: Any) -> object:
    """Compute what identifies the content of a value: two calls give the same for equal content.

    Parameters
    ----------
    value : object
        An array, a container of arrays, a folder (a Path), a model, a variable, or an object whose
        attributes are such values. Other objects count as unchanged.

    Returns
    -------
    object
        To compare with ==.
    """
    return _digest(value, DEPTH)


def _digest(value, depth):
    if value is None or isinstance(value, str | bytes | bool | int | float | complex):
        return type(value).__name__, repr(value)
    if isinstance(value, np.ndarray | np.generic):
        return _array(np.asarray(value))
    if isinstance(value, Path):
        return _folder(value)
    if depth == 0:
        return id(value)
    if isinstance(value, Mapping):
        return "mapping", [(repr(key), _digest(item, depth - 1)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value).__name__, [_digest(item, depth - 1) for item in value]
    if isinstance(value, set | frozenset):
        return "set", sorted(map(repr, value))
    weights = weights_of(value)
    if weights is not None:
        return "weights", [_array(np.asarray(weight)) for weight in weights]
    if type(value).__module__.startswith("helpers."):
        return type(value).__name__, _digest(vars(value), depth - 1)
    return id(value)


def _array(array):
    if array.dtype.hasobject:
        content = repr(array.tolist()).encode(errors="replace")
    else:
        content = array.tobytes()
    return str(array.dtype), array.shape, hashlib.sha256(content).hexdigest()


def _folder(path):
    """Return {relative path: hash of the content} of a file or folder, or None if it is missing."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if not path.is_dir():
        return None
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        if file.is_file()
        else "folder"
        for file in sorted(path.rglob("*"))
    }


def weights_of(value: Any) -> list | None:
    """Return the variables of a model or module, a variable alone, or None for anything else."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return None
    if isinstance(value, tensorflow.Variable):
        return [value]
    if isinstance(value, tensorflow.Module | tensorflow.keras.Model):
        return list(getattr(value, "weights", None) or value.variables)
    return None


@contextlib.contextmanager
def unchanged(who: str, things: Mapping[str, Any]) -> Iterator[None]:
    """Require that the block changes neither `things` nor the settings of this process.

    The settings are the working directory, the environment variables, and whether TensorFlow runs
    functions eagerly. They are restored in any case.

    Parameters
    ----------
    who : str
        What runs in the block, for the message: "your function".
    things : mapping of str to object
        By the names that the learner knows. See `digest`.

    Raises
    ------
    NotYet
        If something is different after the block. It names the first such thing.
    """
    folder, environment, eager = os.getcwd(), dict(os.environ), _runs_eagerly()
    before = {name: digest(value) for name, value in things.items()}
    try:
        yield
        now = current_folder()
        if now != folder:
            raise NotYet(
                f"{who} should leave the working directory as it is, but changed it to {now!r}. "
                "Later cells would not find their files. The check has changed it back. Use whole "
                "paths instead of os.chdir."
            )
        changed = _changed_variables(environment)
        if changed:
            raise NotYet(
                f"{who} should leave the environment variables as they are, but changed "
                f"{', '.join(changed[:3])}. The check has changed them back."
            )
        if _runs_eagerly() != eager:
            raise NotYet(
                f"{who} should leave the settings of TensorFlow as they are, but called "
                "run_functions_eagerly, after which no function has a graph. The check has changed "
                "it back."
            )
    finally:
        if _runs_eagerly() != eager:
            sys.modules["tensorflow"].config.run_functions_eagerly(eager)
        with contextlib.suppress(OSError):
            os.chdir(folder)
        for name in _changed_variables(environment):
            if name in environment:
                os.environ[name] = environment[name]
            else:
                del os.environ[name]
    for name, value in things.items():
        if digest(value) != before[name]:
            raise NotYet(
                f"{who} should leave {name} as it is, but changed it. Work on a copy. It is now "
                f"{safe_repr(value)}."
            )


def current_folder() -> str:
    """Return the working directory, or words that say that it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return "a folder that does not exist"


def require_graphs() -> None:
    """Require that a tf.function makes a graph; raise NotYet if a cell has switched this off."""
    if _runs_eagerly():
        raise NotYet(
            "tf.config.run_functions_eagerly should be off, but is on, so no tf.function makes a "
            "graph. Call tf.config.run_functions_eagerly(False), and run this cell again."
        )


def _runs_eagerly():
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and tensorflow.config.functions_run_eagerly()


def _changed_variables(before):
    now = dict(os.environ)
    return sorted(
        name
        for name in (before.keys() | now.keys() if now != before else ())
        if before.get(name) != now.get(name) and not name.startswith(OF_LIBRARIES)
    )
