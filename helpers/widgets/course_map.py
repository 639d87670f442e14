"""A widget that lists the lessons with the exercises that the learner has passed."""

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets

from helpers.display.html_table import Link, linked, table
from helpers.exercises import progress
from helpers.exercises.exercise import Exercise
from helpers.notebooks import lesson_names, opening_of
from helpers.widgets.view import View, one_at_a_time

HEAD = ("lesson", "time", "exercises (● passed)")
ALL_PASSED = "You have passed every exercise of the course."


@dataclass(frozen=True)
class Entry:
    """One lesson of the map.

    Parameters
    ----------
    name : str
        Such as "03_many_signatures".
    title : str
    minutes : int
        How long the lesson takes.
    passed : dict of str to bool
        For each exercise, whether the learner has passed it.
    """

    name: str
    title: str
    minutes: int
    passed: dict[str, bool]

    @property
    def label(self) -> str:
        """The number and the title: "03 Many signatures"."""
        return f"{self.name[:2]} {self.title}"

    @property
    def link(self) -> Link:
        """The label as a link to the notebook, which is beside the notebook of the map."""
        return Link(self.label, f"{self.name}.ipynb")

    @property
    def marks(self) -> str:
        """A filled circle for each passed exercise, an empty one for each other."""
        return "".join("●" if done else "○" for done in self.passed.values())

    @property
    def done(self) -> int:
        """The number of passed exercises."""
        return sum(self.passed.values())

    @property
    def exercises(self) -> str:
        """How many exercises are passed, and a circle for each: "1 of 4 ●○○○"."""
        return f"{self.done} of {len(self.passed)} {self.marks}"

    def __str__(self) -> str:
        return f"{self.label:<38} {self.minutes:>3} min  {self.exercises}"


def course() -> list[Entry]:
    """List the lessons of the course in order."""
    passed = progress.read()
    return [_entry(name, passed.get(name, set())) for name in lesson_names()]


def _entry(name, passed):
    opening = opening_of(name)
    title = re.search(r"^# (.+)$", opening, re.M)[1].split(":")[0]
    minutes = int(re.search(r"\*\*(\d+) minutes", opening)[1])
    module = importlib.import_module(f"helpers.exercises.lesson_{name[:2]}.exercises")
    keys = [value.key for value in vars(module).values() if isinstance(value, Exercise)]
    return Entry(name, title, minutes, {key: key in passed for key in keys})


def next_lesson(entries: Sequence[Entry]) -> Entry | None:
    """Return the first lesson with an exercise that is not passed, or None if all are passed."""
    return next((entry for entry in entries if entry.done < len(entry.passed)), None)


def as_text() -> str:
    """Write the map as lines of text."""
    entries = course()
    following = next_lesson(entries)
    last = f"Next: {following.label}" if following else ALL_PASSED
    head = f"{HEAD[0]:<38} {HEAD[1]:>7}  {HEAD[2]}"
    return "\n".join([head, *map(str, entries), last])


def as_html() -> str:
    """Write the map as an HTML table, with a link to each lesson and to the next one."""
    entries = course()
    following = next_lesson(entries)
    shown = table(HEAD, [(e.link, f"{e.minutes} min", e.exercises) for e in entries])
    last = f"Next: {linked(following.link)}" if following else ALL_PASSED
    return f"{shown}<p>{last}</p>"


class MapView(View):
    """The map as a table, which is also stored for pages without a kernel, and a button."""

    def __init__(self) -> None:
        # Unlike HTML, Output follows a link from the folder of the notebook, and JupyterLab opens
        # the other notebook in a tab of its own.
        self.shown = ipywidgets.Output()
        button = ipywidgets.Button(description="Refresh", tooltip="Read my progress again")
        super().__init__([self.shown, button], as_text())
        guarded = one_at_a_time()
        self.refresh()
        button.on_click(guarded(lambda _: self.refresh()))

    def refresh(self) -> None:
        """Read the progress, and show it."""
        output = {"output_type": "display_data", "data": _forms(), "metadata": {}}
        self.shown.outputs = (output,)

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, **_forms()}, metadata


def _forms():
    return {"text/html": as_html(), "text/plain": as_text()}


def course_map() -> View:
    """Make the widget: the table, and a button that reads the progress again."""
    return MapView()
