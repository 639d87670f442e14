"""Calls of the learner's code: a time limit for it, and a short text for its errors."""

import inspect
import linecache
import os
import sysconfig
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from helpers.errors.cure import cure
from helpers.errors.messages import describe
from helpers.exercises.outcomes import NotAttempted, NotYet, Raised
from helpers.exercises.side_effects import unchanged
from helpers.exercises.time_limit import TimeOver, time_limit
from helpers.paths import ROOT
from helpers.text import safe_repr

SECONDS = 10  # of CPU time, for one call of a learner's function
# Folders of code that the learner did not write: Python, installed packages, and the course.
NOT_THEIRS = (
    *(sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(ROOT / "helpers"),
)
CELL = "<module>"  # how Python names the code of a cell


def call(
    function: Callable[..., Any],
    *arguments: Any,
    seconds: float | None = None,
    progress: str = "",
    may_change: Iterable[int] = (),
) -> Any:
    """Call the learner's function, stop it when its time is over, and compare what it changed.

    Parameters
    ----------
    function : callable
        The learner's answer.
    *arguments
        What the function gets.
    seconds : float, optional
        CPU time after which the function is stopped. SECONDS by default. See `time_limit`.
    progress : str
        How far the check has come, for the message: "It has answered 3 of 17 pairs."
    may_change : iterable of int
        Positions of the arguments that the function may change, from 0.

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    NotAttempted
        If the function, or what it returned, is `...`.
    NotYet
        If the answer is not a function, if it was stopped, or if it changed an argument, the
        working directory or an environment variable.
    Raised
        If the function raised an exception. SystemExit counts as one.
    """
    if function is ...:
        raise NotAttempted
    if not callable(function):
        raise NotYet(f"the answer should be a function, but is {safe_repr(function)}.")
    named = enumerate(_named(function, arguments).items())
    things = dict(item for position, item in named if position not in may_change)
    with unchanged("your function", things):
        value = _limited(function, arguments, SECONDS if seconds is None else seconds, progress)
    if value is ...:
        raise NotAttempted
    return value


def _limited(function, arguments, seconds, progress):
    try:
        with time_limit(seconds) as limit:
            return function(*arguments)
    except TimeOver as over:
        if over.limit is not limit:
            raise
        raise NotYet(
            f"your function should return within {seconds:g} seconds, but did not: it {over}, so "
            f"it was stopped. {progress} Does it contain a loop that never ends?".replace("  ", " ")
        ) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit must not end the kernel
        raise Raised(error) from None


def _named(function, arguments):
    """Return {name: argument} by the function's own names of its parameters."""
    try:
        bound = inspect.signature(function).bind(*arguments).arguments
    except (TypeError, ValueError):
        return {f"argument {number}": value for number, value in enumerate(arguments, 1)}
    return dict(bound)


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Return whether a file is in one of some folders.

    A notebook imports the helpers from "..", and .venv can be a symbolic link. So the same file has
    several names.

    Parameters
    ----------
    path : str
        The file.
    folders : iterable of str

    Returns
    -------
    bool
    """
    parents = tuple(
        name + os.sep for folder in folders for name in (folder, os.path.realpath(folder))
    )
    return any(name.startswith(parents) for name in (path, os.path.realpath(path)))


def own_words(error: BaseException) -> str:
    """Describe an exception of the learner's code in two lines, and name its usual cause.

    Parameters
    ----------
    error : BaseException
        The exception, with its traceback.

    Returns
    -------
    str
        The message, the learner's last line in the traceback, and the cause, one line each.
    """
    text = describe(error)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen ")
        and not is_below(frame.filename, NOT_THEIRS)
        and "__autograph_generated_file" not in frame.filename  # not written by the learner
    ]
    lines = [text]
    if frames:
        last = frames[-1]
        code = linecache.getline(last.filename, last.lineno or 0).strip() or last.line or ""
        name = "cell" if last.name == CELL else last.name
        lines.append(f"in line {last.lineno} of your {name}: {code}".rstrip(": "))
    usually = cure(text, traceback="".join(traceback.format_tb(error.__traceback__)))
    if usually:
        lines.append(f"Usually: {usually}")
    return "\n".join(lines)
