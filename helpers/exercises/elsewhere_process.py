"""The process of `helpers.exercises.elsewhere`: run a cell and call a function of it, later."""

import datetime
import pickle
import sys
import time
import traceback
from pathlib import Path

LATER = datetime.timedelta(days=100, hours=7, minutes=13, seconds=17)
TIME, LOCAL, GMT, FORMAT = time.time, time.localtime, time.gmtime, time.strftime


def later_time() -> float:
    """Return `time.time()` of a later day, in seconds."""
    return TIME() + LATER.total_seconds()


class LaterDatetime(datetime.datetime):
    """A datetime whose present is a later day."""

    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + LATER

    @classmethod
    def today(cls):
        return super().today() + LATER


class LaterDate(datetime.date):
    """A date whose present is a later day."""

    @classmethod
    def today(cls):
        return super().today() + LATER


def turn_the_clock() -> None:
    """Make every clock of this process that tells the date tell a later one."""
    time.time = later_time
    time.time_ns = lambda: int(later_time() * 1e9)
    time.localtime = lambda moment=None: LOCAL(later_time() if moment is None else moment)
    time.gmtime = lambda moment=None: GMT(later_time() if moment is None else moment)
    time.strftime = lambda form, moment=None: FORMAT(form, moment or LOCAL(later_time()))
    datetime.datetime, datetime.date = LaterDatetime, LaterDate


def main(order: str, answer: str, course: str, *changes: str) -> None:
    """Read (code, name, calls) from the file `order`; write (error, results).

    Parameters
    ----------
    order, answer : str
        Paths of two files with pickles. The error is a text, or "" if there is none.
    course : str
        The folder of the course, from which the cell may import.
    *changes : str
        "clock": the clock tells a later day.
    """
    code, name, calls = pickle.loads(Path(order).read_bytes())
    sys.path.append(course)
    if "clock" in changes:
        turn_the_clock()
    try:
        names: dict = {"__name__": "__main__"}
        exec(compile(code, "the cell", "exec"), names)
        content = pickle.dumps(("", [names[name](*arguments) for arguments in calls]))
    except BaseException as error:
        line = traceback.extract_tb(error.__traceback__)[-1].line or ""
        content = pickle.dumps((f"{type(error).__name__}: {error} {line}".strip(), []))
    Path(answer).write_bytes(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
