"""A widget that lists the lessons with the exercises that the learner has passed."""

import importlib
import re
from dataclasses import dataclass

import ipywidgets

from helpers.display.html_table import table
from helpers.exercises import progress
from helpers.exercises.exercise import Exercise
from helpers.notebooks import lesson_names
from helpers.paths import SOLUTIONS
from helpers.widgets.view import View, one_at_a_time


@dataclass(frozen=True)
class Entry:
    """One lesson of the map.

    Parameters
    ----------
    number : str
        Two digits, such as "03".
    title : str
    minutes : int
        How long the lesson takes.
    passed : dict of str to bool
        For each exercise, whether the learner has passed it.
    """

    number: str
    title: str
    minutes: int
    passed: dict[str, bool]

    @property
    def marks(self) -> str:
        """A filled circle for each passed exercise, an empty one for each other."""
        return "".join("●" if done else "○" for done in self.passed.values())

    @property
    def done(self) -> int:
        """The number of passed exercises."""
        return sum(self.passed.values())

    def __str__(self) -> str:
        done = f"{self.done} of {len(self.passed)}"
        return f"{self.number}  {self.title:<38} {self.minutes:>3} min  {self.marks:<5} {done}"


def course() -> list[Entry]:
    """List the lessons of the course in order."""
    passed = progress.read()
    return [_entry(name, passed.get(name, set())) for name in lesson_names()]


def _entry(name, passed):
    source = (SOLUTIONS / f"{name}.py").read_text(encoding="utf-8")
    title = re.search(r"^# # (.+)$", source, re.M)[1].split(":")[0]
    minutes = int(re.search(r"\*\*(\d+) minutes", source)[1])
    module = importlib.import_module(f"helpers.exercises.lesson_{name[:2]}.exercises")
    keys = [value.key for value in vars(module).values() if isinstance(value, Exercise)]
    return Entry(name[:2], title, minutes, {key: key in passed for key in keys})


def as_text() -> str:
    """Write the map as lines of text."""
    return "\n".join(map(str, course()))


def as_html() -> str:
    """Write the map as an HTML table."""
    rows = [
        (e.number, e.title, f"{e.minutes} min", e.marks, f"{e.done} of {len(e.passed)} passed")
        for e in course()
    ]
    return table(("", "lesson", "", "", "exercises"), rows)


def course_map() -> View:
    """Make the widget: the table, and a button that reads the progress again."""
    table = ipywidgets.HTML(as_html())
    button = ipywidgets.Button(description="Refresh", tooltip="Read my progress again")

    guarded = one_at_a_time()

    @guarded
    def refresh(_):
        table.value = as_html()

    button.on_click(refresh)
    return View([table, button], as_text())
