"""The folder of `make bundle`: what is in it, and that it starts without a network."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from helpers.paths import ROOT
from helpers.setup.system import system
from helpers.teaching import bundle, handout
from helpers.teaching.grade import box
from tests.course.test_make import Course
from tests.support.browser import PATIENCE
from tests.support.tiny_course import NAME, copy_files
from tests.teaching.test_handout import write_clone

HERE = f"{sysconfig.get_python_version()} {system()}"
WHEEL = "course_packages-1.0-py3-none-any.whl"
OFFLINE = ("bwrap", "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
OFFLINE += ("--unshare-net", "--unshare-pid", "--die-with-parent", "--")


def write_wheel(folder):
    """Write a wheel through which an environment imports the packages of this one; its hash."""
    info = "course_packages-1.0.dist-info"
    files = {
        "course_packages.pth": sysconfig.get_path("purelib"),
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: course-packages\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in files)
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A tiny course whose lock has one package, the package's folder, and a website."""
    folder = tmp_path_factory.mktemp("parts of a bundle")
    (folder / "index").mkdir()
    digest = write_wheel(folder / "index")
    course = write_clone(folder / "course")
    copy_files(course, "helpers/setup/*", "helpers/jupyter/**/*")
    (course / "requirements.lock").write_text(f"course-packages==1.0 --hash=sha256:{digest}\n")
    (folder / "site/html").mkdir(parents=True)
    (folder / "site/html/index.html").write_text("<h1>Lessons</h1>")
    (folder / "site/built").touch()
    return folder


def write(parts, target):
    """Write the bundle. pip finds the package as it finds others in its index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", os.path.relpath(parts / "index", parts / "course"))
        return bundle.write_bundle(target, parts / "course", parts / "site")


@pytest.fixture(scope="module")
def bundled(parts):
    target = parts / "usb stick/bundle"
    return target, write(parts, target)


def test_folder_has_all_parts(bundled, parts):
    folder, sizes = bundled
    assert {path.name for path in folder.iterdir()} == {*sizes, "README.txt", "start.sh"}
    assert sizes.keys() == {"website", "exporting-models", "wheels"} and all(sizes.values())
    assert {path.name for path in (folder / "wheels").iterdir()} == {WHEEL, bundle.MADE_FOR}
    assert (folder / "wheels" / bundle.MADE_FOR).read_text() == f"{HERE}\n"
    assert (folder / "website/index.html").read_text() == "<h1>Lessons</h1>"
    words = (folder / "README.txt").read_text()
    assert f"Python {sysconfig.get_python_version()}\non {system()}." in words
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"], "nothing is left behind"


def test_course_in_it_is_the_hand_out(bundled, parts, tmp_path):
    handout.write_handout(tmp_path / "course.zip", parts / "course")
    with zipfile.ZipFile(tmp_path / "course.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    folder, _ = bundled
    unpacked = (path for path in (folder / handout.FOLDER).rglob("*") if path.is_file())
    kept = {path.relative_to(folder).as_posix(): path.read_bytes() for path in unpacked}
    assert {name: kept.get(name) for name in files} == files
    made = {name.split("/")[1] for name in kept.keys() - files.keys()}
    assert made <= {".venv", "helpers"}, "the start makes .venv and compiled files"


class Refused:
    """Write a bundle that is refused, and return the words. Nothing may be left behind."""

    def __init__(self, parts, folder):
        self.parts = shutil.copytree(parts, folder / "copy", ignore=lambda *_: {"usb stick"})
        self.target = folder / "new"

    def __call__(self):
        with pytest.raises(bundle.NotBundled) as caught:
            write(self.parts, self.target)
        assert {path.name for path in self.target.parent.iterdir()} <= {"copy", "new"}
        return str(caught.value)


@pytest.fixture
def refused(parts, tmp_path):
    return Refused(parts, tmp_path)


def test_folder_with_files_is_kept(refused):
    refused.target.mkdir()
    (refused.target / "mine.txt").write_text("my work")
    assert f"{refused.target} is not an empty folder: delete it" in refused()
    assert (refused.target / "mine.txt").read_text() == "my work"


def test_website_must_be_built(refused):
    (refused.parts / "site/built").unlink()
    assert "type make site" in refused() and not refused.target.exists()


def test_changed_package_is_refused(refused):
    with (refused.parts / "index" / WHEEL).open("ab") as wheel:
        wheel.write(b"more")
    assert "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" in refused()
    assert not refused.target.exists()


class Bundle(Course):
    """A bundle on a computer with fake interpreters, in a folder with a space in its name."""

    def __init__(self, folder):
        super().__init__(folder, "a bundle/exporting-models")
        (self.root.parent / "wheels").mkdir()
        self.made_for = self.root.parent / "wheels" / bundle.MADE_FOR
        self.made_for.write_text("3.12 Linux x86_64 glibc\n")
        shutil.copy(bundle.OWN / "start.sh", self.root.parent)
        shutil.copy(ROOT / "helpers/setup/system.py", self.root / "helpers/setup")
        (self.root / "notebooks").mkdir()
        (self.root / "notebooks/00_start_here.ipynb").touch()

    def python(self, name, version, system="Linux x86_64 glibc", **fields):
        super().python(name, version, **fields)
        program = self.bin / name
        answer = f'case "$1 $2" in\n"helpers/setup/system.py "*) echo {system} ;;\n'
        program.write_text(program.read_text().replace('case "$1 $2" in\n', answer, 1))

    def start(self, *arguments, **environment):
        given = [f"{name}={value}" for name, value in environment.items()]
        return self.run(shutil.which("env"), *given, "sh", "../start.sh", *arguments)

    def refused(self, **environment):
        done = self.start(**environment)
        assert done.returncode != 0, done
        (line,) = done.stderr.splitlines()
        assert not (self.venv / "installed").exists() and "-m helpers.jupyter" not in self.calls
        return line


@pytest.fixture
def computer(tmp_path):
    return Bundle(tmp_path)


def test_start_installs_once_and_passes_arguments(computer):
    computer.python("python3", "3.13")
    computer.python("python3.12", "3.12")
    lab = f"-m helpers.jupyter --ServerApp.root_dir={computer.root} notebooks/00_start_here.ipynb"
    done = computer.start("--no-browser", "--port", "8889")
    assert done.returncode == 0, done
    assert "Making .venv with python3.12 (Python 3.12)." in done.stdout
    assert computer.calls == ["pip", f"{lab} --no-browser --port 8889"]
    (computer.bin / "python3.12").unlink()
    assert computer.start().returncode == 0
    assert computer.calls[2:] == [lab]


def test_start_takes_the_named_python(computer):
    computer.python("my python", "3.12")
    done = computer.start(PYTHON="my python")
    assert "Making .venv with my python (Python 3.12)." in done.stdout, done


def test_start_without_python(computer):
    line = computer.refused()
    assert line.startswith("No suitable Python: none was found. This folder was made for ")
    assert "Python 3.12 on Linux x86_64 glibc: install this version" in line


def test_start_with_another_python(computer):
    computer.python("python3", "3.13")
    assert "No suitable Python: python3 is 3.13. This folder was made for Python 3.12" in (
        computer.refused()
    )
    assert "No suitable Python: python3 is 3.13." in computer.refused(PYTHON="python3")
    assert "No suitable Python: nowhere does not run." in computer.refused(PYTHON="nowhere")


@pytest.mark.parametrize("other", ["Linux aarch64 glibc", "Linux x86_64", "Darwin arm64"])
def test_start_on_another_system(computer, other):
    computer.python("python3", "3.12", system=other)
    line = computer.refused()
    assert f"This computer is {other}, but the folder was made for Linux x86_64 glibc: " in line
    assert not computer.venv.exists()


def test_start_with_too_little_disk(computer):
    computer.python("python3", "3.12")
    (computer.bin / "df").unlink()
    computer.program("df", "#!/bin/sh\necho head\necho /dev/disk 9000000 8500000 500000 95% /\n")
    line = computer.refused()
    assert "The disk is full (500 MB free): " in line and "run sh start.sh again" in line


def test_start_without_venv_module(computer):
    computer.python("python3", "3.12", module=False)
    assert computer.refused().endswith("python3.12-venv) and run sh start.sh again.")


def test_start_with_missing_packages(computer):
    computer.python("python3", "3.12", pip_error="ERROR: No matching distribution found for keras")
    line = computer.refused()
    assert "ERROR: No matching distribution found for keras" in line
    assert "run sh start.sh again" in line
    computer.made_for.unlink()
    assert "wheels/made_for is missing: copy the whole folder again" in computer.refused()


@pytest.mark.skipif(not shutil.which("dash"), reason="dash, the strictest common sh, is not here")
def test_start_is_plain_sh():
    assert subprocess.run(["dash", "-n", bundle.OWN / "start.sh"]).returncode == 0


@pytest.mark.weekly
def test_it_starts_without_network(bundled, tmp_path):
    if why := box.why_no_box():
        required = os.environ.get("REQUIRE_BOXES", "") not in ("", "0")
        (pytest.fail if required else pytest.skip)(f"no box without network: {why}")
    folder, _ = bundled
    given = {k: v for k, v in os.environ.items() if not k.startswith(("COURSE_", "PIP_"))}
    given |= {
        "COURSE_FORK": "0",  # no kernel is started
        "HOME": str(tmp_path),
        "PYTHON": os.path.realpath(sys.executable),
        # JupyterLab's own files lie beside its package, not in the environment of this test.
        "JUPYTERLAB_DIR": sysconfig.get_path("data") + "/share/jupyter/lab",
    }
    done = subprocess.run(
        [*OFFLINE, sys.executable, Path(__file__).with_name("offline_start.py")],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["interfaces"] == ["lo"]
    assert "<title>JupyterLab</title>" in found["page"]
    assert f"{NAME}.ipynb" in found["notebooks"]
    assert "Successfully installed course-packages-1.0" in done.stderr
    installed = folder / "exporting-models/.venv/lib"
    assert list(installed.glob("python*/site-packages/course_packages.pth"))
