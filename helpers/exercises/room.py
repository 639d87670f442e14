"""Tell the instructor's page which exercise a learner works on, if the learner has joined.

The instructor sets COURSE_ROOM to a folder that all learners can write to, or to the address that
`python -m helpers.teaching.room` prints. A learner joins with `lesson.join("Ada")`. Then each check
sends the name, the lesson, the exercise, the outcome, the words of the check and the seconds. The
learner's code is never sent.
"""

import contextlib
import json
import os
import queue
import re
import threading
import time
import urllib.request
import uuid
from pathlib import Path

from helpers.exercises import progress
from helpers.exercises.outcomes import Result

VARIABLE = "COURSE_ROOM"
NAME, WORDS = 40, 300  # characters
TIMEOUT = 5  # seconds
PAUSES = (0.3, 1, 0)  # seconds after each attempt that fails
MOST_WAITING = 50  # reports that wait to be sent
CODE_LINE = re.compile(r"^in line \d+ of your .*\n?", re.M)  # it quotes the learner's code
INVITATION = (
    "Your instructor has a page that shows where the class is. Do you want to be on it? Then run "
    'lesson.join("your name") in a new cell. It sends your name, and the outcome and the words of '
    "each check. It never sends your code."
)
_waiting: queue.Queue = queue.Queue(MOST_WAITING)
_sender: list[threading.Thread] = []


def place() -> str:
    """Return the folder or the address of the room. Empty if there is none."""
    return os.environ.get(VARIABLE, "").strip()


def member() -> dict[str, str] | None:
    """Return {"id": ..., "name": ...} of the learner, or None if the learner has not joined."""
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
        return {"id": str(found["id"]), "name": str(found["name"])[:NAME]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def join(name: str) -> str:
    """Join the room with a name, for all lessons.

    Parameters
    ----------
    name : str
        What the instructor reads. It need not be the learner's real name.

    Returns
    -------
    str
        A sentence for the learner.

    Raises
    ------
    ValueError
        If the name is empty.
    """
    name = " ".join(str(name).split())[:NAME]
    if not name:
        raise ValueError('the name should have one letter or more: lesson.join("Ada")')
    if not place():
        return f"There is no room to join: your instructor has not set {VARIABLE}."
    known = member() or {"id": uuid.uuid4().hex}
    _file().parent.mkdir(parents=True, exist_ok=True)
    _file().write_text(json.dumps({"id": known["id"], "name": name}), encoding="utf-8")
    return f"You are in the room as {name!r}. lesson.leave() ends it."


def leave() -> str:
    """Leave the room: nothing is sent any more. Return a sentence for the learner."""
    _file().unlink(missing_ok=True)
    return "You have left the room. Nothing is sent any more."


def report(lesson: str, exercise: str, result: Result, seconds: float) -> None:
    """Send the result of a check, if the learner has joined. It never raises and never waits.

    Parameters
    ----------
    lesson, exercise : str
        "01_basic_export" and "q1".
    result : Result
    seconds : float
        Since the lesson began.
    """
    target, who = place(), member()
    if not target or who is None:
        return
    words = CODE_LINE.sub("", result.message)[:WORDS]
    event = who | {
        "lesson": lesson,
        "exercise": exercise,
        "outcome": result.outcome,
        "words": words,
        "seconds": round(seconds),
        "time": round(time.time()),
    }
    with contextlib.suppress(queue.Full):
        _waiting.put_nowait((target, event))
    if not _sender or not _sender[-1].is_alive():
        _sender[:] = [threading.Thread(target=_send_all, daemon=True)]
        _sender[-1].start()


def wait_until_sent(seconds: float = TIMEOUT) -> None:
    """Wait until all reports are sent, but no longer than some seconds."""
    end = time.monotonic() + seconds
    while _waiting.unfinished_tasks and time.monotonic() < end:
        time.sleep(0.01)


def _file() -> Path:
    file = progress.path()
    return file.with_name(f"{file.name}-room")


def _send_all():
    while True:
        target, event = _waiting.get()
        for pause in PAUSES:
            try:
                send(target, event)
                break
            except Exception:  # a lesson works without the room
                time.sleep(pause)
        _waiting.task_done()


def send(target: str, event: dict) -> None:
    """Send one report to a folder or an address.

    Parameters
    ----------
    target : str
        See `place`.
    event : dict

    Raises
    ------
    OSError
        If it cannot be sent.
    """
    text = json.dumps(event)
    if target.startswith(("http://", "https://")):
        request = urllib.request.Request(
            target, text.encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT):
            return
    with (Path(target) / f"{event['id']}.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(text + "\n")
