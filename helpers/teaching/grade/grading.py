"""Grade one submission, or many: two boxes each."""

import compileall
import hmac
import json
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from helpers.exercises.exercise import Exercise
from helpers.exercises.lesson import import_exercises
from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT, RUNTIMES
from helpers.teaching.grade.box import BUILT, Box, runtime_folders
from helpers.teaching.grade.check_run import APART, BESIDE
from helpers.teaching.grade.limits import Limits, remove
from helpers.teaching.grade.notebook_run import SECRET, signature
from helpers.teaching.grade.submissions import Submission

NOT_REACHED, NOT_READ = "not reached", "not read"  # besides the four outcomes of a check
# Processes and threads of one user: TensorFlow starts several threads for each core.
PROCESSES = 400 + 60 * (os.cpu_count() or 1)
# The exercises that a function, a class or a model answers.
NO_DATA = {
    "01_basic_export": {"q5"},
    "02_one_signature": {"q5"},
    "03_many_signatures": {"q3"},
    "04_inside_the_artifact": {"q3", "q5"},
    "05_preprocessing_and_assets": {"q1"},
    "08_serving": {"q3", "q4"},
    "09_rollout": {"q1", "q2", "q4"},
    "11_performance": {"q2", "q4", "q5"},
}


@dataclass
class Row:
    """The verdict on one exercise of one submission.

    Attributes
    ----------
    learner, lesson, exercise, outcome, words : str
        `words` is what the learner reads.
    checked : str
        "apart", or "beside" the learner's code, or "".
    """

    learner: str
    lesson: str
    exercise: str
    outcome: str
    words: str
    checked: str = ""


@dataclass
class Graded:
    """What was found out about one submission.

    Attributes
    ----------
    name, learner, lesson : str
        See `Submission`.
    rows : list of Row
    seconds : float
        In both boxes.
    memory : int
        The most that one of the boxes used, in bytes.
    note : str
        What the instructor should know, such as a limit that was reached.
    """

    name: str
    learner: str
    lesson: str
    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0
    note: str = ""

    def as_json(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Graded":
        """Read what `as_json` wrote."""
        told = json.loads(line)
        told["rows"] = [Row(**row) for row in told["rows"]]
        return cls(**told)


class Grader:
    """Grades submissions with a copy of the course that does not change meanwhile.

    Use it in a `with` statement, which removes the copy.

    Parameters
    ----------
    boxed : bool
        Whether bubblewrap is used; see `Box`.
    limits : Limits
        Of each box.
    """

    def __init__(self, boxed: bool = True, limits: Limits | None = None) -> None:
        self._boxed, self._limits = boxed, limits or Limits()
        self._stop = threading.Event()

    def __enter__(self) -> "Grader":
        self._folder = Path(tempfile.mkdtemp(prefix="grade-"))
        self.course = self._folder / "course"
        copy_course(self.course)
        return self

    def __exit__(self, *_) -> None:
        remove(self._folder)

    def stop(self) -> None:
        """End the boxes that run now. What their notebooks get is of no value."""
        self._stop.set()

    def grade(self, submission: Submission) -> Graded:
        """Grade one submission. It does not raise for anything that is in the notebook.

        Parameters
        ----------
        submission : Submission

        Returns
        -------
        Graded
        """
        found = Graded(submission.name, submission.learner, submission.lesson)
        if submission.problem:
            found.rows = [Row(submission.learner, "", "", NOT_READ, submission.problem)]
            return found
        folder = Path(tempfile.mkdtemp(prefix="box-", dir=self._folder))
        try:
            self._grade(submission, found, folder)
        finally:
            remove(folder)
        return found

    def _grade(self, submission, found, folder):
        secret = secrets.token_bytes(SECRET)
        beside = sorted(NO_DATA.get(submission.lesson, ()))
        box = Box(self.course, folder, self._boxed, self._limits, stop=self._stop)
        inside = box.prepare()
        order = inside / "order.json"
        order.write_text(
            json.dumps(
                {
                    "name": submission.lesson,
                    "cells": submission.cells,
                    "beside": beside,
                    "out": f"{box.inside}/out/events",
                    "folder": f"{box.inside}/notebooks",
                    "processes": PROCESSES,
                    "file_bytes": self._limits.file,
                    "seconds": self._limits.seconds / 3,
                }
            ),
            encoding="utf-8",
        )
        order.chmod(0o644)
        (inside / "helpers").symlink_to(f"{box.course_inside}/helpers")
        run = box.run("-m", "helpers.teaching.grade.notebook_run", f"{box.inside}/order.json",
                      given=secret)  # fmt: skip
        told = {
            "name": submission.lesson,
            "beside": beside,
            "events": f"{box.inside}/out/events",
            "exports": f"{box.private}/exports",
        }
        # What the first box wrote counts for the second one, too.
        box = replace(box, limits=replace(self._limits, disk=2 * self._limits.disk))
        given = secret + json.dumps(told).encode()
        check = box.run("-m", "helpers.teaching.grade.check_run", given=given, private=True)
        found.seconds = run.seconds + check.seconds
        found.memory = max(run.memory, check.memory)
        verdicts, begun, ended = _verdicts(check.output, secret)
        reason = _reason(run, begun, ended)
        stopped = check.why or (f"it ended with {check.status}" if check.status else "")
        if reason:
            reason = f"the notebook did not come to its end: {reason}"
        elif stopped:
            reason = f"the check of an exercise was stopped: {stopped}"
        found.note = reason
        for key in exercise_keys(submission.lesson):
            if key in verdicts:
                outcome, words, checked = verdicts[key]
            elif reason:
                outcome, words, checked = NOT_REACHED, reason, ""
            else:
                words = f"the notebook has no cell that calls lesson.{key}.check"
                outcome, checked = "not attempted", ""
            found.rows.append(
                Row(submission.learner, submission.lesson, key, outcome, words, checked)
            )


def exercise_keys(lesson: str) -> list[str]:
    """Return the keys of the exercises of a lesson, in order."""
    values = vars(import_exercises(lesson)).values()
    return [value.key for value in values if isinstance(value, Exercise)]


def _verdicts(output, secret):
    """Read the lines of the second box: those that it signed."""
    verdicts, begun, ended = {}, 0, False
    for line in output.splitlines():
        try:
            said = json.loads(line)
            if "begun" in said:
                begun, ended = int(said["begun"]), said["ended"] is True
                continue
            key, outcome, message = (str(said[name]) for name in ("key", "outcome", "message"))
            right = signature(secret, key, outcome, message)
            checked = said["where"] if said["where"] in (APART, BESIDE) else ""
            if hmac.compare_digest(right, str(said["signature"])):
                verdicts[key] = outcome, message, checked
        except (ValueError, TypeError, KeyError):
            continue
    return verdicts, begun, ended


def _reason(run, begun, ended):
    if run.why:
        return f"{run.why}, in code cell {begun}"
    if ended:
        return ""
    if begun == 0:
        return "it lost its answers, or ended before its first cell"
    return f"code cell {begun} ended the process (exit status {run.status})"


def copy_course(target: Path) -> None:
    """Copy what a lesson needs: no solutions, no tests, and notebooks without answers.

    Parameters
    ----------
    target : Path
        A new folder.
    """
    ignored = shutil.ignore_patterns("__pycache__", "exports", "faults", "new_lesson", ".*")
    shutil.copytree(ROOT / "helpers", target / "helpers", ignore=ignored)
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy2(ROOT / name, target / name)
    (target / "notebooks").mkdir()
    for name in lesson_names():
        cells = [
            {"cell_type": cell.cell_type, "source": cell.source}
            for cell in derive(name, "notebooks").cells
        ]
        (target / "notebooks" / f"{name}.ipynb").write_text(json.dumps({"cells": cells}))
    for folder in (BUILT, *runtime_folders()):  # a box shows the programs there
        (target / RUNTIMES.name / folder).mkdir(parents=True)
    compileall.compile_dir(str(target / "helpers"), quiet=2)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            os.chmod(path, 0o755 if path.is_dir() else 0o644)


def grade_all(
    submissions: Iterable[Submission],
    grader: Grader,
    jobs: int = 1,
    done: Callable[[Graded], None] = lambda graded: None,
) -> Iterator[Graded]:
    """Grade submissions, `jobs` at a time.

    Parameters
    ----------
    submissions : iterable of Submission
    grader : Grader
    jobs : int
    done : callable
        Called with each result as soon as it is there.

    Yields
    ------
    Graded
        In the order in which they are ready.
    """
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(grader.grade, one) for one in submissions]
        try:
            for future in as_completed(waiting):
                graded = future.result()
                done(graded)
                yield graded
        except BaseException:
            grader.stop()
            for future in waiting:
                future.cancel()
            raise
