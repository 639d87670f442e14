"""Count the requests, errors and latencies of each version, and show them as a table."""

import html
import math
import threading
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from helpers.display.html_table import table

KEPT = 10_000  # latencies of each version; they limit the memory and suffice for a 99th percentile


class Count(NamedTuple):
    """The number of requests of one version, and the number of errors."""

    requests: int
    errors: int


@dataclass(frozen=True)
class Statistics:
    """The statistics of one version or label.

    Attributes
    ----------
    name : str
        "version 2" or "label canary"
    role : str
        "stable", "canary", or "" when no user gets it any more
    share : float
        percentage of users
    requests, errors : int
    error_rate : float
        0 to 1; nan before the first request
    median_ms, p99_ms : float
        milliseconds: median and 99th percentile of the last 10,000 requests without an error; nan
        before the first
    last_error : str
        one line; "" when there is none
    """

    name: str
    role: str
    share: float
    requests: int
    errors: int
    error_rate: float
    median_ms: float
    p99_ms: float
    last_error: str


class _Entry:
    def __init__(self):
        self.requests, self.errors, self.last_error = 0, 0, ""
        self.seconds = deque(maxlen=KEPT)


class Traffic:
    """The counts and latencies of all versions. Threads may share the object."""

    def __init__(self) -> None:
        self._entries, self._lock = {}, threading.Lock()

    def add(self, name: str, seconds: float, error: str = "") -> None:
        """Count a request; store its time if there is no error."""
        with self._lock:
            entry = self._entries.setdefault(name, _Entry())
            entry.requests += 1
            if error:
                entry.errors += 1
                entry.last_error = error
            else:
                entry.seconds.append(seconds)

    def counts(self) -> dict[str, Count]:
        """Return the counts of each version or label by name."""
        with self._lock:
            return {
                name: Count(entry.requests, entry.errors)
                for name, entry in sorted(self._entries.items())
            }

    def statistics(self, now: dict[str, tuple[str, float]]) -> list[Statistics]:
        """Return the statistics of each version or label.

        Parameters
        ----------
        now : dict of str to (str, float)
            role and percentage of users of the present versions or labels by name

        Returns
        -------
        list of Statistics
            those in `now` come first
        """
        with self._lock:
            others = sorted(set(self._entries) - set(now))
            return [
                _statistics(name, *now.get(name, ("", 0)), self._entries.get(name) or _Entry())
                for name in [*now, *others]
            ]


def _statistics(name, role, share, entry):
    rate = entry.errors / entry.requests if entry.requests else float("nan")
    median, high = float("nan"), float("nan")
    if entry.seconds:
        ordered = sorted(entry.seconds)
        median, high = (1000 * _percentile(ordered, percent) for percent in (50, 99))
    return Statistics(
        name,
        role,
        share,
        entry.requests,
        entry.errors,
        rate,
        median,
        high,
        entry.last_error,
    )


def _percentile(ordered, percent):
    """Return a percentile as np.percentile does; the router runs where NumPy is not installed."""
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = math.ceil(place)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True)
class Report:
    """A table of statistics with the last errors and the last change, as text and as HTML.

    Attributes
    ----------
    statistics : list of Statistics
    last_change : str
        one line
    latency : bool
        whether the table contains times
    """

    statistics: list[Statistics]
    last_change: str
    latency: bool = True

    def _rows(self):
        head = ["", "role", "users", "requests", "errors", "error rate"]
        head += ["median", "p99"] if self.latency else []
        rows = []
        for one in self.statistics:
            row = [one.name, one.role or "-", f"{one.share:g} %", f"{one.requests:,}"]
            row += [f"{one.errors:,}", _or_dash(one.error_rate, "{:.1%}")]
            if self.latency:
                row += [_or_dash(one.median_ms, "{:.1f} ms"), _or_dash(one.p99_ms, "{:.1f} ms")]
            rows.append(row)
        return head, rows

    def _notes(self):
        errors = [f"{one.name}: {one.last_error}" for one in self.statistics if one.last_error]
        return [*errors, self.last_change]

    def __str__(self) -> str:
        head, rows = self._rows()
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [head, *rows]
        ]
        return "\n".join([*lines, *self._notes()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, rows = self._rows()
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        return table(head, rows) + notes


def _or_dash(number, form):
    return "-" if math.isnan(number) else form.format(number)
