"""Be the server of one learner on the hub: JupyterLab on the learner's own copy of the course.

The hub of `jupyterhub_config.py` starts this file as the learner, with the Python of the course.
JupyterHub is installed apart, and only this process imports it: the kernels of the learner have the
packages of the course and no others.
"""

import os
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import psutil

COURSE = Path(__file__).resolve().parents[2]
HANDOUT = "COURSE_HANDOUT"  # the variable that names the ZIP file of `make handout`
LINKED = (".venv", ".runtimes")  # what the copies of all learners share
PATIENCE = 5  # seconds in which a process that was asked to end does so


def main() -> None:
    """Unpack the course if the learner has none yet, and run the server of the learner."""
    sys.path[:1] = [str(COURSE)]  # in place of the folder of this file
    sys.path += map(str, COURSE.glob(".hub/venv/lib/python3.*/site-packages"))
    from helpers.jupyter.__main__ import main as run

    own = unpack(Path(os.environ[HANDOUT]), Path.home())
    # A lesson's `!saved_model_cli` is that of the course, as with `make lab`.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    try:
        run("jupyterhub.singleuser", own)
    finally:  # they would wait some minutes for the next kernel, and keep their memory
        end(fork_servers(own))


def unpack(handout: Path, home: Path) -> Path:
    """Unpack the hand-out in the folder of a learner who does not have it yet.

    What the learner has is never changed, also when a newer hand-out is there.

    Parameters
    ----------
    handout : Path
        The ZIP file that `make handout` writes. It has one folder.
    home : Path
        The learner's folder.

    Returns
    -------
    Path
        The learner's copy of the course.

    Raises
    ------
    FileNotFoundError
        If there is no such ZIP file.
    """
    if not handout.is_file():
        raise FileNotFoundError(f"there is no {handout}: type make handout where the course is")
    with zipfile.ZipFile(handout) as archive:
        own = home / archive.namelist()[0].split("/")[0]
        if own.exists():
            return own
        # Under another name first, because an interrupted copy would count as the learner's.
        with tempfile.TemporaryDirectory(dir=home, prefix=".unpacking-") as folder:
            archive.extractall(folder)
            (Path(folder) / own.name).rename(own)
    for name in LINKED:
        if (COURSE / name).exists():
            (own / name).symlink_to(COURSE / name)
    return own


def fork_servers(course: Path) -> list[psutil.Process]:
    """Find the processes that fork others for a copy of the course, and those that they forked."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if "fork_server.main(" in command and repr(str(course)) in command:
                found.append(process)
    return found


def end(processes: list[psutil.Process]) -> None:
    """Ask processes to end, and kill those that do not."""
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()


if __name__ == "__main__":
    main()
