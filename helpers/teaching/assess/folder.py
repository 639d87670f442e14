"""The folder of a capstone: its versions and its plan, read without running anything."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helpers import artifact
from helpers.artifact.saved_model import MOST_FILES, walk
from helpers.errors.messages import describe
from helpers.teaching.assess.brief import MODEL, VERSIONS
from helpers.teaching.assess.report import NotTried
from helpers.text import printable, readable_size, safe_repr

LARGEST = 100_000_000  # bytes: nothing else is tried with a larger version


@dataclass
class Version:
    """One version of the model: a copy of its export, and what is known about it.

    Parameters
    ----------
    number : int
    path : Path
        The copy. Nothing is there if `problem` is set.
    size : int
        In bytes, of all files.
    digest : str
        Of the names and the bytes of all files.
    problem : str
        Why the folder was not copied, or "".
    signatures : dict of str to Signature
        As saved_model.pb declares them.
    failed : dict of int to str
        By the number of a requirement: why it is not met, or could not be tried.
    """

    number: int
    path: Path
    size: int = 0
    digest: str = ""
    problem: str = ""
    signatures: dict[str, artifact.Signature] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)

    def require(self, *numbers: int) -> None:
        """Raise NotTried if this version has not met one of these requirements."""
        for number in numbers:
            if number in self.failed:
                raise NotTried(f"version {self.number} has not met requirement {number}")


@dataclass(frozen=True)
class Delivery:
    """What a learner delivers.

    Parameters
    ----------
    name : str
        The name of the folder.
    original, base : Path
        The folder, and its copy: the base path for a server.
    versions : dict of int to Version
        By number, those that exist.
    problem : str
        Why the folder cannot be used, or "".
    """

    name: str
    original: Path
    base: Path
    versions: dict[int, Version] = field(default_factory=dict)
    problem: str = ""


@contextmanager
def opened(given: str | os.PathLike) -> Iterator[Delivery]:
    """Copy the versions in a folder to a new place, from which they must work.

    Parameters
    ----------
    given : str or path

    Yields
    ------
    Delivery
        Its copy is deleted at the end.
    """
    with tempfile.TemporaryDirectory(prefix="assess-") as new:
        yield _delivery(given, Path(new) / MODEL)


def _delivery(given, base):
    base.mkdir()
    try:
        original = Path(given)
        name = printable(original.name or original.resolve().name) or "the folder"
        if not original.exists():
            problem = f"there is nothing at {name!r}: give the folder that holds 1, 2 and the plan"
        elif not original.is_dir():
            problem = f"{name!r} is a file: give the folder that holds 1, 2 and the plan"
        elif (original / "saved_model.pb").exists():
            problem = f"{name!r} is an export itself: give the folder that holds it as 1"
        elif not any(os.path.lexists(original / str(number)) for number in VERSIONS):
            problem = f"{name!r} has no version: export version 1 to the folder 1 inside it"
        else:
            versions = {
                number: _copied(original / str(number), base / str(number), number)
                for number in VERSIONS
                if os.path.lexists(original / str(number))
            }
            return Delivery(name, original, base, versions)
    except (OSError, ValueError) as error:
        return Delivery(
            safe_repr(given), base, base, {}, f"it cannot be opened: {describe(error, 120)}"
        )
    except TypeError:
        expected = f"expected the path of a folder, not {safe_repr(given)}"
        return Delivery("the folder", base, base, {}, expected)
    return Delivery(name, original, base, {}, problem)


def _copied(source, target, number):
    """Copy one version, unless something in it is unusual or too large."""
    version = Version(number, target)
    if source.is_symlink():
        version.problem = f"{number} is a link: copy the export itself to {number}"
        return version
    if not source.is_dir():
        version.problem = f"{number} is a file, not the folder of an export"
        return version
    files, folders, odd = walk(source)
    version.size = sum(file.size for file in files)
    if odd or len(files) + len(folders) >= MOST_FILES:
        version.problem = f"in {number}, {(odd or ['there are too many files'])[0]}"
        return version
    if version.size > LARGEST:
        size, most = readable_size(version.size), readable_size(LARGEST)
        version.problem = f"{number} has {size}, and nothing above {most} is loaded"
        return version
    content = hashlib.sha256()
    for folder in ("", *folders):
        (target / folder).mkdir()
    for file in files:
        shutil.copyfile(source / file.path, target / file.path)
        content.update(f"{file.path}:{file.size}:".encode("utf-8", "surrogateescape"))
        content.update((target / file.path).read_bytes())
    version.digest = content.hexdigest()
    return version
