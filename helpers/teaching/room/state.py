"""What the reports of the learners say together."""

import contextlib
import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from helpers.exercises.outcomes import MARKS, PASSED
from helpers.exercises.room import NAME, WORDS

LEARNERS = 500  # in one room
LARGEST = 5000  # bytes of a report
TEXTS = {"id": 64, "name": NAME, "lesson": 60, "exercise": 10, "outcome": 20, "words": WORDS}


class Refused(ValueError):
    """A report that the room does not take. The message says why."""


def checked(content: bytes) -> dict[str, Any]:
    """Read a report that anybody may have sent.

    Parameters
    ----------
    content : bytes
        JSON.

    Returns
    -------
    dict
        The texts of TEXTS and "seconds".

    Raises
    ------
    Refused
        If it is no report.
    """
    if len(content) > LARGEST:
        raise Refused(f"a report has at most {LARGEST} bytes, but this has {len(content)}")
    try:
        told = json.loads(content)
        event = {name: told[name] for name in TEXTS}
        seconds = min(max(float(told["seconds"]), 0), 1e6)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(f"this is not a report: {type(error).__name__}") from None
    for name, most in TEXTS.items():
        if not isinstance(event[name], str) or len(event[name]) > most:
            raise Refused(f"{name} should be a text of at most {most} characters")
    if event["outcome"] not in MARKS or not event["id"] or not event["name"].strip():
        raise Refused("the outcome, the name or the id is not right")
    return event | {"seconds": round(seconds)}


class Room:
    """The last report of each learner on each exercise.

    Attributes
    ----------
    folder : Path or None
        Where reports arrive as files.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._read: dict[str, int] = {}
        self._learners: dict[str, dict] = {}
        self._lock = threading.Lock()

    def add(self, event: dict[str, Any]) -> None:
        """Take a report that `checked` has read.

        Raises
        ------
        Refused
            If the room is full.
        """
        with self._lock:
            if event["id"] not in self._learners and len(self._learners) >= LEARNERS:
                raise Refused(f"this room has {LEARNERS} learners already")
            learner = self._learners.setdefault(event["id"], {"exercises": {}})
            place = event["lesson"], event["exercise"]
            before = learner["exercises"].get(place, {"tries": 0})
            learner["exercises"][place] = event | {"tries": before["tries"] + 1}
            learner |= {"name": event["name"], "last": place, "heard": time.time()}

    def look(self) -> None:
        """Read what has been written to the files of the folder since the last look."""
        if self.folder is None:
            return
        for file in sorted(self.folder.glob("*.jsonl")):
            with contextlib.suppress(OSError):
                if file.is_file() and not file.is_symlink():
                    self._look_into(file)

    def _look_into(self, file):
        with file.open("rb") as stream:
            stream.seek(self._read.get(file.name, 0))
            while line := stream.readline(LARGEST + 1):
                if not line.endswith(b"\n") and len(line) <= LARGEST:  # it is being written
                    break
                self._read[file.name] = stream.tell()
                with contextlib.suppress(Refused):
                    self.add(checked(line))

    def state(self) -> dict[str, Any]:
        """Return what the page shows.

        Returns
        -------
        dict
            "learners": a list of name, lesson, exercise, outcome, words, tries, minutes since the
            last check, and the number of passes. "exercises": a list of lesson, exercise, how many
            passed, how many are held up, and [words, count] of these.
        """
        self.look()
        now = time.time()
        with self._lock:
            learners = [_learner(one, now) for one in self._learners.values()]
            exercises: dict[tuple, list] = {}
            for one in self._learners.values():
                for place, event in one["exercises"].items():
                    exercises.setdefault(place, []).append(event)
        learners.sort(key=lambda one: (one["outcome"] == PASSED, -one["tries"], one["name"]))
        return {
            "learners": learners,
            "exercises": [_exercise(*item) for item in sorted(exercises.items())],
        }


def _learner(one, now):
    event = one["exercises"][one["last"]]
    passed = sum(event["outcome"] == PASSED for event in one["exercises"].values())
    shown = {name: event[name] for name in ("lesson", "exercise", "outcome", "words", "tries")}
    minutes = int((now - one["heard"]) / 60)
    return shown | {"name": one["name"], "minutes": minutes, "passed": passed}


def _exercise(place, events):
    held_up = [event for event in events if event["outcome"] != PASSED]
    said = Counter(event["words"] for event in held_up).most_common(3)
    return {
        "lesson": place[0],
        "exercise": place[1],
        "passed": len(events) - len(held_up),
        "held_up": len(held_up),
        "said": said,
    }
