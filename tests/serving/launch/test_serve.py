"""Test which server a lesson uses, and how it waits for a version."""

import os

import pytest

from helpers.serving.launch import process
from helpers.serving.launch.serve import ExternalServer, serve, wait_for
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


def test_without_an_address_serve_starts_a_server(server):
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
        (tmp_path / "absent", FileNotFoundError, "must be a folder.*absent does not exist$"),
        (tmp_path / "file", FileNotFoundError, "must be a folder.*file is a file$"),
        (
            served,
            ValueError,
            "must be a folder.*served contains no version, it contains notes, v1$",
        ),
        (
            served / "v1",
            ValueError,
            "must be a folder.*v1 contains no version, it contains nothing$",
        ),
        (
            tmp_path / "2",
            ValueError,
            "2 is an export itself, because it contains saved_model.pb.*contains it$",
        ),
        (str(tmp_path / "2"), ValueError, "is an export itself"),
    ):
        with pytest.raises(error, match=words):
            serve("number", folder)


def test_a_second_server_for_a_name_ends_the_first_when_it_is_ready(base, monkeypatch):
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


def test_with_an_address_serve_starts_no_server(server, monkeypatch):
    monkeypatch.setenv("TFS_URL", server.rest + "/")
    found = serve("number", "/not/here")
    assert found == ExternalServer(server.rest, "127.0.0.1:8500")
    with found:
        found.stop()
    assert server.rest in found.log
    monkeypatch.setenv("TFS_GRPC", server.grpc)
    assert serve("number", "/not/here").grpc == server.grpc
    wait_for(server.rest, "number", deadline=60)  # stop() has not ended it


def test_the_error_names_a_model_that_the_server_does_not_have(server, monkeypatch):
    monkeypatch.setenv("TFS_URL", server.rest)
    with pytest.raises(TimeoutError, match=r"a version of other to be AVAILABLE.*status 404"):
        serve("other", "/not/here", deadline=0.2)
    monkeypatch.setenv("TFS_URL", NOWHERE)
    with pytest.raises(TimeoutError, match="/v1/models/number was: URLError"):
        serve("number", "/not/here", deadline=0.2)
    monkeypatch.setenv("TFS_URL", "127.0.0.1:8501")
    with pytest.raises(ValueError, match="TFS_URL must be an address like"):
        serve("number", "/not/here")


def test_status_requests_do_not_use_a_proxy(server, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", NOWHERE)
    wait_for(server.rest, "number", 3, deadline=60)


def test_the_error_names_a_version_that_does_not_load(server, base):
    (base / "hidden").mkdir()
    (base / "hidden" / "saved_model.pb").write_bytes(b"this is not a model")
    os.rename(base / "hidden", base / "4")
    with pytest.raises(RuntimeError, match="version 4 of number did not load: "):
        wait_for(server.rest, "number", 4, deadline=120)
    wait_for(server.rest, "number", 4, state="END", deadline=60)
    wait_for(server.rest, "number", 3, deadline=60)


def test_the_error_after_the_deadline_contains_the_last_status(server):
    with pytest.raises(TimeoutError, match=r"version 3 of number to be END.*was: 3 AVAILABLE"):
        wait_for(server.rest, "number", 3, state="END", deadline=0.2)
    with pytest.raises(ValueError, match=r"state must be one of START, LOADING.*not 'ready'"):
        wait_for(server.rest, "number", state="ready")
