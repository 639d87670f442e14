"""Every workflow is valid, its commands are right shell, and what its commands name exists."""

import json
import re
import subprocess
from importlib import util
from pathlib import Path

import jsonschema
import pytest
import yaml

from helpers.paths import ROOT
from helpers.scratch import RUN, SCRATCH
from tests.course.test_lesson_08_elsewhere import NAME
from tests.support.documents import changed

SCHEMA = json.loads(Path(__file__).with_name("workflow.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
FILES = sorted((ROOT / ".github/workflows").iterdir())


def read(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in workflow.items()}  # YAML's `on`


def commands(workflow):
    return [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]


SERVING = read(ROOT / ".github/workflows/tensorflow-serving.yml")
EVERY = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


@EVERY
def test_the_workflow_is_valid(path):
    VALIDATOR.check_schema(SCHEMA)
    assert path.suffix == ".yml"
    VALIDATOR.validate(read(path))
    assert read(path)["name"] == path.stem


@EVERY
def test_the_commands_are_right_shell_and_name_what_exists(path):
    for command in commands(read(path)):
        found = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True)
        assert found.returncode == 0, found.stderr
        for module in re.findall(r"python -m ([\w.]+)", command):
            assert module == "pytest" or util.find_spec(module), module
        for file in re.findall(r"(?<=\s)(?:tests|\.ci)/[\w./]+", command):
            assert (ROOT / file).exists(), file
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        for target in re.findall(r"^make ([a-z-]+)", command, re.M):
            assert re.search(rf"^{target}:", makefile, re.M), target


JOB = ("jobs", "compare")
FIRST, SECOND = (*JOB, "steps", 0), (*JOB, "steps", 3)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("on",), None),
        (("on", "schedule"), {"cron": "17 3 * * 4"}),
        (("on", "schedule", 0, "cron"), "every week"),
        (("on", "workflow_dispatch", "inputs", "tag"), "2.20.0"),
        (("permissions",), None),
        (("permissions", "contents"), "write"),
        ((*JOB, "runs-on"), None),
        ((*JOB, "timeout-minutes"), "60"),
        ((*JOB, "step"), []),
        ((*JOB, "env", "IMAGE"), 2.2),
        ((*FIRST, "uses"), "actions/checkout"),
        ((*FIRST, "run"), "make env"),
        ((*SECOND, "run"), "docker run tensorflow/serving:${{ inputs.tag }}"),
        ((*SECOND, "with"), {"tag": "2.20.0"}),
    ],
)
def test_a_mistake_is_found(path, value):
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(changed(SERVING, path, value))


def test_lesson_08_exports_to_the_folder_that_the_server_watches():
    text = "\n".join(commands(SERVING))
    (base,) = re.findall(r'model_base_path="\$COURSE_EXPORTS/([^"]+)"', text)
    assert base == f"{SCRATCH}/{NAME}/{RUN}1/shop"


def test_the_containers_listen_where_the_commands_ask():
    text = "\n".join(commands(SERVING))
    published = dict(re.findall(r"--publish (127\.0\.0\.1:\d+):(\d+)", text))
    (lesson,) = (s["env"] for s in SERVING["jobs"]["compare"]["steps"] if "env" in s)
    rest, grpc = re.findall(r"against http://(\S+) (\S+)", text)[0]
    assert published[rest] == published[lesson["TFS_URL"].removeprefix("http://")] == "8501"
    assert published[grpc] == published[lesson["TFS_GRPC"]] == "8500"
    assert len(published) == 4
