"""The course as one folder that needs no internet: hand-out, packages, website, start script."""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from helpers.paths import ROOT, SITE
from helpers.setup.system import system
from helpers.teaching.handout import write_handout

OWN = Path(__file__).parent
MADE_FOR = "made_for"  # in the folder of the packages: "3.12 Linux x86_64 glibc"


class NotBundled(Exception):
    """The folder cannot be written. The message says why and what to do."""


def write_bundle(target: Path, course: Path = ROOT, site: Path = SITE) -> dict[str, int]:
    """Write the folder. It appears when it is complete.

    The packages are those of `requirements.lock` for this system and for this version of Python.
    pip compares them with the hashes of the lock, here and when they are installed.

    Parameters
    ----------
    target : Path
        The folder. It must not exist, or be empty.
    course : Path
        The folder of the course.
    site : Path
        Where `make site` has built the website.

    Returns
    -------
    dict of str to int
        The bytes of each part: {"website": 20000000, "exporting-models": ..., "wheels": ...}.

    Raises
    ------
    NotBundled
        If `target` has files, the website is not built, or pip cannot download the packages.
    helpers.teaching.handout.NotFresh
        If a notebook contains answers.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise NotBundled(
            f"{target} is not an empty folder: delete it, or name a new one, for example: "
            "make bundle BUNDLE=/path/to/new_folder"
        )
    if not (site / "built").is_file():
        raise NotBundled(f"The website is not in {site}: type make site, and then this again.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=target.parent) as temporary:
        folder = Path(temporary) / "bundle"
        folder.mkdir()
        write_handout(Path(temporary) / "course.zip", course)
        with zipfile.ZipFile(Path(temporary) / "course.zip") as archive:
            archive.extractall(folder)
        shutil.copytree(site / "html", folder / "website")
        download(course, folder / "wheels")
        shutil.copy(OWN / "start.sh", folder)
        python, _, name = (folder / "wheels" / MADE_FOR).read_text().strip().partition(" ")
        words = (OWN / "readme.txt").read_text("utf-8").format(python=python, system=name)
        (folder / "README.txt").write_text(words, encoding="utf-8")
        if target.exists():
            target.rmdir()
        folder.rename(target)
    return {path.name: size(path) for path in sorted(target.iterdir()) if path.is_dir()}


def download(course: Path, wheels: Path) -> None:
    """Download the packages of a course's lock, and store for which system they are.

    Parameters
    ----------
    course : Path
        The folder of the course.
    wheels : Path
        The folder of the packages.

    Raises
    ------
    NotBundled
        If pip fails. The message has pip's reason.
    """
    command = ("-m", "pip", "download", "--disable-pip-version-check", "--quiet")
    command += ("--only-binary", ":all:", "-r", "requirements.lock")
    done = subprocess.run(
        [sys.executable, *command, "--dest", wheels], cwd=course, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotBundled(
            f"pip could not download the packages ({(reasons or ['no reason given'])[-1]}). Fix "
            "the cause, and type make bundle again."
        )
    version = "{}.{}".format(*sys.version_info)
    (wheels / MADE_FOR).write_text(f"{version} {system()}\n", encoding="utf-8")


def size(folder: Path) -> int:
    """Return the bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
