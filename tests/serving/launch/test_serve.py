"""Which server a lesson talks to, and waiting for a version."""

import os

import pytest

from helpers.serving.launch import process
from helpers.serving.launch.serve import Elsewhere, serve, wait_for
from tests.serving import exports

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    base = tmp_path_factory.mktemp("served") / "number"
    exports.versions(base)
    return base


@pytest.fixture(scope="module")
def server(base):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TFS_URL", raising=False)
        with serve("number", base, max_num_load_retries=0) as server:
            yield server


def test_without_an_address_a_server_is_started(server):
    assert server.running
    wait_for(server.rest, "number", 3, deadline=60)
    wait_for(server.rest, "number", deadline=60)


def test_a_folder_without_a_version_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.delenv("TFS_URL", raising=False)
    monkeypatch.setattr(process, "start", None)
    (tmp_path / "file").touch()
    (tmp_path / "2" / "3").mkdir(parents=True)
    (tmp_path / "2" / "saved_model.pb").touch()
    served = tmp_path / "served"
    (served / "v1").mkdir(parents=True)
    (served / "notes").touch()
    for folder, error, words in (
        (tmp_path / "absent", FileNotFoundError, "absent does not exist; wanted is a folder"),
        (tmp_path / "file", FileNotFoundError, "file is a file; wanted is a folder"),
        (served, ValueError, "no version in .*served, which holds notes, v1; wanted is a folder"),
        (served / "v1", ValueError, "no version in .*v1, which holds nothing; wanted"),
        (tmp_path / "2", ValueError, "2 is an export itself, it holds saved_model.pb; .*lies in$"),
        (str(tmp_path / "2"), ValueError, "is an export itself"),
    ):
        with pytest.raises(error, match=words):
            serve("number", folder)


def test_a_second_server_of_a_name_ends_the_first_once_it_is_up(base, monkeypatch):
    class Started:
        stopped = False

        def stop(self):
            self.stopped = True

    def start(name, base, *, deadline, **flags):
        if flags:
            raise process.ServerError("a flag was misspelt")
        return Started()

    monkeypatch.delenv("TFS_URL", raising=False)
    monkeypatch.setattr(process, "start", start)
    one, other = serve("again", base), serve("other", base)
    with pytest.raises(process.ServerError):
        serve("again", base, wrong=1)
    assert not one.stopped
    two = serve("again", base)
    assert one.stopped and not two.stopped and not other.stopped


def test_with_an_address_nothing_is_started(server, monkeypatch):
    monkeypatch.setenv("TFS_URL", server.rest + "/")
    found = serve("number", "/not/here")
    assert found == Elsewhere(server.rest, "127.0.0.1:8500")
    with found:
        found.stop()
    assert server.rest in found.log
    monkeypatch.setenv("TFS_GRPC", server.grpc)
    assert serve("number", "/not/here").grpc == server.grpc
    wait_for(server.rest, "number", deadline=60)  # still there


def test_a_model_that_the_address_does_not_have_is_named(server, monkeypatch):
    monkeypatch.setenv("TFS_URL", server.rest)
    with pytest.raises(TimeoutError, match=r"a version of other to be AVAILABLE.*status 404"):
        serve("other", "/not/here", deadline=0.2)
    monkeypatch.setenv("TFS_URL", NOWHERE)
    with pytest.raises(TimeoutError, match="/v1/models/number says: URLError"):
        serve("number", "/not/here", deadline=0.2)
    monkeypatch.setenv("TFS_URL", "127.0.0.1:8501")
    with pytest.raises(ValueError, match="TFS_URL is an address like"):
        serve("number", "/not/here")


def test_a_proxy_is_not_asked_about_this_machine(server, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", NOWHERE)
    wait_for(server.rest, "number", 3, deadline=60)


def test_a_version_that_does_not_load_is_named(server, base):
    (base / "hidden").mkdir()
    (base / "hidden" / "saved_model.pb").write_bytes(b"this is not a model")
    os.rename(base / "hidden", base / "4")
    with pytest.raises(RuntimeError, match="version 4 of number did not load: "):
        wait_for(server.rest, "number", 4, deadline=120)
    wait_for(server.rest, "number", 4, state="END", deadline=60)
    wait_for(server.rest, "number", 3, deadline=60)


def test_a_wait_that_is_too_long_tells_what_was_seen(server):
    with pytest.raises(TimeoutError, match=r"version 3 of number to be END.*says: 3 AVAILABLE"):
        wait_for(server.rest, "number", 3, state="END", deadline=0.2)
    with pytest.raises(ValueError, match=r"a state is one of START, LOADING.*not 'ready'"):
        wait_for(server.rest, "number", state="ready")
