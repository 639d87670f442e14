"""The files that runtimes read instead of the export, made once for the same content."""

import atexit
import hashlib
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from helpers.processes.clean_process import ReaderError
from helpers.readers.inputs import state
from helpers.scratch import RUNS

_made, _lock = {}, threading.Lock()
_opened, _opening = {}, threading.Lock()


@dataclass(frozen=True)
class Converted:
    """An export in the form that a runtime reads.

    Parameters
    ----------
    path : pathlib.Path
        The file or folder that the runtime reads.
    keys : dict of str to str
        For each converted signature, its name in the new form.
    errors : dict of str to str
        For each signature that cannot be converted, the converter's error.
    """

    path: Path
    keys: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)


def convert_once(directory: Path, kind: str, make: Callable[[Path, Path], Converted]) -> Converted:
    """Convert an export, or return the earlier result for the same content and kind.

    Parameters
    ----------
    directory : pathlib.Path
        The export.
    kind : str
        The name of the form, such as "onnx".
    make : function of (directory, folder)
        Converts the export. It writes into the empty folder, which is deleted with this process.

    Returns
    -------
    Converted
    """
    key = (kind, digest(directory))
    with _lock:
        found = _made.get(key)
        if found is None or not found.path.exists():
            found = _made[key] = make(directory, new_folder(kind))
    return found


def opened(converted: Converted, kind: str, load: Callable[[Path, str], object]) -> Converted:
    """Keep the files that a runtime can open: a converter may write what no runtime reads.

    Parameters
    ----------
    converted : Converted
        A folder with a file for each signature.
    kind : str
        The name of the runtime. Its files lie in a folder of this name, beside the other one.
    load : function of (folder, name of a file)
        Opens a file in the runtime. It is called once for each file. It raises ReaderError if the
        runtime refuses the file.

    Returns
    -------
    Converted
        The error of the runtime stands beside those of the converter.

    Raises
    ------
    ReaderError
        If the runtime does not answer in time.
    """
    folder = converted.path.with_name(kind)
    with _opening:
        found = _opened.get(folder)
        if found is None or not folder.exists():
            found = _opened[folder] = _open(converted, folder, load)
    return found


def _open(converted, folder, load):
    folder.mkdir(exist_ok=True)
    kept, errors = {}, dict(converted.errors)
    for key, name in converted.keys.items():
        try:
            os.link(converted.path / name, folder / name)
        except OSError:  # a disk without links
            shutil.copy(converted.path / name, folder / name)
        try:
            load(folder, name)
            kept[key] = name
        except ReaderError as error:
            (folder / name).unlink()
            if error.error.startswith("TimeoutError: "):
                shutil.rmtree(folder)  # it says nothing about the file: ask again
                raise
            errors[key] = error.error
    return Converted(folder, kept, errors)


def digest(directory: Path) -> str:
    """Compute the SHA-256 digest of the names and bytes of all files of an export."""
    return _digest(str(directory), state(directory))


@lru_cache(maxsize=64)
def _digest(directory, _state):
    digest = hashlib.sha256()
    for path in sorted(path for path in Path(directory).rglob("*") if path.is_file()):
        name = path.relative_to(directory).as_posix()
        digest.update(f"{name}\n{path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    return digest.hexdigest()


def file_name(key: str, number: int, suffix: str) -> str:
    """Choose a file name for a signature.

    Parameters
    ----------
    key : str
        The key of the signature, used as the name if every system accepts it in a file name.
    number : int
        Used in the name otherwise.
    suffix : str
        For example ".onnx".

    Returns
    -------
    str
    """
    safe = re.fullmatch(r"\w[\w.-]{0,80}", key, re.ASCII)
    return f"{key}{suffix}" if safe else f"signature_{number}{suffix}"


def new_folder(kind: str) -> Path:
    """Make an empty temporary folder with the name `kind`. It is deleted with this process."""
    # In a notebook, inside its scratch folder, which is deleted even if the kernel was killed.
    scratch = next((run for run in sorted(RUNS) if Path(run).is_dir()), None)
    above = Path(tempfile.mkdtemp(prefix=".runtimes-", dir=scratch))
    atexit.register(shutil.rmtree, above, ignore_errors=True)
    folder = above / kind
    folder.mkdir()
    return folder
