"""A real JupyterHub with the course's configuration, and three learners who run lessons at once."""

import json
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from helpers.paths import ROOT
from helpers.teaching import single_user
from helpers.teaching.handout import FOLDER
from tests.support import hub as hubs

# The lesson of each learner. The first two type the solutions, the last runs the cells as they are.
LEARNERS = {
    "ada": ("01_basic_export", "solutions"),
    "ben": ("08_serving", "solutions"),
    "cleo": ("08_serving", "notebooks"),
}
LESSON = "01_basic_export"
HASTY = "dora"  # whose kernel ends after some seconds, in place of an hour
ASKED = """
import importlib.util, json, os, shutil, sys
import helpers
print(json.dumps([sys.executable, shutil.which("saved_model_cli"), helpers.__file__,
    importlib.util.find_spec("jupyterhub"), os.environ["COURSE_DRAW"]]))"""

needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="JupyterHub needs Linux or macOS")


@pytest.fixture(scope="module")
def class_(tmp_path_factory):
    """A hub whose learners have run the lessons."""
    hubs.require_hub()
    with hubs.hub(tmp_path_factory.mktemp("hub"), [*LEARNERS, HASTY], hasty=[HASTY]) as found:

        def learn(name):
            found.start(name)
            return found.learn(name, *LEARNERS[name])

        with ThreadPoolExecutor(len(LEARNERS)) as learners:
            found.differences = dict(zip(LEARNERS, learners.map(learn, LEARNERS), strict=True))
        yield found


@needs_unix
@pytest.mark.parametrize("name", LEARNERS)
def test_each_cell_has_its_stored_outputs(class_, name):
    found = class_.differences[name]
    assert len(found) > 10
    assert {source: difference for source, difference in found.items() if difference} == {}


@needs_unix
def test_each_learner_has_a_copy_and_progress(class_):
    for name, (lesson, folder) in LEARNERS.items():
        course = class_.course(name)
        assert not (course / "solutions").exists()
        assert (course / ".venv").resolve() == (ROOT / ".venv").resolve()
        if folder == "solutions":
            passed = json.loads((course / ".progress.json").read_text())
            assert passed.keys() == {lesson} and len(passed[lesson]) > 3, "all its exercises"


@needs_unix
def test_a_kernel_has_the_environment_of_the_course_and_the_copy_of_the_learner(class_):
    with class_.kernel("ada", LESSON) as kernel:
        (output,) = kernel.run("import sys; sys.path.insert(0, '..')" + ASKED)
    python, command, helpers, jupyterhub, draw = json.loads(output["text"])
    assert python == str(ROOT / ".venv/bin/python")
    assert command == str(ROOT / ".venv/bin/saved_model_cli")
    assert str(class_.course("ada")) in helpers
    assert jupyterhub is None, "the hub is in an environment of its own"
    assert draw == "1", "the learners get what the hub has"


@pytest.mark.weekly
@needs_unix
def test_an_idle_kernel_ends_although_its_notebook_is_open(class_):
    class_.start(HASTY)
    with class_.kernel(HASTY, LESSON) as kernel:
        assert kernel.run("print(1)")[0]["text"] == "1\n"
        class_.wait(lambda: class_.ask("GET", f"user/{HASTY}/api/kernels") == [])


@needs_unix
def test_nothing_is_left_of_a_server_that_has_ended(class_):
    """Also not the processes that fork kernels, which wait some minutes for the next one."""
    assert single_user.fork_servers(class_.course("ben"))
    class_.stop("ben")
    assert class_.processes("ben") == []


@needs_unix
def test_nothing_is_left_of_a_hub_that_has_ended(class_):
    assert len(class_.processes()) > 3
    class_.end()
    assert class_.processes() == []


@pytest.fixture
def handout(tmp_path):
    file = tmp_path / "handout.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{FOLDER}/notebooks/a.txt", "new")
    return file


def test_a_learner_gets_the_handout_once(tmp_path, handout):
    home = tmp_path / "home"
    home.mkdir()
    own = single_user.unpack(handout, home)
    assert [path.name for path in home.iterdir()] == [own.name] == [FOLDER]
    (own / "notebooks/a.txt").write_text("an answer")
    assert single_user.unpack(handout, home) == own
    assert (own / "notebooks/a.txt").read_text() == "an answer"


def test_an_interrupted_copy_is_not_the_learners(tmp_path, handout, monkeypatch):
    def interrupted(self, folder):
        raise OSError("no space left")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space left"):
        patch.setattr(zipfile.ZipFile, "extractall", interrupted)
        single_user.unpack(handout, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["handout.zip"]
    assert (single_user.unpack(handout, tmp_path) / "notebooks/a.txt").exists()


def test_a_missing_handout_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no .*none\.zip: type make handout"):
        single_user.unpack(tmp_path / "none.zip", tmp_path)


def test_a_process_that_does_not_end_is_killed(monkeypatch):
    code = "from signal import *; signal(SIGTERM, SIG_IGN); print(1, flush=True); input()"
    stubborn = psutil.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1)
    stubborn.stdout.readline()
    monkeypatch.setattr(single_user, "PATIENCE", 0.1)
    single_user.end([stubborn])
    assert stubborn.wait(timeout=60)
    stubborn.stdin.close()
    stubborn.stdout.close()
