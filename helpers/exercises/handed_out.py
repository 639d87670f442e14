"""Copy what an exercise starts from, so that it is made once for the learner and the check."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

PLAIN = (str, bytes, bool, int, float, complex, type(None))


class CannotCopy(Exception):
    """What an exercise starts from has to be made again, because a copy would not be the same."""


def copied(made: Any, source: Path, target: Path) -> Any:
    """Copy a folder, and what its maker returned.

    Parameters
    ----------
    made : object
        Plain values, arrays, paths, and dicts, lists and tuples of them.
    source : Path
        What the maker wrote: a folder, a file, or nothing.
    target : Path
        The place of the copy.

    Returns
    -------
    object
        New objects. Paths below `source` are below `target` in them.

    Raises
    ------
    CannotCopy
        If `made` holds something else, such as a model, or if the path of `source` is written in a
        text or a file. Then there is nothing at `target`.
    """
    moved = _moved(made, source, target)
    files = [source] if source.is_file() else [f for f in source.rglob("*") if f.is_file()]
    if any(os.fsencode(source) in file.read_bytes() for file in files):
        raise CannotCopy
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    elif source.is_file():
        shutil.copy2(source, target)
    return moved


def _moved(value, source, target):
    kind = type(value)
    if isinstance(value, Path):
        return target / value.relative_to(source) if value.is_relative_to(source) else value
    if kind is np.ndarray and value.dtype != object:
        return value.copy()
    if kind is dict:
        return {key: _moved(item, source, target) for key, item in value.items()}
    if kind in (list, tuple):
        return kind(_moved(item, source, target) for item in value)
    if kind not in PLAIN or (kind is str and str(source) in value):
        raise CannotCopy
    return value
