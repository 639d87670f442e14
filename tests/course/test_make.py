"""`make` on a machine where something is missing: it fails with one clear line and can be repeated.

The interpreters are small shell scripts, so no test downloads anything and each takes milliseconds.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.paths import ROOT

# The programs that a machine must have besides Python. The PATH of these tests has no others.
TOOLS = ["make", "sh", "awk", "cat", "cksum", "cp", "df", "dirname", "grep", "mkdir", "rm", "tail"]
TOOLS += ["cmp"]
FAKE_PYTHON = """#!/bin/sh
case "$1 $2" in
"-c import sysconfig"*) echo "packages of $0" ;;
"-c import sys"*) echo {version} ;;
"-c import venv"*) exit {venv_module} ;;
"-m venv")
    mkdir -p "$4/bin" "$4/lib/python{version}/site-packages"
    {venv_fails}
    cp "$0" "$4/bin/python" ;;
"-m pip")
    case "$3" in --version) [ ! -e .venv/no-pip ]; exit ;; esac
    case "$*" in *runtimes*) echo pip for the runtimes >>calls ;; *) echo pip >>calls ;; esac
    [ -z "{pip_error}" ] || {{ echo "{pip_error}" >&2; exit 1; }} ;;
"-m compileall") ;;
*) echo "$@" >>calls ;;
esac
"""
SCRIPTS = [
    f"helpers/setup/{what}.sh" for what in ("env", "pip", "layers", "runtimes", "site", "hub")
]
RUNTIMES = [
    f"helpers/runtimes/{name}"
    for name in ("requirements.lock", "openvino.lock", "package.json", "package-lock.json")
]
OTHERS = [
    f"docs/{folder}/{name}"
    for folder in ("hub", "website")
    for name in ("requirements.lock", "package.json", "package-lock.json")
]
# `npm ci --prefix FOLDER ...`
FAKE_NPM = """#!/bin/sh
echo npm >>calls
[ -z "{error}" ] || {{ echo "{error}" >&2; exit 1; }}
[ -f "$3/package.json" ] && [ -f "$3/package-lock.json" ]
"""
OFFLINE = "WARNING: Retrying after connection broken by 'NewConnectionError(...)'"
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"


class Course:
    """A checkout without any Python, in a folder with a space in its name."""

    def __init__(self, folder, name="a course"):
        self.root, self.bin = folder / name, folder / "bin"
        self.venv, self.runtimes = self.root / ".venv", self.root / ".runtimes"
        for name in ("Makefile", "requirements.lock", *SCRIPTS, *RUNTIMES, *OTHERS):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))

    def program(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def python(self, name, version, *, module=True, venv_fails="", pip_error=""):
        """Put an interpreter on the PATH, with or without a venv module, that fails as given."""
        fields = {"version": version, "venv_module": int(not module)}
        fields |= {"venv_fails": venv_fails, "pip_error": pip_error}
        self.program(name, FAKE_PYTHON.format(**fields))

    def make(self, *arguments):
        return self.run("make", *arguments)

    def run(self, *command):
        return subprocess.run(
            command,
            cwd=self.root,
            env={"PATH": str(self.bin), "HOME": str(self.root), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def refused(self, *arguments):
        """Run `make`, which must fail, and return the one line that it prints."""
        done = self.make(*arguments)
        assert done.returncode != 0, done
        (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
        assert not (self.venv / "installed").exists()
        return line

    @property
    def calls(self):
        calls = self.root / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


def test_installs_once_and_starts_jupyterlab_there(course):
    course.python("python3", "3.12")
    lab = f"-m helpers.jupyter --ServerApp.root_dir={course.root} notebooks/00_start_here.ipynb"
    assert course.make("lab", "LAB_ARGS=--no-browser").returncode == 0
    assert course.calls == ["pip", f"{lab} --no-browser"]
    assert course.make("lab").returncode == 0
    assert course.calls[2:] == [lab]


@pytest.mark.parametrize("version", ["2.7", "3.1", "3.10", "3.14"])
def test_wrong_version(course, version):
    course.python("python3", version)
    line = course.refused("env")
    assert f"python3 is {version}. " in line
    assert "3.11, 3.12 or 3.13" in line
    assert "make lab PYTHON=" in line
    assert not course.venv.exists()


def test_no_python(course):
    assert "No suitable Python: none was found" in course.refused("env")
    assert not course.venv.exists()


def test_shim_that_does_not_run(course):
    course.program("python3", "#!/bin/sh\necho no such version >&2\nexit 127\n")
    assert "python3 does not run" in course.refused("env")


def test_first_suitable_python_is_taken(course):
    course.program("python3", "#!/bin/sh\nexit 127\n")
    course.python("python3.13", "3.13", module=False)
    course.python("python3.12", "3.12")
    done = course.make("env")
    assert done.returncode == 0, done
    assert "Making .venv with python3.12 (Python 3.12)." in done.stdout


def test_named_python(course):
    course.python("python3", "3.12")
    course.python("my python", "3.11")
    assert "with my python (Python 3.11)" in course.make("env", "PYTHON=my python").stdout
    line = course.make("env", "PYTHON=python3").stderr
    assert ".venv holds Python 3.11, but PYTHON=python3 is Python 3.12:" in line
    assert course.make("env").returncode == 0


def test_named_python_that_is_not_there(course):
    course.python("python3", "3.12")
    assert "nowhere/python does not run" in course.refused("env", "PYTHON=nowhere/python")


def test_no_venv_module(course):
    course.python("python3", "3.11", module=False)
    line = course.refused("env")
    assert "python3 (Python 3.11) has no venv module" in line
    assert "sudo apt install python3.11-venv" in line
    assert not course.venv.exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("Error: ensurepip failed", "did not make an environment (Error: ensurepip failed)"),
        ("[Errno 28] No space left on device", "The disk is full: "),
    ],
)
def test_venv_fails_and_leaves_nothing(course, error, words):
    course.python("python3", "3.12", venv_fails=f"echo '{error}'; exit 1")
    assert words in course.refused("env")
    assert not course.venv.exists()


def test_too_little_disk(course):
    course.python("python3", "3.12")
    (course.bin / "df").unlink()
    course.program("df", "#!/bin/sh\necho head\necho /dev/disk 9000000 8500000 500000 95% /\n")
    assert "The disk is full (500 MB free): " in course.refused("env")
    assert not course.venv.exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OFFLINE, "The package index cannot be reached: connect to the internet"),
        (FULL, "The disk is full: "),
        ("ERROR: Operation cancelled by user", "Interrupted: run make again"),
        ("ERROR: No matching distribution found for x", "(ERROR: No matching distribution found"),
    ],
)
def test_pip_fails_and_the_next_make_continues(course, error, words):
    course.python("python3", "3.12", pip_error=error)
    assert words in course.refused("env")
    half_made = course.venv / "lib/python3.12/site-packages/numpy-1.0.dist-info"
    whole = course.venv / "lib/python3.12/site-packages/keras-1.0.dist-info"
    for info in (half_made, whole):
        info.mkdir()
    (whole / "RECORD").touch()

    course.python("python3", "3.12")
    shutil.copy(course.bin / "python3", course.venv / "bin/python")
    done = course.make("env")
    assert done.returncode == 0, done
    assert "Making .venv" not in done.stdout
    assert (half_made.exists(), whole.exists()) == (False, True)


def test_changed_lock_is_installed(course):
    course.python("python3", "3.12")
    course.make("env")
    with (course.root / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    course.make("env")
    course.make("env")
    assert course.calls == ["pip", "pip"]


@pytest.mark.parametrize("damage", ["python", "pip"])
def test_broken_venv_is_made_again(course, damage):
    course.python("python3", "3.12")
    course.make("env")
    if damage == "python":
        (course.venv / "bin/python").unlink()
    else:
        (course.venv / "no-pip").touch()
        (course.venv / "installed").unlink()
    assert "Making .venv" in course.make("env").stdout


def test_venv_of_another_python_is_not_deleted(course):
    course.python("python3", "3.12")
    (course.venv / "bin").mkdir(parents=True)
    shutil.copy(course.bin / "python3", course.venv / "bin/python")
    text = (course.venv / "bin/python").read_text()
    (course.venv / "bin/python").write_text(text.replace("echo 3.12", "echo 3.9"))
    assert ".venv holds Python 3.9" in course.refused("env")
    assert course.venv.exists()


def made(course):
    """Return the parts of .runtimes that are complete."""
    return [part for part in ("venv", "browser") if (course.runtimes / part / "installed").exists()]


def test_runtimes_are_installed_once(course):
    course.python("python3", "3.12")
    course.program("npm", FAKE_NPM.format(error=""))
    done = course.make("runtimes")
    assert done.returncode == 0, done
    assert made(course) == ["venv", "browser"]
    (pth,) = course.runtimes.glob("venv/lib/*/site-packages/course.pth")
    assert pth.read_text() == "packages of .venv/bin/python\n"
    assert course.make("runtimes").returncode == 0
    assert course.calls == ["pip", "pip for the runtimes", "npm"]


def test_openvino_is_installed_on_demand(course):
    course.python("python3", "3.12")
    course.program("npm", FAKE_NPM.format(error=""))
    assert course.make("runtimes").returncode == 0
    assert not (course.runtimes / "openvino").exists()
    for _ in range(2):
        assert course.make("runtimes", "OPENVINO=1").returncode == 0
    assert course.calls == ["pip", "pip for the runtimes", "npm", "pip for the runtimes"]
    installed = (course.runtimes / "openvino/installed").read_bytes()
    assert installed == (ROOT / "helpers/runtimes/openvino.lock").read_bytes()
    (pth,) = course.runtimes.glob("openvino/lib/*/site-packages/course.pth")
    assert pth.read_text() == "packages of .venv/bin/python\n"


def test_runtimes_without_npm(course):
    course.python("python3", "3.12")
    done = course.make("runtimes")
    assert done.returncode != 0
    assert (
        "npm is missing, so the packages of npm are not installed. Everything else is ready"
        in done.stderr
    )
    assert made(course) == ["venv"]
    course.program("npm", FAKE_NPM.format(error=""))
    assert course.make("runtimes").returncode == 0
    assert made(course) == ["venv", "browser"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("npm error code ENOTFOUND", "npm's registry cannot be reached: connect to the"),
        ("npm error code ENOSPC", "The disk is full: "),
        ("npm error code EINTEGRITY", "(npm error code EINTEGRITY): .runtimes/browser/npm-errors"),
    ],
)
def test_npm_fails_and_the_next_make_continues(course, error, words):
    course.python("python3", "3.12")
    course.program("npm", FAKE_NPM.format(error=error))
    done = course.make("runtimes")
    assert done.returncode != 0
    assert words in done.stderr
    assert made(course) == ["venv"]
    course.program("npm", FAKE_NPM.format(error=""))
    assert course.make("runtimes").returncode == 0
    assert course.calls == ["pip", "pip for the runtimes", "npm", "npm"]


def test_pip_fails_for_the_runtimes(course):
    course.python("python3", "3.12")
    course.make("env")
    course.python("python3", "3.12", pip_error=OFFLINE)
    shutil.copy(course.bin / "python3", course.venv / "bin/python")
    done = course.make("runtimes")
    assert done.returncode != 0
    assert "The package index cannot be reached" in done.stderr
    assert "run make runtimes again" in done.stderr
    assert made(course) == []


@pytest.mark.parametrize("name", RUNTIMES)
def test_changed_lock_of_the_runtimes_is_installed(course, name):
    course.python("python3", "3.12")
    course.program("npm", FAKE_NPM.format(error=""))
    course.make("runtimes")
    with (course.root / name).open("a") as lock:
        lock.write("\n")
    course.make("runtimes")
    again = {"requirements.lock": ["pip for the runtimes"], "package-lock.json": ["npm"]}
    assert course.calls[3:] == again.get(Path(name).name, [])


def test_runtimes_of_another_environment_are_made_anew(course):
    course.python("python3", "3.12")
    course.program("npm", FAKE_NPM.format(error=""))
    course.make("runtimes")
    course.python("python3.13", "3.13")
    shutil.rmtree(course.venv)
    (course.bin / "python3").unlink()
    done = course.make("runtimes")
    assert done.returncode == 0, done
    assert "Making .runtimes/venv." in done.stdout
    assert course.calls[3:] == ["pip", "pip for the runtimes"]


def test_runtimes_for_a_named_environment(course):
    course.python("python3", "3.12")
    course.program("npm", FAKE_NPM.format(error=""))
    done = course.run("sh", "helpers/setup/runtimes.sh", "python3")
    assert done.returncode == 0, done
    assert not course.venv.exists()
    done = course.run("sh", "helpers/setup/runtimes.sh")
    assert ".venv/bin/python does not run: run make env first" in done.stderr


def test_hub_is_installed_once(course):
    course.python("python3", "3.12")
    course.program("npm", FAKE_NPM.format(error=""))
    for _ in range(2):
        done = course.make("hub")
        assert done.returncode == 0, done
    assert course.calls == ["pip", "pip", "npm"]
    for part, lock in (("venv", "requirements.lock"), ("npm", "package-lock.json")):
        installed = (course.root / ".hub" / part / "installed").read_bytes()
        assert installed == (ROOT / "docs/hub" / lock).read_bytes()
    (pth,) = course.root.glob(".hub/venv/lib/*/site-packages/course.pth")
    assert pth.read_text() == "packages of .venv/bin/python\n"


def test_slides_need_npm_and_no_sphinx(course):
    course.python("python3", "3.12")
    assert "run make slides again" in course.make("slides").stderr
    course.program("npm", FAKE_NPM.format(error=""))
    assert course.make("slides", "LESSON=02").returncode == 0
    assert course.calls == ["pip", "npm", "-m helpers.teaching.slides 02"]
    assert not (course.root / ".site/venv").exists()


def test_reset_needs_a_lesson(course):
    assert course.refused("reset") == "Which lesson? For example: make reset LESSON=02"
    course.python("python3", "3.12")
    assert course.make("reset", "LESSON=02").returncode == 0
    assert course.calls[-1] == "-m helpers.notebooks --reset 02"


def test_lock_needs_uv_and_npm(course):
    assert "make lock needs uv" in course.refused("lock")
    course.program("uv", "#!/bin/sh\n")
    assert "make lock needs npm" in course.refused("lock")


def test_make_alone_lists_every_target(course):
    listed = re.findall(r"^make ([\w-]+) +\w", course.make().stdout, re.M)
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", "")
    targets = re.search(r"^\.PHONY: (.*)", makefile, re.M)[1].split()
    assert listed == targets


@pytest.mark.skipif(not shutil.which("dash"), reason="dash, the strictest common sh, is not here")
@pytest.mark.parametrize("name", SCRIPTS)
def test_setup_is_plain_sh(name):
    script = ROOT / name
    assert subprocess.run(["dash", "-n", script], env=os.environ).returncode == 0
