"""Binder and Codespaces: what their builders make of our files, as far as this can be told here."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from packaging.specifiers import SpecifierSet

from helpers.notebooks import lesson_names
from helpers.paths import ROOT, SITE

FIRST = f"notebooks/{lesson_names()[0]}.ipynb"
REPO2DOCKER = SITE / "venv/bin/jupyter-repo2docker"
TEXT = {"type": "string", "minLength": 1}
# What the specification of development containers says of the properties that we use.
CONTAINER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "build", "remoteUser", "onCreateCommand"],
    "properties": {
        "name": TEXT,
        "build": {
            "type": "object",
            "additionalProperties": False,
            "required": ["dockerfile"],
            "properties": {"dockerfile": TEXT},
        },
        "hostRequirements": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "cpus": {"type": "integer", "minimum": 1},
                "memory": {"type": "string", "pattern": r"^\d+([tgmk]b)?$"},
                "storage": {"type": "string", "pattern": r"^\d+([tgmk]b)?$"},
            },
        },
        "remoteUser": TEXT,
        "onCreateCommand": TEXT,
        "remoteEnv": {"type": "object", "additionalProperties": TEXT},
        "forwardPorts": {"type": "array", "items": {"type": "integer", "maximum": 65535}},
        "portsAttributes": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "label": TEXT,
                    "onAutoForward": {
                        "enum": ["notify", "openBrowser", "openPreview", "silent", "ignore"]
                    },
                },
            },
        },
        "customizations": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "codespaces": {
                    "type": "object",
                    "properties": {"openFiles": {"type": "array", "items": TEXT}},
                },
                "vscode": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "extensions": {
                            "type": "array",
                            "items": {"type": "string", "pattern": r"^[\w-]+\.[\w-]+$"},
                        },
                        "settings": {"type": "object"},
                    },
                },
            },
        },
    },
}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def container():
    """Return devcontainer.json, whose lines may be comments."""
    return json.loads(re.sub(r"^\s*//.*$", "", read(".devcontainer/devcontainer.json"), flags=re.M))


def dockerfile_of(folder: Path):
    """Return what repo2docker prints about a folder: it builds nothing and needs no daemon."""
    if not REPO2DOCKER.exists():
        demanded = os.environ.get("REQUIRE_SITE", "") not in ("", "0")
        (pytest.fail if demanded else pytest.skip)("repo2docker is not installed: make site")
    command = [REPO2DOCKER, "--no-build", "--debug", folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def copied(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def supported():
    return SpecifierSet(tomllib.loads(read("pyproject.toml"))["project"]["requires-python"])


def test_binder_installs_the_lock_with_a_supported_python(tmp_path):
    names = [f".binder/{path.name}" for path in (ROOT / ".binder").iterdir()]
    printed = dockerfile_of(copied(tmp_path, "environment.yml", "requirements.lock", *names))
    (version,) = re.findall(r"^Building conda environment for python=([\d.]+)", printed, re.M)
    assert version in supported()
    assert 'pip install --no-cache-dir -r ".binder/requirements.txt"' in printed
    assert printed.index("COPY --chown=0:0 src/") < printed.index('-r ".binder/requirements.txt')
    assert "RUN ./.binder/postBuild" in printed
    lines = read(".binder/requirements.txt").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["-r ../requirements.lock"]


def test_repo2docker_reads_the_conda_environment_as_conda_does(tmp_path):
    """For copies of the course without .binder/."""
    printed = dockerfile_of(copied(tmp_path, "environment.yml", "requirements.lock"))
    python = yaml.safe_load(read("environment.yml"))["dependencies"][0]
    assert f"Building conda environment for {python}\n" in printed.replace("RUN", "\n")
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"' in printed


def test_without_a_version_repo2docker_takes_an_old_one(tmp_path):
    """This is why environment.yml names one version. If it fails, a range is possible again."""
    text = read("environment.yml").replace("python=3.12", "python >=3.11,<3.14")
    (tmp_path / "environment.yml").write_text(text)
    assert "Building conda environment for python=3.10" in dockerfile_of(tmp_path)


def test_binder_opens_the_first_lesson(tmp_path):
    """The script of Binder runs here, with programs that do nothing in place of the long ones."""
    (tmp_path / "bin").mkdir()
    for name in ("sh", "python"):
        (tmp_path / "bin" / name).write_text('#!/bin/sh\necho "$0 $*" >>"$HOME/calls"\n')
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    subprocess.run(
        ["/bin/sh", ROOT / ".binder/postBuild"],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PATH": path},
        check=True,
    )
    config = json.loads((tmp_path / ".jupyter/jupyter_server_config.json").read_text())
    assert config == {"LabApp": {"default_url": f"/lab/tree/{FIRST}"}}
    assert f"{tmp_path}/bin/sh helpers/setup/runtimes.sh python" in (tmp_path / "calls").read_text()
    assert os.access(ROOT / ".binder/postBuild", os.X_OK)


def test_container_is_as_the_specification_says():
    jsonschema.validate(container(), CONTAINER)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(container() | {"onCreate": "make env"}, CONTAINER)


def test_container_names_what_there_is():
    found = container()
    assert found["customizations"]["codespaces"]["openFiles"] == [FIRST]
    assert found["onCreateCommand"].split()[0] == "make"
    targets = re.findall(r"^([a-z-]+): env ##", read("Makefile"), re.M)  # `env` installs the lock
    assert found["onCreateCommand"].split()[1] in targets
    dockerfile = read(f".devcontainer/{found['build']['dockerfile']}")
    (version,) = re.findall(r"^FROM python:([\d.]+)-", dockerfile, re.M)
    assert version in supported()
    assert f"useradd --create-home --shell /bin/bash {found['remoteUser']}" in dockerfile


def test_container_has_the_programs_that_ci_installs():
    needed = {"chromium", *re.findall(r"missing\+=\(([\w -]+)\)", read(".ci/run"))}
    packages = {name for names in needed for name in names.split()}
    dockerfile = read(".devcontainer/Dockerfile")
    assert packages >= {"gcc", "npm"}
    installed = dockerfile.partition("apt-get -qq install")[2].partition("&& rm")[0].split()
    assert packages <= set(installed), packages - set(installed)
