"""A lesson as its notebook sees it: exercises, scratch folder, the learner's progress."""

import importlib
import time
from types import ModuleType

from helpers import scratch
from helpers.exercises import progress, room
from helpers.exercises.exercise import Exercise
from helpers.exercises.outcomes import Result
from helpers.exercises.side_effects import current_folder
from helpers.notebooks import lesson_names


class Lesson:
    """A lesson that has begun: `lesson.q1.check(...)`, `lesson.scratch / "linear"`.

    Parameters
    ----------
    name : str
        "01_basic_export".

    Attributes
    ----------
    name : str
    exercises : dict of str to Exercise
        By key: "q1". Each exercise is an attribute of the lesson, too.
    scratch : Path
        A new folder of this run for what the notebook exports. The folders of earlier runs stay,
        and two kernels never share one.
    folder : str
        The working directory, which later cells need as well.

    Raises
    ------
    ValueError
        If the course has no such lesson. The message lists the lessons.
    FileNotFoundError
        If the lesson has no module with exercises. The message names the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        if name not in lesson_names():
            raise ValueError(f"no lesson {name!r}: there are {', '.join(lesson_names())}")
        self.exercises = {
            value.key: value
            for value in vars(import_exercises(name)).values()
            if isinstance(value, Exercise)
        }
        for key, value in self.exercises.items():
            value.lesson = self
            setattr(self, key, value)
        self.scratch = scratch.new_folder(name)
        self.folder = current_folder()
        self._began = time.monotonic()
        if room.place() and room.member() is None:
            print(room.INVITATION)
        _quieten()

    def passed(self, key: str) -> None:
        """Store that the exercise `key` was passed.

        If that fails, print one line: a full disk must not spoil a right answer.

        Parameters
        ----------
        key : str
            "q1".
        """
        try:
            progress.add(self.name, key)
        except OSError as error:
            print(f"(your progress could not be saved: {type(error).__name__})")

    def report(self, key: str, result: Result) -> None:
        """Send the result of a check to the instructor's page, if the learner has joined it.

        Parameters
        ----------
        key : str
            "q1".
        result : Result
        """
        room.report(self.name, key, result, time.monotonic() - self._began)

    def join(self, name: str) -> None:
        """Join the instructor's page with a name; see `helpers.exercises.room`.

        Parameters
        ----------
        name : str
            What the instructor reads.
        """
        print(room.join(name))

    def leave(self) -> None:
        """Leave the instructor's page, so that nothing is sent any more."""
        print(room.leave())

    def __repr__(self) -> str:
        return "\n".join([self.name, *(f"  {e!r}" for e in self.exercises.values())])


def import_exercises(name: str) -> ModuleType:
    """Import the module with the exercises of a lesson; see `Lesson` for its errors."""
    module = f"helpers.exercises.lesson_{name[:2]}.exercises"
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module exists, and an import inside it fails
    raise FileNotFoundError(
        f"lesson {name} has no exercises: its file {module.replace('.', '/')}.py is missing. "
        "If you take the course, copy the whole folder of the course again. If you write the "
        "lesson, write that file. (make new-lesson NAME=NN_name writes a first version.)"
    )


def _quieten() -> None:
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
