"""What runtimes read instead of the artifact itself: made once for the same content."""

import atexit
import hashlib
import re
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from helpers.readers.inputs import state
from helpers.scratch import RUNS

_made, _lock = {}, threading.Lock()


@dataclass(frozen=True)
class Converted:
    """An artifact in the form that a runtime reads.

    path : Path of what it reads
    keys : dict of str to str, what each signature that crossed is called there
    errors : dict of str to str, the converter's error for each that did not
    """

    path: Path
    keys: dict
    errors: dict = field(default_factory=dict)


def convert_once(directory, kind, make):
    """The `Converted` that make(directory, folder) gives, the first time; later the same again.

    kind : str; what differs in content or kind is made apart, each in an empty folder of its own,
        which goes with this process
    """
    key = (kind, digest(directory))
    with _lock:
        found = _made.get(key)
        if found is None or not found.path.exists():
            found = _made[key] = make(directory, new_folder(kind))
    return found


def digest(directory):
    """A fingerprint of the names and bytes of all files of the export `directory`."""
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


def file_name(key, number, suffix):
    """A name of a file for the signature `key`: its own where a file may be called so."""
    safe = re.fullmatch(r"\w[\w.-]{0,80}", key, re.ASCII)
    return f"{key}{suffix}" if safe else f"signature_{number}{suffix}"


def new_folder(kind):
    """An empty temporary folder, called `kind`, that goes with this process."""
    # In a notebook, among its exports: those are tidied up even after a kernel that was killed.
    scratch = next((run for run in sorted(RUNS) if Path(run).is_dir()), None)
    above = Path(tempfile.mkdtemp(prefix=".runtimes-", dir=scratch))
    atexit.register(shutil.rmtree, above, ignore_errors=True)
    folder = above / kind
    folder.mkdir()
    return folder
