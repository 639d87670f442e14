"""The course as a ZIP file for learners: without solutions, tests and CI, and with the same bytes.

The notebooks lie in it twice, because `make reset` copies the second one.
"""

import re
import zipfile
from pathlib import Path

from helpers.fresh_notebooks import HANDED_OUT, fresh_notebook
from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT
from helpers.teaching.files_of_course import course_files

FOLDER = "exporting-models"  # in the ZIP file
FILES = (
    "CITATION.cff",
    "LICENSE",
    "LICENSE-text",
    "environment.yml",
    "pyproject.toml",
    "requirements.lock",
    "docs/glossary.md",
    "docs/readers_in_ci.md",
    "notebooks/images/",
    "helpers/",
)
# What only instructors and authors need. The twelve exports of `faults` are a test of the class.
LEFT_OUT = ("helpers/teaching/", "helpers/new_lesson/")
KEPT = ("helpers/teaching/__init__.py", "helpers/teaching/assess/")  # lesson 12 uses them
TARGETS = {"help", "env", "runtimes", "lab", "reset"}
SECTIONS = {"Teaching", "More"}  # of the README, for instructors and authors
MORE = """\
## More

The [glossary](docs/glossary.md) explains the technical terms.
[Readers in CI](docs/readers_in_ci.md) shows how to test your own exports. This copy of the course
has no solutions: your instructor has them. The code has the [Apache License 2.0](LICENSE), and the
lessons and texts have [CC BY 4.0](LICENSE-text). The lessons use data on penguins, which has
[its own licence](helpers/penguins/README.md).
"""
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of a ZIP file: the bytes are the same every day
PERMISSIONS = {True: 0o100755, False: 0o100644}


class NotFresh(Exception):
    """A notebook is not what its source makes, so that it may contain answers."""


def write_handout(target: Path, course: Path = ROOT) -> list[str]:
    """Write the ZIP file for learners.

    Parameters
    ----------
    target : Path
        The file. An existing file is replaced.
    course : Path
        The folder of the course.

    Returns
    -------
    list of str
        The paths in the file, below FOLDER.

    Raises
    ------
    NotFresh
        If a notebook contains answers and no fresh one is stored. The message says what to do.
    """
    contents = {
        path: (course / path).read_bytes()
        for path in course_files(course)
        if path.startswith(FILES) and (path.startswith(KEPT) or not path.startswith(LEFT_OUT))
    }
    for name in lesson_names(course):
        notebook = _notebook(name, course)
        contents[f"notebooks/{name}.ipynb"] = notebook
        contents[(HANDED_OUT / f"{name}.ipynb").as_posix()] = notebook
    contents["README.md"] = _readme((course / "README.md").read_text(encoding="utf-8")).encode()
    contents["Makefile"] = _makefile((course / "Makefile").read_text(encoding="utf-8")).encode()
    return _write(target, contents)


def write_solutions(target: Path, course: Path = ROOT) -> list[str]:
    """Write the ZIP file with the solutions, which learners unpack over the hand-out.

    Parameters
    ----------
    target : Path
        The file. An existing file is replaced.
    course : Path
        The folder of the course.

    Returns
    -------
    list of str
        The paths in the file, below FOLDER.
    """
    paths = [path for path in course_files(course) if path.startswith("solutions/")]
    return _write(target, {path: (course / path).read_bytes() for path in paths})


def _notebook(name, course):
    """Return the notebook of a lesson, in which no exercise is answered."""
    expected = [cell.source for cell in derive(name, "notebooks", course).cells]
    stored = course / "notebooks" / f"{name}.ipynb"
    found = [stored.read_bytes()] if stored.is_file() else []
    found += [fresh] if (fresh := fresh_notebook(name, course)) else []
    for content in found:
        if _sources(content) == expected:
            return content
    raise NotFresh(
        f"notebooks/{name}.ipynb is not what solutions/{name}.py makes, so it may contain answers. "
        f"Run make notebooks LESSON={name[:2]}, and then this command again."
    )


def _sources(content):
    import nbformat

    try:
        return [cell.source for cell in nbformat.reads(content.decode(), 4).cells]
    except Exception:  # a learner's file may contain anything
        return None


def _readme(text):
    first, *sections = re.split(r"^(?=## )", text, flags=re.M)
    kept = [part for part in sections if part[3:].split("\n")[0] not in SECTIONS]
    text = "".join([first, *kept, MORE])
    return re.sub(r"^make test .*\n", "", text, flags=re.M)


def _makefile(text):
    """Keep the blocks without a target, and those of TARGETS."""
    blocks = re.split(r"\n\n+", text.strip())
    kept = [block for block in blocks if not (t := _target(block)) or t in TARGETS]
    text = "\n\n".join(kept) + "\n"
    return re.sub(
        r"^\.PHONY: (?:.*\\\n)*.*", f".PHONY: {' '.join(sorted(TARGETS))}", text, flags=re.M
    )


def _target(block):
    found = re.search(r"^([a-z][a-z-]*):", block, re.M)
    return found and found[1]


def _write(target: Path, contents: dict[str, bytes]) -> list[str]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(contents):
            entry = zipfile.ZipInfo(f"{FOLDER}/{path}", DATE)
            entry.create_system = 3  # Unix, also where another system writes the file
            entry.external_attr = PERMISSIONS[path.endswith(".sh")] << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, contents[path], compresslevel=9)
    return sorted(contents)
