"""A lesson as the notebook sees it: its exercises, its scratch folder, the learner's progress."""

import importlib

from helpers import scratch
from helpers.exercises import progress
from helpers.exercises.exercise import Exercise
from helpers.notebooks import lesson_names


class Lesson:
    """Begin a lesson: `lesson.q1.check(...)`, `lesson.scratch / "linear"`.

    name : "01_basic_export"
    scratch : Path, a new folder of this run for what the notebook exports. Earlier runs' folders
        stay, so nothing is overwritten or deleted, and two kernels never share one.
    """

    def __init__(self, name):
        self.name = name
        if name not in lesson_names():
            raise ValueError(f"no lesson {name!r}: there are {', '.join(lesson_names())}")
        module = importlib.import_module(f"helpers.exercises.lesson_{name[:2]}.exercises")
        self.exercises = {
            value.key: value for value in vars(module).values() if isinstance(value, Exercise)
        }
        for key, value in self.exercises.items():
            value.lesson = self
            setattr(self, key, value)
        self.scratch = scratch.new_folder(name)
        _quieten()

    def passed(self, key):
        """Keep a pass. Progress is a convenience: a full disk must not spoil a right answer."""
        try:
            progress.add(self.name, key)
        except OSError as error:
            print(f"(your progress could not be saved: {type(error).__name__})")

    def __repr__(self):
        return "\n".join([self.name, *(f"  {e!r}" for e in self.exercises.values())])


def _quieten():
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
