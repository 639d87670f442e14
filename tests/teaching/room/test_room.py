"""The instructor's page: what learners send, who may send it, and what it shows in a browser."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from helpers.exercises import room as client
from helpers.exercises.outcomes import MARKS, NOT_YET, PASSED, RAISED, Result
from helpers.paths import ROOT
from helpers.runtimes.browser import FLAGS, find_browser
from helpers.teaching.room import state as states
from helpers.teaching.room.server import RoomServer
from helpers.teaching.room.state import LARGEST, Refused, Room, checked

LESSON = "01_basic_export"


def event(name="Ada", exercise="q1", outcome=PASSED, words="right", **more):
    told = {"id": name, "name": name, "lesson": LESSON, "exercise": exercise, "seconds": 5.2}
    return {**told, "outcome": outcome, "words": words, **more}


def add(room, *events):
    for one in events:
        room.add(checked(json.dumps(one).encode()))


@pytest.fixture
def server():
    server = RoomServer(Room())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def learner(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path


def status(address, content=None):
    """Return the status of a request, and the text of the answer."""
    request = urllib.request.Request(address, content)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_state_of_a_class():
    room = Room()
    add(
        room,
        event("Ada"),
        event("Ada", "q2", NOT_YET, "no export"),
        event("Tim", "q2", RAISED, "KeyError"),
        event("Tim", "q2", NOT_YET, "no export"),
        event("Eve", "q2"),
    )
    found = room.state()
    by_name = {one["name"]: one for one in found["learners"]}
    assert [one["name"] for one in found["learners"]] == ["Tim", "Ada", "Eve"], "who needs help"
    tim = by_name["Tim"]
    assert (tim["exercise"], tim["outcome"], tim["tries"], tim["passed"]) == ("q2", NOT_YET, 2, 0)
    assert by_name["Ada"]["passed"] == 1 and by_name["Ada"]["minutes"] == 0
    first, second = found["exercises"]
    assert (first["passed"], first["held_up"], first["said"]) == (1, 0, [])
    assert (second["passed"], second["held_up"]) == (1, 2)
    assert second["said"] == [("no export", 2)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[" * 4000,
        b"x" * (LARGEST + 1),
        json.dumps(event(outcome="perfect")).encode(),
        json.dumps(event(name="")).encode(),
        json.dumps(event(name="a" * 41)).encode(),
        json.dumps(event(words=["a"])).encode(),
        json.dumps(event(seconds="soon")).encode(),
        json.dumps({"name": "Ada"}).encode(),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_what_is_no_report_is_refused(content):
    with pytest.raises(Refused):
        checked(content)


def test_a_full_room_takes_no_more_learners(monkeypatch):
    monkeypatch.setattr(states, "LEARNERS", 2)
    room = Room()
    add(room, event("a"), event("b"), event("a", "q2"))
    with pytest.raises(Refused, match="has 2 learners already"):
        add(room, event("c"))


def test_who_has_not_joined_sends_nothing(learner, monkeypatch, server):
    monkeypatch.setenv("COURSE_ROOM", server.reports())
    client.report(LESSON, "q1", Result(PASSED, "right"), 3)
    client.wait_until_sent()
    assert server.room.state()["learners"] == []
    assert "as 'Ada L'" in client.join("  Ada \n L ")
    client.report(LESSON, "q1", Result(PASSED, "right"), 3)
    client.wait_until_sent()
    assert [one["name"] for one in server.room.state()["learners"]] == ["Ada L"]
    client.join("Grace")  # another name, the same learner
    client.report(LESSON, "q1", Result(NOT_YET, "wrong"), 3)
    client.wait_until_sent()
    assert [one["name"] for one in server.room.state()["learners"]] == ["Grace"]
    client.leave()
    client.report(LESSON, "q2", Result(PASSED, "right"), 3)
    client.wait_until_sent()
    assert len(server.room.state()["exercises"]) == 1
    with pytest.raises(ValueError, match="one letter or more"):
        client.join(" ")
    monkeypatch.delenv("COURSE_ROOM")
    assert "no room to join" in client.join("Ada")


def test_code_is_never_sent(learner, monkeypatch, server):
    monkeypatch.setenv("COURSE_ROOM", server.reports())
    client.join("Ada")
    words = "ValueError: no\nin line 3 of your cell: secret_code(1)\nUsually: a name is missing"
    client.report(LESSON, "q1", Result(RAISED, words), 3)
    client.wait_until_sent()
    (found,) = server.room.state()["learners"]
    assert found["words"] == "ValueError: no\nUsually: a name is missing"


def test_a_lesson_works_without_its_room(learner, monkeypatch):
    monkeypatch.setenv("COURSE_ROOM", "http://127.0.0.1:9/closed")
    client.join("Ada")
    for _ in range(3):
        client.report(LESSON, "q1", Result(PASSED, "right"), 3)
    client.wait_until_sent()
    monkeypatch.setenv("COURSE_ROOM", str(learner / "missing"))
    client.report(LESSON, "q1", Result(PASSED, "right"), 3)
    client.wait_until_sent()
    assert not (learner / "missing").exists()


def test_folder(learner, monkeypatch):
    folder = learner / "room"
    folder.mkdir()
    monkeypatch.setenv("COURSE_ROOM", str(folder))
    client.join("Ada")
    room = Room(folder)
    for number, exercise_ in enumerate(("q1", "q2"), 1):
        client.report(LESSON, exercise_, Result(PASSED, "right"), 3)
        client.wait_until_sent()
        assert room.state()["learners"][0]["passed"] == number
    (folder / "link.jsonl").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "long.jsonl").write_bytes(b"x" * 3 * LARGEST)
    half, rest = (json.dumps(event("Tim")) + "\n").encode()[:30], b""
    (folder / "half.jsonl").write_bytes(half)
    assert len(room.state()["learners"]) == 1
    rest = (json.dumps(event("Tim")) + "\n").encode()[30:]
    with (folder / "half.jsonl").open("ab") as stream:
        stream.write(rest)
    assert {one["name"] for one in room.state()["learners"]} == {"Ada", "Tim"}


def test_addresses_are_secret(server):
    report = json.dumps(event()).encode()
    assert status(server.address() + "/", report)[0] == 404
    assert status(server.page(), report)[0] == 404, "the page takes no reports"
    assert status(server.reports())[0] == 404, "learners do not see the page"
    assert status(server.reports() + "/state")[0] == 404
    assert status(server.reports(), report)[0] == 204
    assert status(server.reports(), b"{}") == (400, "this is not a report: KeyError\n")
    assert status(server.reports(), b"x" * (LARGEST + 1))[0] == 400
    code, text = status(server.page() + "/state")
    assert code == 200 and len(json.loads(text)["learners"]) == 1


def test_command(tmp_path):
    command = [sys.executable, "-m", "helpers.teaching.room"]
    done = subprocess.run([*command, "--folder", tmp_path / "no"], capture_output=True, text=True)
    assert done.returncode == 2 and "should be a folder that exists" in done.stderr
    with subprocess.Popen(
        [*command, "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        # A shell that starts the tests in the background lets them ignore Ctrl+C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        target = process.stdout.readline().partition("COURSE_ROOM=")[2].strip()
        page = process.stdout.readline().partition("For you: ")[2].strip()
        client.send(target, event())
        assert json.loads(status(page + "/state")[1])["learners"][0]["name"] == "Ada"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


needs_browser = pytest.mark.skipif(
    find_browser() is None and os.environ.get("REQUIRE_BROWSER", "") in ("", "0"),
    reason="no browser: install chromium (Debian, Ubuntu: apt install chromium)",
)


@needs_browser
def test_page_with_thirty_learners(server, tmp_path):
    from playwright.sync_api import expect, sync_playwright

    chance = random.Random(1)
    names = [f"learner {number}" for number in range(29)] + ["<img src=x onerror=document.title=1>"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(server.page())
        page.get_by_text("No learner has joined yet.").wait_for()

        def take_part(name):
            for key in ("q1", "q2", "q3")[: 1 + chance.randrange(3)]:
                outcome = chance.choice(list(MARKS))
                client.send(server.reports(), event(name, key, outcome, f"words of {outcome}"))
            client.send(server.reports(), event(name, "q1"))

        threads = [threading.Thread(target=take_part, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(page.get_by_role("status")).to_have_text("30 learners have joined.", timeout=60_000)
        rows = page.get_by_role("table", name="Learners").locator("tbody tr")
        expect(rows).to_have_count(30)
        for name in names:
            expect(rows.filter(has=page.get_by_text(name, exact=True))).to_have_count(1)
        first = page.get_by_role("table", name="Exercises").locator("tbody tr").first
        expect(first.get_by_role("img", name="30 passed, 0 held up")).to_be_visible()
        client.send(server.reports(), event("learner 3", "q1", NOT_YET, "the weights are missing"))
        expect(first).to_contain_text("1 × the weights are missing", timeout=60_000)
        expect(page.get_by_role("img", name="29 passed, 1 held up")).to_be_visible()
        page.screenshot(path=os.environ.get("ROOM_PICTURE", tmp_path / "room.png"), full_page=True)
        assert page.title() == "The room" and not problems
        expect(page.get_by_role("alert")).to_be_hidden()
        server.shutdown()
        server.server_close()
        expect(page.get_by_role("alert")).to_be_visible(timeout=60_000)
        browser.close()
