"""Which user gets which version: stable buckets, a canary, promotion and rollback, and counts.

TensorFlow Serving does not split traffic, so its clients do; this is such a client. A user falls
into one of 10,000 buckets by a hash, and the canary takes the lowest ones: more percent means more
buckets, so that whoever was in the canary stays there.
"""

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral, Real
from urllib.parse import quote

from helpers.serving.rollout.buckets import BUCKETS, bucket
from helpers.serving.rollout.failover import Addresses
from helpers.serving.rollout.traffic import Report, Traffic
from helpers.text import safe_repr


@dataclass(frozen=True)
class Route:
    """Where a request of one user goes.

    role : "stable" or "canary"
    target : int or str, a version or a label
    address : str, the server that is asked first
    url : str, what to POST a predict request to
    """

    role: str
    target: int | str
    address: str
    url: str


@dataclass(frozen=True)
class Reply:
    """What came of a request.

    role, target, address : as in Route; the address is the one that was asked last
    status : int or None, the HTTP status; None when nobody answered
    answer : dict or None, the body
    error : str, one line; empty when all went well
    seconds : float, as the caller saw it, with every address that was tried
    attempts : tuple of (address, what it came to), in the order they were asked
    """

    role: str
    target: int | str
    address: str
    status: int | None
    answer: dict | None
    error: str
    seconds: float
    attempts: tuple

    @property
    def ok(self):
        return self.status == 200 and not self.error


class Router:
    """Sends each user to one of two versions of a model, and counts how it went.

    Parameters
    ----------
    addresses : str or list of str
        REST addresses of servers that all have the model, like "http://127.0.0.1:8501"
    model : str
        its name
    stable, canary : int or str
        a version (int) or a label (str); the canary may come later
    percent : number
        part of the users that get the canary, 0 to 100 in steps of 0.01
    salt : str
        see `bucket`
    timeout : float
        seconds that a server may be silent
    max_error_rate : float, optional
        automatic rollback: the canary ends as soon as more than this part of its last `window`
        requests must have failed (0.05 and 100: at the sixth error)
    window : int
        see `max_error_rate`

    When a server does not answer, or answers 404, 429, 502 or 503, the next one is asked for the
    same version: each server once. Never for the other version, or the counts would be wrong. Any
    other answer stands. Every answer but 200 counts as an error, also 400: a canary that wants
    other inputs gives it. Safe to use from several threads.
    """

    def __init__(
        self,
        addresses,
        model,
        *,
        stable,
        canary=None,
        percent=0,
        salt="",
        timeout=10,
        max_error_rate=None,
        window=100,
    ):
        if not isinstance(model, str) or not model:
            raise ValueError(f"a model's name is wanted, not {safe_repr(model)}")
        bucket("anyone", salt)
        if max_error_rate is not None and not _within(max_error_rate, 0, 1):
            raise ValueError(f"max_error_rate is from 0 to 1, not {safe_repr(max_error_rate)}")
        if not isinstance(window, Integral) or window < 1:
            raise ValueError(f"window is at least 1 request, not {safe_repr(window)}")
        if not _within(timeout, 1e-3, 1e6):
            raise ValueError(f"timeout is a number of seconds, not {safe_repr(timeout)}")
        self._addresses, self._model, self._salt = Addresses(addresses, timeout), model, salt
        self._limit = None  # how many of the recent requests may fail
        if max_error_rate is not None:
            self._limit = math.floor(max_error_rate * window + 1e-9)
        self._recent = deque(maxlen=int(window))  # of the canary: whether each request failed
        self._lock = threading.RLock()
        self._traffic = Traffic()
        self._stable, self._canary, self._percent, self._before = _target(stable), None, 0, []
        self._history = [f"stable is {_name(stable)}"]
        if canary is not None:
            self.start_canary(canary, percent)
        elif percent:
            raise ValueError("percent needs a canary: Router(..., canary=2, percent=10)")

    # -- who gets what -----------------------------------------------------------------------------

    @property
    def stable(self):
        """The version or label for everyone else."""
        return self._stable

    @property
    def canary(self):
        """The version or label on trial, or None."""
        return self._canary

    @property
    def percent(self):
        """Part of the users that get the canary; can be set."""
        return self._percent

    @percent.setter
    def percent(self, percent):
        percent = _percent(percent)
        with self._lock:
            if self._canary is None:
                raise ValueError("no canary is running: start_canary(version, percent)")
            self._percent = percent
            self._history.append(f"{_name(self._canary)} gets {percent:g} %")

    @property
    def history(self):
        """What was changed so far, a line each."""
        with self._lock:
            return list(self._history)

    def start_canary(self, target, percent):
        """Let a part of the users have another version or label."""
        target, percent = _target(target), _percent(percent)
        with self._lock:
            if self._canary is not None:
                raise ValueError(
                    f"{_name(self._canary)} is still the canary: promote() or rollback() first"
                )
            if target == self._stable:
                raise ValueError(f"{_name(target)} is what everyone gets already")
            self._canary = target
            self._recent.clear()
            self.percent = percent

    def promote(self):
        """Everyone gets the canary's version from now on."""
        with self._lock:
            if self._canary is None:
                raise ValueError("no canary is running that could be promoted")
            if isinstance(self._canary, str) or isinstance(self._stable, str):
                raise ValueError(
                    "labels are moved on the server: give the stable label the canary's version "
                    "there, and then end the canary here with rollback()"
                )
            self._before.append(self._stable)
            self._stable, self._canary, self._percent = self._canary, None, 0
            self._history.append(f"promoted {_name(self._stable)}")

    def rollback(self):
        """End the canary; without one, go back to what was stable before the last promotion."""
        self._roll_back("rolled back")

    def _roll_back(self, why):
        with self._lock:
            if self._canary is not None:
                self._canary, self._percent = None, 0
            elif self._before:
                self._stable = self._before.pop()
            else:
                raise ValueError("nothing to roll back: no canary, and nothing was promoted")
            self._history.append(f"{why}: everyone gets {_name(self._stable)}")

    def route(self, user):
        """The `Route` of a user's next request; several addresses take turns."""
        place = bucket(user, self._salt)
        with self._lock:
            if place < round(self._percent * BUCKETS / 100):
                role, target = "canary", self._canary
            else:
                role, target = "stable", self._stable
        address = self._addresses.next()
        return Route(role, target, address, address + _path(self._model, target, "predict"))

    # -- requests ----------------------------------------------------------------------------------

    def predict(self, user, body, verb="predict"):
        """Send one request of a user where it belongs, and count it.

        Parameters
        ----------
        user : str or int
        body : dict
            the request as TensorFlow Serving's REST API wants it
        verb : "predict", "classify" or "regress"

        Returns
        -------
        Reply
            whatever the servers do; only a user or a body that cannot be sent raises
        """
        if verb not in ("predict", "classify", "regress"):
            raise ValueError(f"a verb is predict, classify or regress, not {safe_repr(verb)}")
        if not isinstance(body, dict):
            raise TypeError(
                f'a body is a dict like {{"instances": [[1.0]]}}, not {safe_repr(body)}'
            )
        route = self.route(user)
        start = time.perf_counter()
        answer = self._addresses.post(route.address, _path(self._model, route.target, verb), body)
        seconds = time.perf_counter() - start
        self.record(route, seconds, answer.error)
        return Reply(
            route.role,
            route.target,
            answer.address,
            answer.status,
            answer.body,
            answer.error,
            seconds,
            answer.attempts,
        )

    def record(self, route, seconds, error=""):
        """Count a request that was sent along a `Route` in another way, by gRPC for example.

        seconds : float, how long it took
        error : str, empty when all went well
        """
        if not isinstance(route, Route):
            raise TypeError(f"a Route is wanted, router.route(user), not {safe_repr(route)}")
        self._traffic.add(_name(route.target), seconds, str(error))
        with self._lock:
            # Not the stable version's, nor one that came after the canary had ended.
            if self._limit is None or route.target != self._canary:
                return
            self._recent.append(bool(error))
            failed = sum(self._recent)
            if failed > self._limit:
                last = len(self._recent)
                self._roll_back(f"rolled back by itself, {failed} of the last {last} failed")

    # -- what happened -----------------------------------------------------------------------------

    def counts(self):
        """{"version 1": Count(requests, errors), ...} of what was asked, by version or label."""
        return self._traffic.counts()

    def clear(self):
        """Count from zero, for example when a label has moved to another version."""
        with self._lock:
            self._traffic = Traffic()
            self._recent.clear()

    def statistics(self):
        """A list of `Statistics`, one for each version or label, today's two first."""
        with self._lock:
            now = {_name(self._stable): ("stable", 100 - self._percent)}
            if self._canary is not None:
                now[_name(self._canary)] = ("canary", self._percent)
            return self._traffic.statistics(now)

    def report(self, latency=True):
        """The table that a router prints; without latencies it is the same on every machine."""
        return Report(self.statistics(), self.history[-1], latency)

    def __repr__(self):
        return str(self.report())

    def _repr_html_(self):
        return self.report()._repr_html_()


@lru_cache(maxsize=1000)
def _path(model, target, verb):
    kind = "labels" if isinstance(target, str) else "versions"
    return f"/v1/models/{quote(model, '')}/{kind}/{quote(str(target), '')}:{verb}"


def _name(target):
    return f"label {target}" if isinstance(target, str) else f"version {target}"


def _within(number, low, high):
    return isinstance(number, Real) and not isinstance(number, bool) and low <= number <= high


def _percent(percent):
    if not _within(percent, 0, 100):
        raise ValueError(f"percent is from 0 to 100, not {safe_repr(percent)}")
    steps = percent * 100
    if not math.isclose(steps, round(steps), abs_tol=1e-6):
        raise ValueError(f"percent goes in steps of 0.01, not {safe_repr(percent)}")
    return round(steps) / 100


def _target(target):
    whole = isinstance(target, Integral) and not isinstance(target, bool) and 0 <= target < 2**63
    if whole or (isinstance(target, str) and target):
        return target if isinstance(target, str) else int(target)
    raise ValueError(
        f"a target is a version like 2 or a label like 'canary', not {safe_repr(target)}"
    )
