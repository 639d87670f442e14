"""One declaration, one lock: learners, conda users and CI install the same packages."""

import hashlib
import re
import runpy
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers.paths import ROOT

PROJECT, LOCK, CONDA = "pyproject.toml", "requirements.lock", "environment.yml"
SETUP, WORKFLOW = "helpers/setup/env.sh", ".github/workflows/test.yml"
TENSORFLOWS = {"tensorflow", "tensorflow-cpu"}  # two wheels over one folder
UNLOCKED = {"pip", "setuptools", "uv"}  # tools that make an environment or a lock
LINUX_X86 = ("linux", "x86_64")
# The course's own wheel replaces one from a registry.
OWN_WHEEL = re.compile(r"^helpers/setup/wheels/([a-z0-9-]+?)-([^-]+)-py3-none-any\.whl")
HOST = re.compile(r"\w://|\bfile:|--(extra-)?index|--find-links|\.(org|com|net|io|dev)\b", re.I)
PLATFORMS = [  # sys_platform, os_name, platform_system, platform_machine
    ("linux", "posix", "Linux", "x86_64"),
    ("linux", "posix", "Linux", "aarch64"),
    ("darwin", "posix", "Darwin", "arm64"),
    ("win32", "nt", "Windows", "AMD64"),
]


class Locked(NamedTuple):
    """One entry of the lock: a package, its marker, its hashes, and the packages that need it."""

    name: str
    version: str
    requirement: Requirement
    hashes: list[str]
    via: list[str]

    def active(self, environment):
        return self.requirement.marker is None or self.requirement.marker.evaluate(environment)


def read_files():
    """Return the text of each file that decides which packages are installed."""
    return {name: (ROOT / name).read_text() for name in (PROJECT, LOCK, CONDA, SETUP, WORKFLOW)}


def read_lock(text):
    """Return the entries of a lock. A line that is no entry, hash or `via` raises ValueError."""
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            continue
        line = OWN_WHEEL.sub(r"\1==\2", line)
        if entry := re.fullmatch(r"([a-z0-9-]+)==([^\s;]+)(?: ; ([^\\]+))?(?: \\)?", line):
            name, version, _ = entry.groups()
            entries.append(Locked(name, version, Requirement(line.rstrip(" \\")), [], []))
        elif found := re.fullmatch(r"    --hash=(sha256:[0-9a-f]{64})(?: \\)?", line):
            entries[-1].hashes.append(found[1])
        elif found := re.fullmatch(r"    # via (.+)", line):
            entries[-1].via.extend(asker.split(" ")[0] for asker in found[1].split(", "))
        else:
            raise ValueError(f"{LOCK}, line {number}: cannot read {line!r}")
    return entries


def declared(project):
    """Return every requirement of pyproject.toml, the optional ones included."""
    extras = project["optional-dependencies"].values()
    return [Requirement(text) for group in (project["dependencies"], *extras) for text in group]


def minors(requires_python):
    return [f"3.{n}" for n in range(30) if f"3.{n}" in SpecifierSet(requires_python)]


def environments(requires_python):
    """Yield every supported platform and Python version, as markers see it."""
    for minor in minors(requires_python):
        for values in PLATFORMS:
            keys = ("sys_platform", "os_name", "platform_system", "platform_machine")
            versions = {"python_version": minor, "python_full_version": f"{minor}.9"}
            yield dict(default_environment()) | dict(zip(keys, values, strict=True)) | versions


def lock_problems(project, lock):
    """List packages that are declared but not locked, or locked but not needed."""
    problems = []
    for environment in environments(project["requires-python"]):
        where = "{sys_platform} {platform_machine} Python {python_version}".format(**environment)
        active = [entry for entry in lock if entry.active(environment)]
        for requested in declared(project):
            if requested.marker and not requested.marker.evaluate(environment):
                continue
            found = [e.version for e in active if e.name == canonicalize_name(requested.name)]
            if len(found) != 1 or found[0] not in requested.specifier:
                problems.append(f"{where}: {requested} is declared, {LOCK} has {found}: make lock")
        names = [entry.name for entry in active]
        filling = [e.name for e in active if e.name in TENSORFLOWS and "+" not in e.version]
        if len(filling) != 1:
            problems.append(f"{where}: exactly one of {sorted(TENSORFLOWS)} may be installed")
        problems += [f"{where}: {n} is locked twice" for n in set(names) if names.count(n) > 1]

    asked = {project["name"]}
    while more := {e.name for e in lock if asked.intersection(e.via)} - asked:
        asked |= more
    for entry in lock:
        if entry.name not in asked:
            problems.append(f"{LOCK}: no package needs {entry.name}: make lock")
        if not entry.hashes:
            problems.append(f"{LOCK}: {entry.name} has no hash: make lock")
        if entry.name == "pandas":
            problems.append(f"{LOCK}: pandas slows every import of TensorFlow: leave it out")
    return problems


def conda_problems(project, conda):
    """List where environment.yml differs from the lock and the declared Python versions."""
    *packages, pip = conda["dependencies"]
    problems = []
    if pip != {"pip": [f"-r {LOCK}"]}:
        problems.append(f"{CONDA}: pip must install -r {LOCK} and nothing else, not {pip}")
    specifiers = {name: rest for name, _, rest in (text.partition("=") for text in packages)}
    if specifiers.keys() != {"python", "pip"}:
        problems.append(f"{CONDA}: only python and pip come from conda, not {packages}")
    # repo2docker takes a version of its own, an old one, where it finds none.
    version = specifiers.get("python", "")
    if version not in minors(project["requires-python"]):
        problems.append(f"{CONDA}: python must be one of {project['requires-python']}: {packages}")
    return problems


def problems_in(files):
    """List the contradictions between the files, one line each."""
    project = tomllib.loads(files[PROJECT])["project"]
    pythons = minors(project["requires-python"])
    problems = lock_problems(project, read_lock(files[LOCK]))
    problems += conda_problems(project, yaml.safe_load(files[CONDA]))
    if f"case $1 in {' | '.join(pythons)})" not in files[SETUP]:
        problems.append(f"{SETUP}: `suitable` must accept {pythons}, as {PROJECT} does")
    matrix = yaml.safe_load(files[WORKFLOW])["jobs"]["test"]["strategy"]["matrix"]
    if matrix["python"] != pythons:
        problems.append(f"{WORKFLOW}: tests {matrix['python']}, not {pythons}")
    for name in (LOCK, CONDA):
        for number, line in enumerate(files[name].splitlines(), 1):
            if HOST.search(line):
                problems.append(f"{name}, line {number} names a host or an index: {line.strip()}")
    return problems


def installed_problems(lock, installed):
    """List where an environment differs from the lock.

    Parameters
    ----------
    lock : list of Locked
    installed : dict of str to str
        version by normalized name
    """
    locked = {e.name: e.version for e in lock if e.active(dict(default_environment()))}
    advice = "delete .venv, and run make test again"
    return [
        f"{name}: {LOCK} has {locked.get(name, 'none')}, installed is {installed.get(name, 'none')}"
        f": {advice}"
        for name in sorted(locked.keys() | installed.keys())
        if locked.get(name) != installed.get(name) and (name in locked or name not in UNLOCKED)
    ]


def installed_here():
    return {canonicalize_name(d.metadata["Name"]): d.version for d in metadata.distributions()}


def test_files_agree():
    assert problems_in(read_files()) == []


def test_installed_is_what_is_locked():
    assert installed_problems(read_lock(read_files()[LOCK]), installed_here()) == []


ORPHAN = f"left-over==1.0 \\\n    --hash=sha256:{'0' * 64}\n"


@pytest.mark.parametrize(
    ("file", "pattern", "replacement", "words"),
    [
        (PROJECT, r'"keras>=3.15,<3.16"', '"keras>=3.14,<3.15"', "keras<3.15,>=3.14 is declared"),
        (PROJECT, r'(    "filelock)', r'    "tabulate",\n\1', "tabulate is declared"),
        (PROJECT, r"flow-cpu==2.21.\*; [^\"]+", "flow-cpu==2.21.*", "has []: make lock"),
        (PROJECT, r",<3.14", ",<3.15", "`suitable` must accept"),
        (PROJECT, r",<3.14", ",<3.15", "not ['3.11', '3.12', '3.13', '3.14']"),
        (LOCK, r"numpy==\S+", "numpy==2.3.9", "numpy<2.5,>=2.4 is declared"),
        (LOCK, r"(numpy==\S+)", r"\1 ; sys_platform == 'linux'", "darwin arm64 Python 3.11: numpy"),
        (LOCK, r"(?s)ipywidgets==.*?\n(?=[a-z])", "", "ipywidgets<9,>=8.1 is declared"),
        (LOCK, r"(tensorflow(-cpu)?==\S+) ; .*? \\", r"\1 \\", "exactly one of"),
        (LOCK, r"(?s)(six==.*?)(?=\n[a-z])", r"\1\n\1", "six is locked twice"),
        (LOCK, r"\Z", ORPHAN + "    # via unknown\n", "no package needs left-over"),
        (LOCK, r"\Z", ORPHAN.replace("left-over", "pandas") + "    # via keras\n", "leave it out"),
        (LOCK, r"(six==\S+) \\(\n    --hash.*)+", r"\1", "six has no hash"),
        (LOCK, r"make lock\n", "make lock --index-url x\n", "line 2 names a host or an index"),
        (LOCK, r"make lock\n", "make lock mirror.example.org\n", "line 2 names a host"),
        (CONDA, r"conda-forge", "https://example.test/conda", "names a host or an index"),
        (CONDA, r"python=3.12", "python=3.10", "python must be one of >=3.11,<3.14"),
        (CONDA, r"python=3.12", "python", "python must be one of >=3.11,<3.14"),
        (CONDA, r"  - pip\n", "  - pip\n  - numpy\n", "only python and pip come from conda"),
        (CONDA, r"-r requirements.lock", "tensorflow", "pip must install -r requirements.lock"),
        (CONDA, r"(-r requirements.lock)", r"\1\n      - pandas", "and nothing else"),
        (WORKFLOW, r', "3.13"', "", "not ['3.11', '3.12', '3.13']"),
        (SETUP, r" \| 3.13\)", ")", "`suitable` must accept"),
    ],
)
def test_each_contradiction_is_found(file, pattern, replacement, words):
    files = read_files()
    files[file], changes = re.subn(pattern, replacement, files[file])
    assert changes, f"{pattern!r} is not in {file}: the doctored copy is the original"
    problems = problems_in(files)
    assert any(words in problem for problem in problems), problems


def test_the_wheel_that_is_only_a_name(tmp_path):
    """Its builder builds the same bytes, it has no module, and the lock has its hash."""
    (wheel,) = (ROOT / "helpers/setup/wheels").glob("*.whl")
    built = runpy.run_path(ROOT / "helpers/setup/wheels/build.py")["build"](tmp_path)
    assert (built.name, built.read_bytes()) == (wheel.name, wheel.read_bytes())
    with zipfile.ZipFile(wheel) as opened:
        assert {Path(name).parent.suffix for name in opened.namelist()} == {".dist-info"}
    (entry,) = (e for e in read_lock(read_files()[LOCK]) if "+" in e.version)
    assert entry.hashes == [f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"]
    for e in environments(">=3.11,<3.14"):
        assert entry.active(e) == ((e["sys_platform"], e["platform_machine"]) == LINUX_X86)


def test_unreadable_lock_is_an_error():
    with pytest.raises(ValueError, match="line 3: cannot read"):
        read_lock("# one\nsix==1.0\n-e .\n")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"numpy": "1.0"}, "installed is 1.0"),
        ({"numpy": None}, "installed is none"),
        ({"pandas": "3.0"}, "pandas: requirements.lock has none, installed is 3.0"),
    ],
)
def test_each_difference_from_the_lock_is_found(change, words):
    lock = read_lock(read_files()[LOCK])
    exact = {e.name: e.version for e in lock if e.active(dict(default_environment()))}
    assert installed_problems(lock, exact | {"pip": "23.2.1"}) == []
    (problem,) = installed_problems(lock, {k: v for k, v in (exact | change).items() if v})
    assert words in problem
