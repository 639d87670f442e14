"""Run a learner's cell again in a new process: another hash(), clock, user and folder.

An answer that is only right in this kernel is wrong there: a salt that was drawn once, a value in
memory, the number of the process, a file of this computer.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.exercises import elsewhere_process
from helpers.exercises.notebook import history, source_of
from helpers.exercises.outcomes import NotYet, Raised
from helpers.paths import ROOT
from helpers.text import shorten

SECONDS = 60  # for the whole process; it imports what the cell imports
CLOCK, USER, FOLDER = "clock", "user", "folder"
CHANGES = (CLOCK, USER, FOLDER)


def ask_elsewhere(
    notebook: Mapping[str, Any],
    name: str,
    calls: Sequence[tuple],
    away: Sequence[Path] = (),
    changes: Collection[str] = CHANGES,
    seconds: float = SECONDS,
) -> list[Any]:
    """Run the cell that defines a function in a new process, and call the function there.

    The process has another number, memory and hash seed than this one.

    Parameters
    ----------
    notebook : mapping of str to object
        The names of the notebook. "In" holds its cells, as in IPython.
    name : str
        The name of the function in the notebook.
    calls : sequence of tuple
        The arguments of each call. They must be picklable.
    away : sequence of Path
        Folders that are moved away meanwhile.
    changes : collection of str
        What else is different: the time and date (CLOCK), the user name and home (USER), and the
        working directory, which is empty (FOLDER).
    seconds : float
        After this time the process is stopped.

    Returns
    -------
    list of object
        What the calls returned, in order.

    Raises
    ------
    NotYet
        If no cell defines the function, or if the cell or a call fails in the new process.
    """
    code = source_of(name, history(notebook))
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as folder, moved_away(away):
        home = Path(folder) / "home"
        home.mkdir()
        order, answer = Path(folder) / "order", Path(folder) / "answer"
        order.write_bytes(pickle.dumps((code, name, list(calls))))
        # As a script: an import of the package would take longer than the cell.
        command = [sys.executable, "-P", elsewhere_process.__file__, order, answer, ROOT]
        environment = os.environ | {"PYTHONHASHSEED": _other_seed()}
        if USER in changes:
            environment |= {"USER": "someone-else", "LOGNAME": "someone-else", "HOME": str(home)}
        try:
            subprocess.run(
                [*command, *([CLOCK] if CLOCK in changes else [])],
                cwd=home if FOLDER in changes else None,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotYet(
                f"{name} should answer in another process as well, but its cell did not end there "
                f"within {seconds:g} seconds."
            ) from None
        try:
            error, values = pickle.loads(answer.read_bytes())
        except Exception:
            error, values = "the process ended without an answer", []
    if error:
        raise NotYet(
            f"{name} should answer in another process as well, where the check runs its cell "
            f"again, but fails there: {shorten(error)}. Put all that it needs into its cell."
        )
    return values


def _other_seed():
    return "4711" if os.environ.get("PYTHONHASHSEED") != "4711" else "4712"


@contextlib.contextmanager
def moved_away(folders: Sequence[Path]) -> Iterator[None]:
    """Rename folders in the block, so that nothing finds them; afterwards they are there again."""
    with contextlib.ExitStack() as stack:
        for folder in folders:
            hidden = folder.with_name(f".away-{os.getpid()}-{folder.name}")
            try:
                folder.rename(hidden)
            except OSError as error:
                raise Raised(error) from None
            stack.callback(hidden.rename, folder)
        yield
