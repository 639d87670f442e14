"""docs/hub.md and values.yaml: they agree with the configuration, and with the chart."""

import re
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import yaml
from traitlets.config import PyFileConfigLoader

from helpers.paths import ROOT
from helpers.teaching.handout import FOLDER
from tests.support.documents import changed
from tests.support.hub import CONFIG

PAGE = (ROOT / "docs/hub.md").read_text(encoding="utf-8")
VALUES = yaml.safe_load((ROOT / "docs/hub/values.yaml").read_text(encoding="utf-8"))
TEXT, WHOLE, ON = {"type": "string", "minLength": 1}, {"type": "integer"}, {"const": True}
BYTES = {"type": "string", "pattern": r"^\d+(\.\d+)?[KMGT]$"}


def exactly(**properties):
    """Return the schema of a mapping that has these keys and no others."""
    names = list(properties)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": names,
        "properties": properties,
    }


# What the schema of the chart, values.schema.yaml of July 2026, says of the fields that we use.
CHART = exactly(
    singleuser=exactly(
        image=exactly(name=TEXT, tag=TEXT),
        cmd=TEXT,
        defaultUrl=TEXT,
        memory=exactly(guarantee=BYTES, limit=BYTES),
        cpu=exactly(guarantee={"type": "number"}, limit={"type": "number"}),
        startTimeout=WHOLE,
        storage=exactly(capacity={"type": "string", "pattern": r"^\d+Gi$"}),
        extraEnv={"type": "object", "additionalProperties": TEXT},
        extraFiles={
            "type": "object",
            "additionalProperties": exactly(mountPath=TEXT, data={"type": "object"}),
        },
    ),
    cull=exactly(enabled=ON, timeout=WHOLE, every=WHOLE),
    prePuller=exactly(hook=exactly(enabled=ON), continuous=exactly(enabled=ON)),
    scheduling=exactly(
        userScheduler=exactly(enabled=ON),
        podPriority=exactly(enabled=ON),
        userPlaceholder=exactly(enabled=ON, replicas=WHOLE),
    ),
)


def test_the_values_are_fields_of_the_chart():
    jsonschema.validate(VALUES, CHART)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("singleuser/memory/least", "1G", "least"),
        ("singleuser/memory/guarantee", "1 GB", "does not match"),
        ("singleuser/image/tag", 1, "is not of type 'string'"),
        ("cull/timeout", "1 h", "is not of type 'integer'"),
        ("prePuller/hook/enabled", False, "True was expected"),
    ],
)
def test_a_wrong_value_is_found(path, value, words):
    with pytest.raises(jsonschema.ValidationError, match=words):
        jsonschema.validate(changed(VALUES, path.split("/"), value), CHART)


def test_the_link_opens_the_first_lesson_of_the_handout():
    (link,) = re.findall(r"https://YOUR-HUB\S+", PAGE)
    asked = parse_qs(urlsplit(link).query, strict_parsing=True)
    assert asked.keys() == {"repo", "branch", "urlpath"}
    (repository,), (opened,) = asked["repo"], asked["urlpath"]
    # nbgitpuller names the folder of the learner after the repository.
    assert repository.rsplit("/", 1)[1] == FOLDER
    folder, _, lesson = opened.removeprefix("lab/tree/").partition("/")
    assert folder == FOLDER and (ROOT / lesson).is_file()
    kernels = VALUES["singleuser"]["extraEnv"]["JUPYTER_PATH"]
    home, _, below = kernels.partition(f"/{FOLDER}/")
    assert home == "/home/jovyan" and (ROOT / below / "kernels").is_dir()


def test_all_end_what_is_idle_after_the_hour_of_the_page():
    c = PyFileConfigLoader(CONFIG.name, str(CONFIG.parent)).load_config()
    seconds = {int(found) for found in re.findall(r"timeout=(\d+)", " ".join(c.Spawner.args))}
    (file,) = VALUES["singleuser"]["extraFiles"].values()
    seconds |= {
        VALUES["cull"]["timeout"],
        file["data"]["MappingKernelManager"]["cull_idle_timeout"],
    }
    seconds |= {int(found) for found in re.findall(r"cull\.timeout (\d+)", PAGE)}
    assert seconds == {3600}
    guide = (ROOT / "docs/instructors.md").read_text(encoding="utf-8")
    for page in (PAGE, guide):
        assert "computes nothing for one hour ends" in " ".join(page.split())


def test_the_page_names_what_the_configuration_expects():
    c = PyFileConfigLoader(CONFIG.name, str(CONFIG.parent)).load_config()
    (group,) = c.PAMAuthenticator.allowed_groups
    assert f"groupadd {group}\n" in PAGE and f"--groups {group} " in PAGE
    assert c.JupyterHub.bind_url.startswith("http://127.0.0.1:")
    assert f"`{c.JupyterHub.bind_url}`" in PAGE
    # Variables of the instructor, which the servers of the learners get from the hub.
    passed_on = c.Spawner.env_keep.get_value([])
    assert passed_on and all(f"`{name}`" in PAGE for name in passed_on)
    assert "COURSE_ROOM" in passed_on
    assert c.Spawner.notebook_dir == f"~/{FOLDER}"
    assert c.Spawner.default_url.endswith("/notebooks/00_start_here.ipynb")
