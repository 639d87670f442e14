"""A separate environment: TensorFlow and Keras in other versions, all other packages as locked."""

import json
import re
import shutil
import subprocess
import sys

from packaging.markers import default_environment

from helpers.paths import ROOT
from tests.course.test_locks import LOCK, TENSORFLOWS, UNLOCKED, read_lock

FOLDER = ROOT / ".newest"
APART = "tensorflow-serving-api"  # depends on tensorflow by name, not on tensorflow-cpu
OFFLINE = r"(Connection|NameResolution|Proxy|SSL|Protocol|Timeout)Error|timed out"


class CannotTry(Exception):
    """The requested versions cannot be tried; the message says why and what to do."""


class Environment:
    """A fresh environment.

    Parameters
    ----------
    folder : Path
        holds the environment as `folder`/venv
    lock : str, optional
        the text of a lock; by default that of the course

    Attributes
    ----------
    python : Path
        the interpreter of the environment
    pinned : dict of str to str
        version by package, as locked for this machine
    tensorflow : str
        the name of TensorFlow's package on this machine
    """

    def __init__(self, folder=FOLDER, lock=None):
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        text = lock or (ROOT / LOCK).read_text(encoding="utf-8")
        here = dict(default_environment())
        self.entries = [entry for entry in read_lock(text) if entry.active(here)]
        # The course's own wheel, which is only the name tensorflow, fits one version only.
        self.pinned = {e.name: e.version for e in self.entries if "+" not in e.version}
        only_a_name = len(self.pinned) < len(self.entries)
        self.apart = self.pinned.pop(APART, None) if only_a_name else None
        (self.tensorflow,) = TENSORFLOWS.intersection(self.pinned)

    def make(self, tensorflow="", keras=""):
        """Install these versions and everything else as locked.

        Parameters
        ----------
        tensorflow, keras : str
            a version; "" means the newest

        Returns
        -------
        dict of str to str
            version by package, as installed

        Raises
        ------
        CannotTry
            if the versions cannot be installed
        """
        requested = {self.tensorflow: tensorflow, "keras": keras}
        for name, version in requested.items():
            if version and not re.fullmatch(r"\d[\w.]*", version):
                raise CannotTry(f"{version!r} is not a version of {name}: give one such as 2.20.0.")
        self._make_venv()
        requested = {name: version or self._newest(name) for name, version in requested.items()}
        say(f"Installing {_spell(requested)}: this takes some minutes and 2 GB.")
        if not self._install(requested, relaxed=()):
            needed = self._needed_by(requested)
            say("They do not work with the lock. pip now chooses the versions that they depend on.")
            if not self._install(requested, relaxed=needed):
                raise CannotTry(f"pip finds no set of packages with {_spell(requested)}.")
        if self.apart:
            done = self._pip("install", "--quiet", "--no-deps", f"{APART}=={self.apart}")
            if done.returncode:
                raise CannotTry(_why(done, APART))
        listed = json.loads(self._pip("list", "--format", "json").stdout)
        found = {re.sub(r"[-_.]+", "-", p["name"]).lower(): p["version"] for p in listed}
        return {n: v for n, v in found.items() if n in self.pinned or n not in UNLOCKED}

    def _make_venv(self):
        venv = self.python.parents[1]
        shutil.rmtree(venv, ignore_errors=True)  # an environment must not mix two runs
        done = _run([sys.executable, "-m", "venv", str(venv)])
        if done.returncode:
            raise CannotTry(f"Python made no environment in {venv.parent.name}/: {_last(done)}")

    def _newest(self, name):
        options = ("--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report", "-")
        done = self._pip("install", *options, name)
        if done.returncode:
            raise CannotTry(_why(done, f"the newest {name}"))
        return json.loads(done.stdout)["install"][0]["metadata"]["version"]

    def _install(self, requested, relaxed):
        """Install the versions `requested` with the lock; of packages in `relaxed`, any version.

        Returns whether pip found a set of packages.
        """
        lines = [f"{name}=={version}" for name, version in requested.items()]
        for name, version in self.pinned.items():
            if name not in requested:
                lines.append(name if name in relaxed else f"{name}=={version}")
        file = self.folder / "requirements.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        done = self._pip("install", "--quiet", "-r", str(file))
        if "ResolutionImpossible" in done.stderr:
            refused = re.search(r"Cannot install (.*) because", done.stderr)
            if refused and set(re.findall(r"([\w-]+)==", refused[1])) <= set(requested):
                raise CannotTry(f"{_spell(requested)} do not work together: choose other versions.")
            return False
        if done.returncode:
            raise CannotTry(_why(done, _spell(requested)))
        return True

    def _needed_by(self, requested):
        """Return the locked packages that those in `requested` depend on, directly or not."""
        needed = set(requested)
        while more := {e.name for e in self.entries if needed.intersection(e.via)} - needed:
            needed |= more
        return needed - set(requested)

    def _pip(self, command, *arguments):
        only = ["--only-binary", ":all:"] if command == "install" else []
        ours = ["--disable-pip-version-check", *only, *arguments]
        return _run([str(self.python), "-m", "pip", command, *ours])


def say(text):
    """Print a line about progress to standard error, because the report goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def _run(command):
    return subprocess.run(command, capture_output=True, text=True)


def _spell(requested):
    return " and ".join(f"{name} {version}" for name, version in requested.items())


def _last(done):
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


def _why(done, requested):
    """Return one line that says why pip failed and what to do."""
    missing = re.search(r"requirement (\S+) \(from versions: (.*)\)", done.stderr)
    if re.search(OFFLINE, done.stderr) or (missing and missing[2] == "none"):
        return "The package index cannot be reached: connect to the internet and try again."
    if "No space left" in done.stderr:
        return "The disk is full: the environment takes 2 GB; free some space and try again."
    if missing:
        known = ", ".join(missing[2].split(", ")[-8:])
        return f"There is no {missing[1]} for this Python; the newest are {known}."
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return f"pip could not install {requested} ({errors[-1] if errors else _last(done)})."
