"""Tests of `make newest`: its report, what it installs, and that it does not change the course.

They need no network: pip and pytest are replaced, except that the plugin runs on a course of one
lesson.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from helpers import notebooks, readers
from helpers.clinic import CASES, Works, Wrong
from helpers.paths import ROOT
from helpers.scratch import SCRATCH
from tests.course.test_make import Course
from tests.newest_versions import __main__ as command
from tests.newest_versions import cases, environment, report
from tests.newest_versions.environment import CannotTry, Environment
from tests.support.tiny_course import NAME, tiny_course

VERSIONS = [("keras", "3.15.1", "4.0.0"), ("tensorflow-cpu", "2.21.0", "2.22.0")]
CASE = SimpleNamespace(
    key="a-case", exception="ValueError", text="is wrong", promised=("python", "session")
)
SILENT = SimpleNamespace(key="a-case", exception="", text="other numbers", promised=("python",))
RIGHT = {"readers": {"python": "", "session": "", "litert": "ConverterError: no"}}
TAUGHT = {"broken": {"raised": "ValueError: x is\n  wrong here"}, "cured": RIGHT}


# What changed


@pytest.mark.parametrize(
    ("case", "form", "seen", "row"),
    [
        (
            CASE,
            "broken",
            {"raised": "TypeError: x is wrong"},
            ("different exception", "ValueError: is wrong", "TypeError: x is wrong"),
        ),
        (
            CASE,
            "broken",
            {"raised": "ValueError: x is bad"},
            ("different text", "ValueError: is wrong", "ValueError: x is bad"),
        ),
        (CASE, "broken", {"returned": "None"}, ("now works", "ValueError: is wrong", "None")),
        (
            SILENT,
            "broken",
            {"raised": "ValueError: no"},
            ("no longer silent", "silent: other numbers", "ValueError: no"),
        ),
        (
            SILENT,
            "broken",
            {"wrong": False},
            ("now works", "silent: other numbers", "the right answer"),
        ),
        (CASE, "cured", {"raised": "OSError: no"}, ("cure no longer works", "", "OSError: no")),
        (
            CASE,
            "cured",
            {"readers": {"python": "", "session": "[2] instead of [1]", "litert": "no"}},
            ("cure no longer works", "right in session", "[2] instead of [1]"),
        ),
        (
            CASE,
            "cured",
            {"readers": {"this program": "2 instead of 1"}},
            ("cure no longer works", "right in this program", "2 instead of 1"),
        ),
        (
            CASE,
            "cured",
            {"readers": {"python": "", "session": "", "litert": ""}},
            ("cure works in more", "not in litert", "right in litert"),
        ),
    ],
)
def test_each_change_of_a_case_is_told(case, form, seen, row):
    as_taught = {"broken": {"wrong": True}, "cured": {"readers": {"python": "", "session": "no"}}}
    before = TAUGHT if case is CASE else as_taught
    assert report.case_changes(case, before) == []
    assert report.case_changes(case, before | {form: seen}) == [("a-case", *row)]


def test_case_that_ends_its_process_is_told():
    died = [("a-case", "ends the process", "", "exit status -11")]
    assert report.case_changes(CASE, {"died": "exit status -11"}) == died


def cell(stored, now, error="Cell outputs differ"):
    failed = {"id": "notebooks/01.ipynb::Cell 3", "stored": stored, "now": now, "error": error}
    return [row[2:] for row in report.cell_changes([failed], VERSIONS)]


def test_changed_lines_of_a_cell_are_told():
    assert cell(["same", "old"], ["same", "new"]) == [("old", "new")]
    assert cell(["a", "b", "c"], ["x", "b", "z"]) == [("a", "x (and 1 more)")]
    assert cell(["a"], ["a", "b"]) == [("", "b")]
    assert cell(["a", "b"], ["a"]) == [("b", "")]
    assert cell([], ["TypeError: no"], "Cell execution caused an exception") == [
        ("", "TypeError: no")
    ]


def test_long_line_is_shown_from_shortly_before_it_differs():
    ((old, new),) = cell(["x" * 500 + "old"], ["x" * 500 + "new"])
    assert (old, new) == (f"… {'x' * 40}old", f"… {'x' * 40}new")
    ((old, new),) = cell(["a" * 500], ["b" * 500])
    assert len(new) <= report.LONGEST


def test_name_of_another_version_is_no_change():
    assert cell(["✓ keras 3.15.1", "2.21.0"], ["✓ keras 4.0.0", "2.22.0"]) == []
    assert cell(["14.0.0"], ["4.0.0"]) == [("14.0.0", "3.15.1")]


def test_cell_that_has_no_answer_is_told():
    assert cell(["a"], ["a"], "Timeout of 120 seconds") == [("", "Timeout of 120 seconds")]
    failed = {"id": "notebooks/01.ipynb::Cell 3", "error": "Kernel dead on test start"}
    assert report.cell_changes([failed], []) == [
        ("notebooks/01.ipynb", "Cell 3", "", "Kernel dead on test start")
    ]


def test_test_of_a_case_that_is_told_already_is_not_told_twice():
    failed = [
        {"id": "tests/clinic/test_cases.py::test_broken[a-case]", "error": "one"},
        {"id": "tests/clinic/test_cases.py::test_broken[b-case]", "error": "two"},
        {"id": "notebooks/01.ipynb::Cell 10", "error": "three"},
        {"id": "notebooks/01.ipynb::Cell 3", "error": "four"},
    ]
    told = report.other_failures(failed, {"a-case"})
    assert told == [("tests/clinic/test_cases.py::test_broken[b-case]", "two")]
    assert [row[:2] for row in report.cell_changes(failed, [])] == [
        ("notebooks/01.ipynb", "Cell 3"),
        ("notebooks/01.ipynb", "Cell 10"),
    ]


def test_report():
    versions = report.version_changes(
        {"keras": "3.15.1", "numpy": "2.4.6", "six": "1.0"},
        {"keras": "4.0.0", "numpy": "2.4.6", "new": "1.0"},
    )
    asked = [("tensorflow-cpu", "2.21.0", "2.21.0"), ("keras", "3.15.1", "4.0.0")]
    same = report.markdown(versions, asked, "1 case", [], [], [])
    assert same == (
        "# The course on tensorflow-cpu 2.21.0 and keras 4.0.0\n\n"
        "| package | pinned | tried |\n| --- | --- | --- |\n"
        "| tensorflow-cpu | 2.21.0 | 2.21.0 |\n| keras | 3.15.1 | 4.0.0 |\n"
        "| new | — | 1.0 |\n| six | 1.0 | — |\n\n"
        "**Nothing changed** in 1 case.\n"
    )
    case = ("a-case", "different text", "old | text", "new `text`\nhere")
    other = report.markdown(
        versions, asked, "all", [case, case], [("n.ipynb", "Cell 1", "a", "b")], [("t", "x")]
    )
    assert "**Changed: 1 case, 1 cell, 1 other test**, in all." in other
    assert "| a-case | different text | `old \\| text` | `new 'text' here` |" in other
    assert "| n.ipynb | Cell 1 | `a` | `b` |" in other and "| t | `x` |" in other


# The environment

LOCK = f"""\
tensorflow-cpu==2.21.0 \\
    --hash=sha256:{"0" * 64}
    # via exporting-models
keras==3.15.1
    # via exporting-models, tensorflow-cpu
numpy==2.4.6
    # via keras, other
ml-dtypes==0.5
    # via numpy
other==1.0
    # via exporting-models
elsewhere==1.0 ; sys_platform == 'nowhere'
    # via exporting-models
"""
CONFLICT = (
    "ERROR: Cannot install numpy==2.4.6 and keras==4.0.0 because these package versions have "
    "conflicting dependencies.\nERROR: ResolutionImpossible: for help visit the documentation"
)
NO_VERSION = (
    "ERROR: Could not find a version that satisfies the requirement keras==9 (from versions: "
    "3.1, 3.2)\nERROR: No matching distribution found for keras==9"
)
REFUSED = {
    "WARNING: Retrying after connection broken by 'NewConnectionError(...)'": "cannot be reached",
    "ERROR: [Errno 28] No space left on device": "The disk is full",
    NO_VERSION.replace("3.1, 3.2", "none"): "cannot be reached",
    NO_VERSION: "There is no keras==9 for this Python; the newest are 3.1, 3.2.",
    "ERROR: something else": "(ERROR: something else)",
}


class Pip:
    """A replacement for `python -m venv` and pip; the n-th install fails with `refusals[n]`."""

    def __init__(self, *refusals):
        self.refusals, self.installed, self.commands = list(refusals), [], []

    def __call__(self, command):
        self.commands.append(command)
        said, error = "", ""
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)
        elif "--dry-run" in command:
            newest = {"tensorflow-cpu": "2.22.0", "keras": "4.0.0"}[command[-1]]
            said = json.dumps({"install": [{"metadata": {"version": newest}}]})
        elif "--no-deps" in command:
            pass
        elif "install" in command:
            self.installed.append(Path(command[-1]).read_text().splitlines())
            error = self.refusals.pop(0) if self.refusals else ""
        elif "list" in command:
            packages = {"tensorflow_cpu": "2.22.0", "keras": "4.0.0", "pip": "1", "wheel": "1"}
            said = json.dumps([{"name": n, "version": v} for n, v in packages.items()])
        return subprocess.CompletedProcess(command, int(bool(error)), said, error)


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Return a function of (Pip, versions) that returns the installed versions."""

    def make(pip, *versions):
        monkeypatch.setattr(environment, "_run", pip)
        return Environment(tmp_path, lock=LOCK).make(*versions)

    return make


def test_newest_versions_with_everything_else_as_locked(make):
    pip = Pip()
    assert make(pip) == {"tensorflow-cpu": "2.22.0", "keras": "4.0.0", "wheel": "1"}
    (lines,) = pip.installed
    assert lines == [
        "tensorflow-cpu==2.22.0",
        "keras==4.0.0",
        "numpy==2.4.6",
        "ml-dtypes==0.5",
        "other==1.0",
    ]


def test_what_asks_for_the_name_tensorflow_is_installed_alone(tmp_path, monkeypatch):
    """Otherwise pip would also install tensorflow, into the folder of tensorflow-cpu."""
    monkeypatch.setattr(environment, "_run", pip := Pip())
    name = (
        "helpers/setup/wheels/tensorflow-2.21.0+cpu-py3-none-any.whl\n    # via exporting-models\n"
    )
    api = "tensorflow-serving-api==2.21.0\n    # via exporting-models\n"
    Environment(tmp_path, lock=LOCK + name + api).make()
    assert not any("tensorflow==" in line or "-api" in line for line in pip.installed[0])
    (alone,) = (c for c in pip.commands if "--no-deps" in c and "--dry-run" not in c)
    assert alone[-1] == "tensorflow-serving-api==2.21.0"


def test_versions_of_ones_own(make):
    pip = Pip()
    make(pip, "2.20.0", "3.12.0")
    assert pip.installed[0][:2] == ["tensorflow-cpu==2.20.0", "keras==3.12.0"]
    assert not any("--dry-run" in command for command in pip.commands)


def test_what_they_need_is_taken_as_they_want_it_only_if_they_refuse_the_lock(make):
    pip = Pip(CONFLICT)
    make(pip)
    assert pip.installed[1] == [
        "tensorflow-cpu==2.22.0",
        "keras==4.0.0",
        "numpy",
        "ml-dtypes",
        "other==1.0",
    ]


def test_pip_refuses_both(make):
    with pytest.raises(CannotTry, match=r"no set of packages with tensorflow-cpu 2\.22\.0 and"):
        make(Pip(CONFLICT, CONFLICT))


def test_the_two_refuse_each_other(make):
    pip = Pip(CONFLICT.replace("numpy==2.4.6", "tensorflow-cpu==2.22.0"))
    with pytest.raises(CannotTry, match=r"cpu 2\.22\.0 and keras 4\.0\.0 do not work together"):
        make(pip)
    assert len(pip.installed) == 1


@pytest.mark.parametrize("error", REFUSED)
def test_what_stands_in_the_way_is_said_in_one_line(make, error):
    with pytest.raises(CannotTry) as caught:
        make(Pip(error))
    assert REFUSED[error] in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("version", ["newest", "2.20; rm -rf x", "-r file", ">=3"])
def test_what_is_no_version_is_refused_before_anything_is_made(make, version):
    pip = Pip()
    with pytest.raises(CannotTry, match=f"{re.escape(repr(version))} is not a version of keras"):
        make(pip, "2.20.0", version)
    assert pip.commands == []


def test_each_run_starts_from_nothing(make, tmp_path):
    left = tmp_path / "venv" / "left"
    left.mkdir(parents=True)
    make(Pip())
    assert not left.exists()


def test_real_lock_is_understood():
    here = Environment()
    assert here.pinned["keras"] == ROOT.joinpath("requirements.lock").read_text().split(
        "\nkeras=="
    )[1].split(" ", 1)[0].strip("\\ \n")
    needed = here._needed_by({here.tensorflow: "", "keras": ""})
    assert {"numpy", "protobuf", "h5py"} <= needed
    assert not needed & {"jupyterlab", "nbval", "pytest", here.tensorflow, "keras"}


# What is run


def test_copy_has_the_tried_versions_and_the_course_is_left_alone(tmp_path):
    before = (ROOT / "requirements.lock").read_bytes()
    tried = {"tensorflow-cpu": "9.8.7", "keras": "9.9.9"}
    course = command.copy_course(tmp_path / "course", tried)
    lock = (course / "requirements.lock").read_text(encoding="utf-8")
    for line in ("tensorflow==9.8.7 ", "tensorflow-cpu==9.8.7 ", "keras==9.9.9 "):
        assert f"\n{line}" in lock
    numpy = re.search(r"^numpy==.*", before.decode(), re.M)[0]
    assert numpy in lock
    assert (ROOT / "requirements.lock").read_bytes() == before
    for name in (".git", ".venv", ".newest", f"notebooks/{SCRATCH}"):
        assert not (course / name).exists()
    assert sorted(p.name for p in (course / "notebooks").glob("*.ipynb")) == [
        f"{name}.ipynb" for name in notebooks.lesson_names()
    ]


def test_case_that_ends_its_process_does_not_take_the_others_with_it(tmp_path, monkeypatch):
    first, second, *rest = CASES
    started = []

    def run(command, course):
        keys = command[4:]
        started.append(keys)
        with command[3].open("a") as file:
            for key in keys:
                if key in (first, rest[-1]):
                    return "exit status -11"
                print(json.dumps({"key": key}), file=file)
        return ""

    monkeypatch.setattr(command, "_run", run)
    seen = command.observe(Path("python"), tmp_path)
    assert seen.keys() == CASES.keys()
    assert started == [[first, second, *rest], [second, *rest]]
    assert {key for key in seen if "died" in seen[key]} == {first, rest[-1]}
    assert seen[first]["died"] == "exit status -11"


def test_forms_are_observed_as_they_are(monkeypatch, tmp_path):
    def answers(directory, signature, inputs, reader):
        if reader == "litert":
            raise readers.ReaderError(reader, "ConverterError: no")
        return {"output_0": [1.0 if reader == "python" else 2.0]}

    def broken(folder):
        raise ValueError(f"no file {folder / 'name'}")

    monkeypatch.setattr(readers, "run", answers)
    monkeypatch.chdir(tmp_path)
    case = SimpleNamespace(
        key="a", broken=broken, cured=lambda folder: Works(folder, expected=[1.0], got=[1.0])
    )
    assert cases.observe(case) == {
        "key": "a",
        "broken": {"raised": "ValueError: no file name"},
        "cured": {
            "readers": {
                "python": "",
                "session": "[2.0] instead of [1.0]",
                "litert": "ConverterError: no",
            }
        },
    }
    for answer, seen in (
        (Wrong([1.0], [2.0]), {"wrong": True}),
        (Wrong([1.0], [1.0]), {"wrong": False}),
        (None, {"returned": "None"}),
    ):
        case.broken = lambda folder, answer=answer: answer
        assert cases.observe(case)["broken"] == seen
    case.cured = broken
    assert cases.observe(case)["cured"] == {"raised": "ValueError: no file name"}


TESTS = """\
import os, pytest

@pytest.mark.parametrize("case", ["passes", "fails"])
def test_case(case):
    assert case == "passes", "as it should"
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Make a course of one lesson, one of whose stored outputs is wrong, and two clinic tests."""
    course = tiny_course(tmp_path_factory.mktemp("newest") / "course")
    notebooks.make([NAME], course=course)
    notebook = course / f"notebooks/{NAME}.ipynb"
    text = notebook.read_text(encoding="utf-8")
    assert '"25\\n"' in text
    notebook.write_text(text.replace('"25\\n"', '"26\\n"'), encoding="utf-8")
    shutil.copytree(ROOT / "tests/newest_versions", course / "tests/newest_versions")
    (course / "tests/clinic").mkdir()
    (course / "tests/clinic/test_cases.py").write_text(TESTS)
    return course


@pytest.fixture
def run_tests(course, monkeypatch):
    monkeypatch.setattr(command, "FOLDER", course.parent)
    return lambda: command.run_tests(Path(sys.executable), course)


def test_failures_of_a_course_are_written_down(course, run_tests):
    before = {path: path.read_bytes() for path in course.glob("*/*.ipynb")}
    found = run_tests()
    failed = {failure["id"]: failure for failure in found["failed"]}
    cell = failed.pop(f"notebooks/{NAME}.ipynb::Cell 4")
    assert (cell["stored"], cell["now"]) == (["26"], ["25"])
    assert "as it should" in failed.pop("tests/clinic/test_cases.py::test_case[fails]")["error"]
    assert failed == {}
    cells = found["ran"][f"notebooks/{NAME}.ipynb"]
    assert cells == found["ran"][f"solutions/{NAME}.ipynb"] == 8
    assert found["ran"]["tests/clinic/test_cases.py"] == 2
    assert {path: path.read_bytes() for path in course.glob("*/*.ipynb")} == before


def test_death_of_pytest_is_written_down(course, run_tests, monkeypatch):
    (course / "tests/clinic/test_cases.py").write_text("import os; os._exit(9)")
    monkeypatch.setattr(command, "RUNS", command.RUNS[:1])
    error = "pytest did not finish: exit status 9"
    assert run_tests()["failed"] == [{"id": "tests/clinic/test_cases.py", "error": error}]


# The command


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (("# same\n", 0), 0),
        (("# changed\n", 1), 1),
        (CannotTry("no index"), 2),
        (OSError("no room"), 2),
    ],
)
def test_report_is_printed_and_kept(tmp_path, monkeypatch, capsys, answer, status):
    def replacement(environment, tensorflow, keras):
        assert (tensorflow, keras) == ("2.20.0", "")
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(command, "FOLDER", tmp_path / ".newest")
    monkeypatch.setattr(command, "try_versions", replacement)
    assert command.main(["--tensorflow=2.20.0", "--keras="]) == status
    said = capsys.readouterr().out
    assert said == (tmp_path / ".newest/report.md").read_text(encoding="utf-8")
    expected = (
        f"# The course on other versions: not tried\n\n{answer}\n" if status == 2 else answer[0]
    )
    assert said == expected


def test_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setattr(command, "FOLDER", tmp_path / "file" / ".newest")
    assert command.main([]) == 2
    assert "Not a directory" in capsys.readouterr().out


def test_make_passes_the_versions_on(tmp_path):
    course = Course(tmp_path)
    course.python("python3", "3.12")
    assert course.make("newest", "TENSORFLOW=2.20.0").returncode == 0
    assert course.calls[-1] == "-m tests.newest_versions --tensorflow=2.20.0 --keras="


def test_workflow_runs_it_and_trusts_no_input():
    text = (ROOT / ".github/workflows/newest.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert {"schedule", "workflow_dispatch"} <= workflow[True].keys()  # `on` is YAML for true
    commands = [step["run"] for step in workflow["jobs"]["newest"]["steps"] if "run" in step]
    assert commands[0] == "make newest" and ".newest/report.md" in commands[1]
    assert not any("${{" in command for command in commands)
