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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.exercises.notebook import history, source_of
from helpers.exercises.outcomes import NotYet, Raised
from helpers.paths import ROOT
from helpers.text import shorten

SECONDS = 60  # for the whole process; it imports what the cell imports
# Not the hash seed of this process, which is random or 0.
SETTINGS = {"PYTHONHASHSEED": "4711", "USER": "someone-else", "LOGNAME": "someone-else"}


def ask_elsewhere(
    notebook: Mapping[str, Any],
    name: str,
    calls: Sequence[tuple],
    away: Sequence[Path] = (),
    seconds: float = SECONDS,
) -> list[Any]:
    """Run the cell that defines a function in a new process, and call the function there.

    The process has another number, hash seed, time and date (some days later), user name, home and
    working directory, which is empty.

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
        start = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
            "from helpers.exercises import elsewhere_process; del sys.path[0]; "
            f"elsewhere_process.main({str(order)!r}, {str(answer)!r})"
        )
        environment = os.environ | SETTINGS | {"HOME": str(home), "TMPDIR": folder}
        try:
            subprocess.run(
                [sys.executable, "-P", "-c", start],
                cwd=home,
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
