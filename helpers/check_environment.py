"""The check of this computer: is it ready for the course, and what to do if it is not."""

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from helpers.display.html_table import marked
from helpers.paths import ROOT

TENSORFLOW = ("tensorflow", "tensorflow-cpu")
PACKAGES = ("keras", "numpy", "ai-edge-litert", "ipywidgets", "matplotlib")
REPAIR = "Close JupyterLab, delete the folder .venv and start again with: make lab"


@dataclass(frozen=True)
class Check:
    """One condition for the course.

    Attributes
    ----------
    what : str
        The condition.
    ok : bool
        Whether it holds.
    found : str
        What was found instead.
    advice : str
        What to do.
    """

    what: str
    ok: bool
    found: str = ""
    advice: str = ""

    def __str__(self):
        return f"✓ {self.what}" if self.ok else f"✗ {self.what}: {self.found}. {self.advice}"


@dataclass(frozen=True)
class Checks:
    """The results of all checks; prints as one line each."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether all conditions hold."""
        return all(check.ok for check in self.checks)

    def __str__(self):
        verdict = "Ready." if self.ok else "Fix the lines marked ✗ first."
        return "\n".join([*map(str, self.checks), verdict])

    __repr__ = __str__

    def _repr_html_(self):
        lines = "<br>".join(marked(str(check)) for check in self.checks)
        return f"<p>{lines}</p><p><strong>{marked(str(self).splitlines()[-1])}</strong></p>"


def check_environment(found: Mapping[str, str | None] | None = None) -> Checks:
    """Compare this computer with the course's lock.

    Parameters
    ----------
    found : mapping of str to (str or None), optional
        Versions by package name, used instead of the installed ones, to see what a failed check
        looks like. None as a version means: not installed.

    Returns
    -------
    Checks
    """
    found = found or {}
    missing = [name for name in ("pyproject.toml", "requirements.lock") if not _is_there(name)]
    if missing:
        advice = "Copy the whole folder of the course, not only the notebooks."
        return Checks((Check("the course is complete", False, f"no {missing[0]}", advice),))
    return Checks(
        (
            _python(),
            _tensorflow(found),
            *(_package(name, found) for name in PACKAGES),
            _computes(),
            _second_process(),
            _writable(),
        )
    )


def locked_versions() -> dict[str, str]:
    """Read the versions in requirements.lock, by package name."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.M))


def _is_there(name: str) -> bool:
    return (ROOT / name).exists()


def _python() -> Check:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    low, high = re.findall(r"3\.(\d+)", project["requires-python"])
    ok = int(low) <= sys.version_info.minor < int(high) and sys.version_info.major == 3
    return Check(
        f"Python 3.{low} to 3.{int(high) - 1}",
        ok,
        f"this is Python {sys.version.split()[0]}",
        "Delete the folder .venv and start again with: make lab PYTHON=/path/to/python3.11",
    )


def _installed(name: str, found: Mapping[str, str | None]) -> str | None:
    if name in found:
        return found[name]
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _tensorflow(found: Mapping[str, str | None]) -> Check:
    locked = locked_versions()
    here = {name: version for name in TENSORFLOW if (version := _installed(name, found))}
    if here.get("tensorflow", "").endswith("+cpu"):  # our wheel, which has no files
        del here["tensorflow"]
    what = f"TensorFlow {locked['tensorflow']}"
    if len(here) == 2:
        return Check(what, False, "tensorflow and tensorflow-cpu fill one folder", REPAIR)
    right = here and all(version == locked[name] for name, version in here.items())
    return Check(what, bool(right), _version(here), REPAIR)


def _package(name: str, found: Mapping[str, str | None]) -> Check:
    locked, version = locked_versions()[name], _installed(name, found)
    return Check(f"{name} {locked}", version == locked, _version({name: version}), REPAIR)


def _version(here: Mapping[str, str | None]) -> str:
    versions = [version for version in here.values() if version]
    return f"found {', '.join(versions)}" if versions else "not installed"


def _computes() -> Check:
    what = "TensorFlow computes"
    try:
        import tensorflow as tf

        total = int(tf.constant(1) + tf.constant(1))
    except Exception as error:
        return Check(what, False, f"{type(error).__name__}: {error}", REPAIR)
    return Check(what, total == 2, f"1 + 1 gave {total}", REPAIR)


def _second_process() -> Check:
    what = "a second Python process can be started"
    advice = "Checks need one: allow it in your virus scanner or sandbox."
    try:
        done = subprocess.run(
            [sys.executable, "-c", "print(2)"], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check(what, False, f"{type(error).__name__}: {error}", advice)
    return Check(what, done.stdout.strip() == "2", f"exit status {done.returncode}", advice)


def _writable() -> Check:
    what = "this folder can be written"
    try:
        with tempfile.TemporaryFile(dir="."):
            return Check(what, True)
    except OSError as error:
        return Check(what, False, str(error), "Copy the course to a folder of your own.")
