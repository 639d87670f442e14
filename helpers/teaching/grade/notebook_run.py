"""The first box: run a submitted notebook, and write its answers as data.

Standard input holds 32 secret bytes, which sign the verdicts that are given in this process.
"""

import contextlib
import json
import os
import re
import resource
import signal
import sys
from _hashlib import hmac_digest
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.teaching.grade.answers import encode

SECRET = 32  # bytes
CELL_SECONDS = 240  # of the clock; then the cell is interrupted, again and again
CHECK = re.compile(r"lesson\.(q\d+)\.check\(")


class CellTooLong(BaseException):
    """A cell has run for CELL_SECONDS."""


def signature(secret: bytes, key: str, outcome: str, message: str) -> str:
    """Sign a verdict.

    Parameters
    ----------
    secret : bytes
    key, outcome, message : str
        The exercise, and the two parts of a Result.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    # Only what is compiled: a notebook could replace a Python function, and learn the secret.
    content = "\0".join((key, outcome, message)).encode("utf-8", "backslashreplace")
    return hmac_digest(secret, content, "sha256").hex()


class Recorder:
    """Writes one line of JSON for each event of the run: a cell, an answer, a verdict.

    Parameters
    ----------
    file : Path
        Where to write.
    name : str
        Of the lesson.
    beside : set of str
        The keys of the exercises that are checked here.
    secret : bytes
    """

    def __init__(self, file: Path, name: str, beside: set[str], secret: bytes) -> None:
        from helpers.exercises.exercise import Exercise
        from helpers.exercises.lesson import import_exercises
        from helpers.teaching.grade.integrity import CourseState

        module = import_exercises(name)
        found = [value for value in vars(module).values() if isinstance(value, Exercise)]
        self.exercises = {value.key: value for value in found}
        self.recorded: set[str] = set()
        self.of_this_cell: set[str] = set()
        self._stream = file.open("a", encoding="ascii", buffering=1)
        self._beside = beside
        grade, copy, write = Exercise.grade, _pristine(self.exercises), self.write
        Exercise.check = self._check(Exercise)
        state = CourseState()

        def judge(exercise: Any, answers: tuple) -> None:
            """Grade beside the learner's code. The secret is in this function only."""
            changes = state.changes()
            if changes:
                outcome, message = "not yet", CHANGED.format(changes[0])
            else:
                result = grade(copy(exercise), *answers)
                outcome, message = result.outcome, result.message
                if later := state.changes():
                    outcome, message = "not yet", CHANGED.format(later[0])
            signed = signature(secret, exercise.key, outcome, message)
            write(verdict=exercise.key, outcome=outcome, message=message, signature=signed)

        self._judge = judge

    def write(self, **event: Any) -> None:
        """Write one event."""
        self._stream.write(json.dumps(event) + "\n")

    def _check(self, kind) -> Callable[..., None]:
        def check(exercise: Any, *answers: Any) -> None:
            if isinstance(exercise, kind) and exercise.key in self.exercises:
                self.record(exercise, answers)

        return check

    def record(self, exercise: Any, answers: tuple) -> None:
        """Write the answers to an exercise, or the verdict if they are no data."""
        key = exercise.key
        self.recorded.add(key)
        self.of_this_cell.add(key)
        if key in self._beside:
            self._judge(exercise, answers)
            return
        try:
            data = [encode(answer) for answer in answers]
            needs = {name: _need(name) for name in exercise.needs if name != "notebook"}
        except (KeyboardInterrupt, CellTooLong):
            raise
        except BaseException:  # NotData, or an answer that raises when it is read
            self._judge(exercise, answers)
            return
        self.write(
            answer=key,
            data=data,
            needs=needs,
            seed=exercise._seed,
            handed=[str(folder) for folder in exercise.handed],
            refused=_refused(exercise),
        )


CHANGED = (
    "the notebook changes {} in its own process, so this answer was not checked. Remove the lines "
    "that change the course, Python or NumPy."
)


def _pristine(exercises):
    """Return a function that copies an exercise with the parts that it has now."""
    fields = ("key", "title", "answers", "hints", "grader", "needs", "maker", "fresh")
    kept = {key: {name: getattr(one, name) for name in fields} for key, one in exercises.items()}
    kind = type(next(iter(exercises.values())))

    def copy(exercise):
        new = kind(**kept[exercise.key])
        for name in ("lesson", "handed", "_seed", "_digest", "_originals", "_folders"):
            setattr(new, name, getattr(exercise, name))
        return new

    return copy


def _need(name):
    """Write an object of the notebook: the weights of a model, or data."""
    from helpers.exercises.notebook import kernel_names
    from helpers.exercises.side_effects import weights_of

    value = kernel_names().get(name, ...)
    weights = weights_of(value)
    if weights is None:
        return {"data": encode(value)}
    return {"weights": [encode(weight.numpy()) for weight in weights]}


def _refused(exercise):
    """Return why the lesson would not read the answers: a changed folder, or file."""
    from helpers.exercises.outcomes import NotYet

    for refuse in (exercise._refuse_changed, exercise._refuse_other_folder):
        try:
            refuse()
        except NotYet as error:
            return str(error)
    return ""


def run_cells(cells: list[str], recorder: Recorder, seconds: float = CELL_SECONDS) -> None:
    """Run the cells of a notebook in an IPython shell, also after an error.

    Parameters
    ----------
    cells : list of str
        The source of each code cell.
    recorder : Recorder
    seconds : float
        After this time, a cell is interrupted.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    signal.signal(signal.SIGALRM, _interrupt)
    for number, source in enumerate(cells, 1):
        recorder.write(begun=number)
        asked = set(CHECK.findall(source))
        recorder.of_this_cell.clear()
        error: BaseException | None = None
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)
        try:
            done = shell.run_cell(source, store_history=True)
            error = done.error_before_exec or done.error_in_exec
        except BaseException as raised:
            error = raised
        signal.setitimer(signal.ITIMER_REAL, 0)
        for key in sorted((asked & recorder.exercises.keys()) - recorder.of_this_cell):
            _without_check(recorder, recorder.exercises[key], shell.user_ns, error)


def _without_check(recorder, exercise, names, error):
    """Write the answers of a cell that did not come to its check."""
    answers = [names.get(name, ...) for name in exercise.answers]
    if error is None:
        recorder.record(exercise, tuple(answers))
    elif exercise.key not in recorder.recorded:
        recorder.write(raised=exercise.key, words=_words(error))


def _words(error):
    from helpers.exercises.learner_code import own_words
    from helpers.scratch import without_scratch

    try:
        if isinstance(error, CellTooLong):
            return "the cell did not end"
        return without_scratch(own_words(error))[:2000]
    except Exception:
        return type(error).__name__


def _interrupt(*_):
    raise CellTooLong


def limit_this_process(processes: int, file_bytes: int) -> None:
    """Limit this process and all that it starts.

    Parameters
    ----------
    processes : int
        Processes and threads. The system does not limit those of root.
    file_bytes : int
        Size of one file.
    """
    os.nice(5)  # the process that watches the box must not wait for it
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NPROC, processes),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def main(order: str) -> None:
    """Run the notebook that the file `order` describes.

    Parameters
    ----------
    order : str
        Path of a JSON file: name, cells, beside, out, folder, processes, file_bytes, seconds.
    """
    told = json.loads(Path(order).read_text(encoding="utf-8"))
    secret = sys.stdin.buffer.read(SECRET)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    limit_this_process(told["processes"], told["file_bytes"])
    os.chdir(told["folder"])
    from helpers.processes.tensorflow_import import import_tensorflow

    import_tensorflow()
    recorder = Recorder(Path(told["out"]), told["name"], set(told["beside"]), secret)
    del secret
    for module in [name for name in sys.modules if name.startswith("helpers.teaching")]:
        del sys.modules[module]  # so that a notebook does not find the functions that judge it
    run_cells(told["cells"], recorder, told["seconds"])
    recorder.write(ended=True)
    sys.stdout.flush()
    # Threads and exit handlers of the notebook must not keep the box open.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
