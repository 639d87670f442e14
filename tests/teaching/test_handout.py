"""The course for learners: what is in the ZIP file, and what works without solutions."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from helpers import notebooks, scratch
from helpers.exercises.exercise import NO_SOLUTION
from helpers.fresh_notebooks import HANDED_OUT, fresh_notebook
from helpers.notebooks import lesson_names, opening_of
from helpers.paths import ROOT
from helpers.teaching import handout
from helpers.teaching.files_of_course import course_files
from tests.support.tiny_course import NAME, tiny_course


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a learner")
    handout.write_handout(folder / "course.zip")
    with zipfile.ZipFile(folder / "course.zip") as archive:
        archive.extractall(folder)
    return folder / handout.FOLDER


def run(course, code, **environment):
    """Run Python code in the notebooks' folder of a course, as the first cells do."""
    given = {key: value for key, value in os.environ.items() if not key.startswith("COURSE_")}
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, '..')\n{code}"],
        cwd=course / "notebooks",
        env={**given, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_only_what_learners_need(unpacked):
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")}
    assert {"solutions", "tests", ".github", ".ci"}.isdisjoint(files)
    below = {path for path in files if re.fullmatch(r"helpers/teaching/[^/]+", path)}
    assert below == {"helpers/teaching/__init__.py", "helpers/teaching/assess"}
    assert {"README.md", "Makefile", "LICENSE", "requirements.lock", "helpers/setup/env.sh"} < files
    lessons = {f"notebooks/{name}.ipynb" for name in lesson_names()}
    assert lessons == {path for path in files if re.fullmatch(r"notebooks/[^/]+\.ipynb", path)}
    assert any(path.endswith(".whl") for path in files), "pip needs the wheel"


def test_no_notebook_has_a_solution(unpacked):
    for name in lesson_names():
        notebook = json.loads((unpacked / "notebooks" / f"{name}.ipynb").read_text())
        code = "\n".join("".join(c["source"]) for c in notebook["cells"])
        source = (ROOT / "solutions" / f"{name}.py").read_text()
        for match in notebooks.REGION.finditer(source):
            assert match["solution"].strip() not in code


def test_pages_name_nothing_that_is_missing(unpacked):
    text = (unpacked / "README.md").read_text()
    targets = set(re.findall(r"^([a-z-]+):", (unpacked / "Makefile").read_text(), re.M))
    named = re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M)
    assert {"lab", "reset"} <= set(named) <= targets
    for link in re.findall(r"\]\(([^)\s#]+)\)", text):
        assert (unpacked / link).exists(), link
    for module in re.findall(r"python -m (helpers[\w.]*)", text):
        assert (unpacked / module.replace(".", "/")).is_dir()
    listed = subprocess.run(["make"], cwd=unpacked, capture_output=True, text=True, check=True)
    assert "make lab" in listed.stdout and "make test" not in listed.stdout


def test_bytes_are_the_same_again(tmp_path):
    seen = set()
    for number in (1, 2):
        target = tmp_path / f"{number}.zip"
        handout.write_handout(target)
        seen.add(hashlib.sha256(target.read_bytes()).hexdigest())
        for path in (ROOT / "helpers").glob("*.py"):
            os.utime(path)
    assert len(seen) == 1


def test_solutions_unpack_over_the_course(unpacked, tmp_path):
    handout.write_solutions(tmp_path / "solutions.zip")
    copy = shutil.copytree(unpacked, tmp_path / handout.FOLDER)
    with zipfile.ZipFile(tmp_path / "solutions.zip") as archive:
        archive.extractall(tmp_path)
    assert lesson_names(copy) == lesson_names(unpacked) == lesson_names()
    assert "model.export" in notebooks.solution_of("00_start_here", "q1", copy)


def test_lesson_begins_without_solutions(unpacked):
    code = (
        "from helpers import start\nlesson = start('00_start_here')\n"
        "for _ in range(3): lesson.q1.hint()\nlesson.q1.check(...)\n"
        "from helpers.widgets import course_map\nprint(course_map.as_text())"
    )
    done = run(unpacked, code)
    assert done.returncode == 0, done.stderr
    assert "Hint 2 of 2" in done.stdout and NO_SOLUTION in done.stdout
    assert "not attempted" in done.stdout and "11 Performance" in done.stdout


def test_reset_copies_the_notebook(unpacked):
    notebook = unpacked / "notebooks" / "03_many_signatures.ipynb"
    before = notebook.read_bytes()
    notebook.write_text("mine")
    kept = notebooks.reset("03_many_signatures", unpacked)
    assert kept.read_text() == "mine" and notebook.read_bytes() == before
    kept.unlink()


def test_opening_is_the_same_with_and_without_sources(unpacked):
    for name in lesson_names():
        assert opening_of(name, unpacked).strip() == opening_of(name).strip()


def write_clone(folder):
    """Write a tiny course with one derived notebook, which git knows."""
    course = tiny_course(folder)
    for name in ("Makefile", "README.md"):
        shutil.copy(ROOT / name, course / name)
    notebook = notebooks.derive(NAME, "notebooks", course)
    import nbformat

    nbformat.write(notebook, course / "notebooks" / f"{NAME}.ipynb")
    commit(course)
    return course


@pytest.fixture
def clone(tmp_path):
    return write_clone(tmp_path / "course")


def commit(course):
    git = ["git", "-C", str(course), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], check=True, capture_output=True)


def test_answers_are_not_handed_out(clone, tmp_path):
    notebook = clone / "notebooks" / f"{NAME}.ipynb"
    fresh = notebook.read_bytes()
    answered = fresh.replace(b"answer = ...", b"answer = 3")
    notebook.write_bytes(answered)
    handout.write_handout(tmp_path / "course.zip", clone)
    with zipfile.ZipFile(tmp_path / "course.zip") as archive:
        for folder in ("notebooks", HANDED_OUT.as_posix()):
            path = f"{handout.FOLDER}/{folder}/{NAME}.ipynb"
            assert archive.read(path) == fresh
    commit(clone)  # now git has the answers, too
    assert fresh_notebook(NAME, clone) is None
    with pytest.raises(handout.NotFresh, match=r"answers\. Run make notebooks LESSON=00"):
        handout.write_handout(tmp_path / "course.zip", clone)


def test_files_of_a_course_without_git(clone):
    known = course_files(clone)
    shutil.rmtree(clone / ".git")
    for left in (".progress.json", "notebooks/exports/a", "helpers/__pycache__/b.pyc"):
        (clone / left).parent.mkdir(parents=True, exist_ok=True)
        (clone / left).write_text("left behind")
    assert course_files(clone) == known


def test_read_only_course_says_so_first(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_EXPORTS", str(tmp_path / "a" / "b"))
    scratch.require_writable()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=r"Copy the whole folder .* COURSE_EXPORTS"):
        scratch.require_writable()
    assert not any(tmp_path.iterdir())


def test_notebook_alone_says_what_it_needs(tmp_path):
    for name in lesson_names():
        cells = notebooks.derive(name, "notebooks").cells
        first = next(cell.source for cell in cells if cell.cell_type == "code")
        line = next(n for n, text in enumerate(first.splitlines()) if "from helpers" in text)
        assert "This notebook needs the whole folder of the course" in first.splitlines()[line - 1]
    (tmp_path / "alone.py").write_text(first)
    code = (
        "from IPython.core.interactiveshell import InteractiveShell as Shell\n"
        "Shell().run_cell(open('alone.py').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    shown = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)
    assert "This notebook needs the whole folder of the course around it." in shown
    assert "No module named 'helpers'" in shown
