"""The locks of the other runtimes, the website and the hub: as declared, and without a host."""

import json
import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.paths import ROOT, RUNTIMES
from tests.course.test_locks import HOST, LOCK, PROJECT, UNLOCKED, environments, read_lock

OWN, PACKAGE, NPM = (
    f"helpers/runtimes/{name}"
    for name in ("requirements.lock", "package.json", "package-lock.json")
)
# By group of pyproject.toml.
FOLDERS = {"runtimes": "helpers/runtimes", "site": "docs/website", "hub": "docs/hub"}
# Where a package asks for donations. npm writes it to a lock, and never reads it.
FUNDING = re.compile(r'"funding": (?:\{[^{}]*\}|\[[^\[\]]*\]|"[^"]*")')
LOCKS = ("requirements.lock", "package.json", "package-lock.json")
SITE_NPM = "docs/website/package-lock.json"
SETUP = tuple(f"helpers/setup/{name}.sh" for name in ("runtimes", "site", "hub", "layers", "pip"))
SETUP += ("Makefile", ".ci/run")


def read_files():
    locks = [f"{folder}/{name}" for folder in FOLDERS.values() for name in LOCKS]
    return {name: (ROOT / name).read_text("utf-8") for name in (PROJECT, LOCK, *locks, *SETUP)}


def problems_in(files):
    """List the contradictions between the files, one line each."""
    problems = [each for group in FOLDERS for each in group_problems(files, group)]
    for name in files.keys() - {PROJECT, LOCK}:
        text = FUNDING.sub(lambda found: "\n" * found[0].count("\n"), files[name])
        for number, line in enumerate(text.splitlines(), 1):
            if HOST.search(line):
                problems.append(f"{name}, line {number} names a host or an index: {line.strip()}")
    return problems


def group_problems(files, name):
    """Yield the contradictions of the locks of one group."""
    project = tomllib.loads(files[PROJECT])
    group = [Requirement(text) for text in project["dependency-groups"][name]]
    lock, package, npm = (f"{FOLDERS[name]}/{each}" for each in LOCKS)
    own, course = read_lock(files[lock]), read_lock(files[LOCK])
    yield from npm_problems(package, json.loads(files[package]), npm, json.loads(files[npm]))
    for environment in environments(project["project"]["requires-python"]):
        where = "{sys_platform} {platform_machine} Python {python_version}".format(**environment)
        here = {entry.name: entry.version for entry in own if entry.active(environment)}
        there = {entry.name: entry.version for entry in course if entry.active(environment)}
        for requested in group:
            version = here.get(canonicalize_name(requested.name), "none")
            if version == "none" or version not in requested.specifier:
                yield f"{where}: {requested} is declared, {lock} has {version}: make lock"
        for name in here.keys() & there.keys():
            if here[name].split("+")[0] != there[name].split("+")[0]:
                yield f"{where}: {name} is {here[name]} here, {there[name]} in {LOCK}"
    yield from (f"{lock}: {entry.name} has no hash: make lock" for entry in own if not entry.hashes)


def npm_problems(package_name, package, lock_name, lock):
    first, *others = lock["packages"].items()
    if first[0] != "" or first[1].get("dependencies") != package["dependencies"]:
        yield f"{lock_name}: does not belong to {package_name}: make lock"
    for name in package["dependencies"]:
        if f"node_modules/{name}" not in lock["packages"]:
            yield f"{lock_name}: {name} is declared but not locked: make lock"
    for name, entry in others:
        if not entry.get("integrity", "").startswith("sha512-"):
            yield f"{lock_name}: {name} has no hash: make lock"
        if "resolved" in entry:
            yield f"{lock_name}: {name} names its source: make lock"


def test_files_agree():
    assert problems_in(read_files()) == []


@pytest.mark.parametrize(
    ("file", "pattern", "replacement", "words"),
    [
        (PROJECT, r'"tf2onnx==1.17.\*"', '"tf2onnx==1.16.*"', "tf2onnx==1.16.* is declared"),
        (PROJECT, r'(    "onnx>=)', r'    "onnxscript",\n\1', "onnxscript is declared"),
        (
            OWN,
            r"onnx==(\S+)",
            r"onnx==\1 ; sys_platform == 'linux'",
            "darwin arm64 Python 3.11: onnx",
        ),
        (OWN, r"numpy==\S+", "numpy==2.3.9", "numpy is 2.3.9 here"),
        (OWN, r"(idna==\S+) \\(\n    --hash.*)+", r"\1", "idna has no hash"),
        (OWN, r"make lock\n", "make lock --index-url x\n", "line 2 names a host or an index"),
        (PACKAGE, r'"\^1\.', '"^2.', "does not belong to"),
        (PACKAGE, r'(    "onnxruntime-web")', r'    "left": "1",\n\1', "left is declared but not"),
        (NPM, r'"integrity": "sha512-[^"]*",', "", "has no hash"),
        (NPM, r'("integrity")', r'"resolved": "x", \1', "names its source"),
        (NPM, r'("integrity")', r'"from": "https://x.test/", \1', "names a host or an index"),
        (PROJECT, r'"myst-nb>=1', '"myst-nb>=2', "myst-nb<2,>=2.4 is declared"),
        (PROJECT, r'"jupyterhub>=6', '"jupyterhub>=7', "jupyterhub<7,>=7.1 is declared"),
        (SITE_NPM, r'"integrity": "sha512-[^"]*",', "", "has no hash"),
        (SITE_NPM, r'("integrity")', r'"resolved": "x", \1', "names its source"),
        (SETUP[3], r"npm ci", "npm ci --registry=https://x.test", "names a host or an index"),
    ],
)
def test_each_contradiction_is_found(file, pattern, replacement, words):
    files = read_files()
    files[file], changes = re.subn(pattern, replacement, files[file])
    assert changes, f"{pattern!r} is not in {file}: the doctored copy is the original"
    problems = problems_in(files)
    assert any(words in problem for problem in problems), problems


def test_installed_is_what_is_locked():
    packages = list(RUNTIMES.glob("venv/lib/*/site-packages"))
    if not packages:
        pytest.skip("the other runtimes are not installed: make runtimes")
    found = metadata.distributions(path=[str(packages[0])])
    here = {canonicalize_name(d.metadata["Name"]): d.version for d in found}
    locked = {entry.name: entry.version for entry in read_lock(read_files()[OWN])}
    assert here.keys() - UNLOCKED >= {"onnx", "onnxruntime", "tf2onnx"}
    assert {name: here[name] for name in here.keys() - UNLOCKED} == {
        name: locked.get(name) for name in here.keys() - UNLOCKED
    }
