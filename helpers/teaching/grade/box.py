"""A box for a program that is not trusted: no network, its own files, and limits.

The box is bubblewrap (the program `bwrap`), which Linux needs no rights for. In a box, the course
and Python are read-only, one folder is writable, and nothing else of this computer exists.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from helpers.paths import RUNTIMES
from helpers.teaching.grade.limits import (
    MARK,
    Ended,
    Limits,
    has_mark,
    memory_of,
    processes_of,
    size_of,
)
from helpers.text import readable_size

# A box that root starts becomes a user with a number of its own, because the system does not limit
# the processes of root. Then it runs the program.
FIRST_USER, USERS = 300_000, 60_000
BECOME = (
    "import os, sys; number = int(sys.argv[1]); os.setgroups([]); os.setgid(number); "
    "os.setuid(number); os.execv(sys.argv[2], sys.argv[2:])"
)
TICK = 0.25  # seconds between two looks at a box
DISK_TICKS = 8  # looks until the size of its files is measured again
OUTPUT = 4_000_000  # bytes of standard output
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = ("alternatives", "fonts", "group", "ld.so.cache", "ld.so.conf", "ld.so.conf.d")
SETTINGS += (
    "localtime",
    "mime.types",
    "passwd",
    "ssl",
    "ca-certificates",
    "chromium",
    "chromium.d",
)
SHARED_MEMORY = 256_000_000  # bytes of /dev/shm
BUILT = "c"  # the folder of the runtimes in which a lesson compiles its C program


@dataclass(frozen=True)
class Box:
    """One box with its folders.

    Attributes
    ----------
    course : Path
        A copy of the course, which is `course_inside` in the box.
    folder : Path
        It has two folders, which are `inside` and /tmp in the box, and the only writable ones. No
        program in the box can replace them, for example by a link.
    boxed : bool
        Whether bubblewrap is used. Without it, a program can do all that you can do.
    limits : Limits
    token : str
        What marks the processes of this box.
    stop : threading.Event
        Ends the box when it is set.
    """

    course: Path
    folder: Path
    boxed: bool = True
    limits: Limits = field(default_factory=Limits)
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def course_inside(self) -> str:
        """The path of the course for programs in the box."""
        return free_path("course") if self.boxed else str(self.course)

    @property
    def inside(self) -> str:
        """The path of the writable folder for programs in the box."""
        return free_path("box") if self.boxed else str(self.folder / "box")

    @property
    def user(self) -> int:
        """The number of the user in a box that root starts: the same for the same folder."""
        digits = hashlib.sha256(os.fsencode(self.folder)).hexdigest()
        return FIRST_USER + int(digits, 16) % USERS

    def environment(self) -> dict[str, str]:
        """Return the environment variables of a program in the box."""
        temporary = "/tmp" if self.boxed else str(self.folder / "tmp")
        path = f"{_prefix()}/bin:/usr/local/bin:/usr/bin:/bin"
        return {
            "PATH": path,
            "PYTHONPATH": self.course_inside,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "HOME": f"{self.inside}/home",
            "TMPDIR": temporary,
            "USER": "learner",
            "LOGNAME": "learner",
            "LANG": "C.UTF-8",
            "MPLBACKEND": "agg",
            "COURSE_EXPORTS": f"{self.inside}/exports",
            "COURSE_PROGRESS": f"{self.inside}/progress.json",
            # Both boxes draw the same exercises.
            "COURSE_DRAW": os.environ.get("COURSE_DRAW") or str(int(self.token[:8], 16)),
            MARK: self.token,
        }

    @property
    def private(self) -> str:
        """The path of the folder that only a run with `private` can see."""
        return free_path("check") if self.boxed else str(self.folder / "check")

    def command(self, *program: str, private: bool = False) -> list[str]:
        """Return the command that runs a program in the box; see `run`."""
        if not self.boxed:
            return list(program)
        arguments = ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        if _is_root():
            arguments += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
            arguments += [f"--unshare-{what}" for what in ("ipc", "net", "pid", "uts")]
            become = (f"{_prefix()}/bin/python", "-P", "-c", BECOME, str(self.user))
            program = (*become, *program)
        else:
            arguments.append("--unshare-all")
        for path in SYSTEM:
            if os.path.islink(path):
                arguments += ["--symlink", os.readlink(path), path]
            elif os.path.isdir(path):
                arguments += ["--ro-bind", path, path]
        arguments += ["--perms", "0755", "--dir", "/etc"]
        for name in SETTINGS:
            arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        arguments += ["--proc", "/proc", "--dev", "/dev"]
        arguments += ["--perms", "1777", "--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm"]
        arguments += ["--bind", str(self.folder / "tmp"), "/tmp"]
        for path in _needed():
            for parent in [*reversed(Path(path).parents)][1:]:  # else only root may look into it
                arguments += ["--perms", "0755", "--dir", str(parent)]
            arguments += ["--ro-bind", path, path]
        course = self.course_inside
        arguments += ["--ro-bind", str(self.course), course]
        for name in runtime_folders():
            if (self.course / RUNTIMES.name / name).is_dir():
                source, target = str(RUNTIMES.resolve() / name), f"{course}/{RUNTIMES.name}/{name}"
                arguments += ["--ro-bind", source, target]
        if (self.course / RUNTIMES.name / BUILT).is_dir():
            arguments += ["--perms", "1777", "--tmpfs", f"{course}/{RUNTIMES.name}/{BUILT}"]
        arguments += ["--bind", str(self.folder / "box"), self.inside, "--chdir", self.inside]
        if private:
            arguments += ["--bind", str(self.folder / "check"), self.private]
        arguments += [
            "--remount-ro",
            "/dev",
            "--remount-ro",
            "/",
            "--hostname",
            "box",
            "--clearenv",
        ]
        for name, value in self.environment().items():
            arguments += ["--setenv", name, value]
        return ["bwrap", *arguments, "--", *program]

    def run(self, *arguments: str, given: bytes = b"", private: bool = False) -> Ended:
        """Run Python in the box until it ends, or until a limit is reached.

        Parameters
        ----------
        *arguments : str
            Of Python.
        given : bytes
            Its standard input.
        private : bool
            Whether the box has one more writable folder, which no other run could fill.

        Returns
        -------
        Ended
        """
        ended, began = Ended(), time.monotonic()
        outside = {"PATH": os.environ.get("PATH", os.defpath)}
        process = subprocess.Popen(
            self.command(f"{_prefix()}/bin/python", "-P", *arguments, private=private),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder / "box",
            env=outside if self.boxed else outside | self.environment(),
            start_new_session=True,
        )
        reading = threading.Thread(target=_read, args=(process.stdout, ended), daemon=True)
        writing = threading.Thread(target=_write, args=(process.stdin, given), daemon=True)
        reading.start()
        writing.start()
        try:
            self._watch(process, ended, began)
        finally:
            self._stop(process)
        reading.join(10)
        ended.seconds = time.monotonic() - began
        if not ended.why:
            ended.status = process.returncode
        return ended

    def prepare(self) -> Path:
        """Make the folders, and return the one that is `inside`. Call it once, before `run`."""
        made = ("tmp", "check", "box", "box/home", "box/exports", "box/notebooks", "box/out")
        for name in made:
            (self.folder / name).mkdir()
            self._give_away(self.folder / name)
        return self.folder / "box"

    def _give_away(self, path):
        if self.boxed and _is_root():
            os.chown(path, self.user, self.user, follow_symlinks=False)
            path.chmod(0o755)  # for the time in which bwrap is root without its rights

    def _watch(self, process, ended, began):
        ticks = 0
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(TICK)
                return
            if self.stop.is_set():
                ended.why = "it was interrupted"
                return
            ticks += 1
            if time.monotonic() - began > self.limits.seconds:
                ended.why = f"it ran for more than {self.limits.seconds:g} seconds"
                return
            inside = processes_of(process)
            if len(inside) > self.limits.processes:
                ended.why = f"it started more than {self.limits.processes} processes"
                return
            memory = memory_of(inside, self.limits.memory)
            ended.memory = max(ended.memory, memory)
            if memory > self.limits.memory:
                ended.why = f"it used more than {readable_size(self.limits.memory)} of memory"
                return
            if (
                ticks % DISK_TICKS == 0
                and size_of(self.folder, self.limits.disk) > self.limits.disk
            ):
                ended.why = f"it wrote more than {readable_size(self.limits.disk)}"
                return

    def _stop(self, process):
        """End all processes of the box, also those that its program left behind."""
        inside = processes_of(process)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        if not self.boxed:
            inside += [one for one in psutil.process_iter() if has_mark(one, self.token)]
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            for one in inside:
                with contextlib.suppress(psutil.Error):
                    one.kill()
        psutil.wait_procs(inside, timeout=10)


def free_path(name: str) -> str:
    """Return the path of a folder for a box that hides nothing of Python or the runtimes.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        ``/name``, or ``/name_`` if this computer keeps Python or the runtimes below ``/name``.
    """
    taken = {Path(path).parts[1] for path in _needed()}
    while name in taken:
        name += "_"
    return f"/{name}"


def _needed():
    """Return the folders of Python and of the runtimes."""
    folders = ["/usr", _prefix(), os.path.realpath(sys.base_prefix)]
    folders += [str(RUNTIMES.resolve())] if RUNTIMES.exists() else []
    return [path for path in dict.fromkeys(folders) if path == "/usr" or path[:5] != "/usr/"]


def runtime_folders() -> list[str]:
    """Return the names of the folders in RUNTIMES that are installed, without BUILT."""
    if not RUNTIMES.exists():
        return []
    found = [path for path in RUNTIMES.resolve().iterdir() if not path.is_symlink()]
    return sorted(path.name for path in found if path.is_dir() and path.name != BUILT)


def why_no_box() -> str:
    """Return why boxes do not work on this computer. Empty if they work."""
    if shutil.which("bwrap") is None:
        return "the program bwrap is not installed (on Debian and Ubuntu: apt install bubblewrap)"
    with tempfile.TemporaryDirectory() as course, tempfile.TemporaryDirectory() as folder:
        os.chmod(course, 0o755)
        box = Box(Path(course), Path(folder))
        box.prepare()
        done = subprocess.run(
            box.command(f"{_prefix()}/bin/python", "-P", "-c", "import numpy"),
            capture_output=True,
            text=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
    said = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else f"bwrap fails: {said[-1] if said else 'no words'}"


def _prefix():
    return os.path.realpath(sys.prefix)


def _is_root():
    return os.geteuid() == 0


def _read(stream, ended):
    while block := stream.read1(65536):
        if len(ended.output) < OUTPUT:
            ended.output += block


def _write(stream, content):
    with contextlib.suppress(OSError), stream:
        stream.write(content)
