"""Split users between two versions of a model, count requests and errors, promote, roll back.

TensorFlow Serving does not split traffic, so a client or a proxy must do it. This router is a
client. A hash assigns each user to one of 10,000 buckets, and the canary gets the lowest buckets. A
larger percentage adds buckets, so all users of the canary keep it.
"""

import math
import threading
import time
from collections import deque
from numbers import Integral

from helpers.serving.rollout.buckets import BUCKETS, bucket
from helpers.serving.rollout.failover import Addresses
from helpers.serving.rollout.routes import (
    Reply,
    Route,
    checked_percent,
    checked_target,
    is_within,
    request_path,
    target_name,
)
from helpers.serving.rollout.traffic import Count, Report, Statistics, Traffic
from helpers.text import safe_repr


class Router:
    """A client that sends each user's requests to one of two versions of a model.

    When a server does not answer, or answers 404, 429, 502 or 503, the router asks the next server
    for the same version, each server once. The router never asks for the other version, because
    that would falsify the counts. Every status but 200 counts as an error. This includes 400, which
    a canary with different inputs returns. Threads may share a router.

    Parameters
    ----------
    addresses : str or list of str
        REST addresses of servers that all have the model, like "http://127.0.0.1:8501"
    model : str
        the name of the model
    stable : int or str
        a version (int) or a label (str)
    canary : int or str, optional
        a version or a label; `start_canary` starts one later
    percent : float
        percentage of users that get the canary, 0 to 100, a multiple of 0.01
    salt : str
        see `bucket`
    timeout : float
        seconds to wait for a server
    max_error_rate : float, optional
        automatic rollback: the canary ends as soon as more than `max_error_rate * window` of its
        last `window` requests have failed; with 0.05 and 100 this is the sixth error
    window : int
        number of requests

    Raises
    ------
    TypeError, ValueError
        an argument has the wrong type or value
    """

    def __init__(
        self,
        addresses: str | list[str],
        model: str,
        *,
        stable: int | str,
        canary: int | str | None = None,
        percent: float = 0,
        salt: str = "",
        timeout: float = 10,
        max_error_rate: float | None = None,
        window: int = 100,
    ) -> None:
        if not isinstance(model, str) or not model:
            raise ValueError(f"model must be the name of a model, not {safe_repr(model)}")
        bucket("any user", salt)  # raises if the salt is not valid
        if max_error_rate is not None and not is_within(max_error_rate, 0, 1):
            raise ValueError(f"max_error_rate must be from 0 to 1, not {safe_repr(max_error_rate)}")
        if not isinstance(window, Integral) or window < 1:
            raise ValueError(f"window must be at least 1 request, not {safe_repr(window)}")
        if not is_within(timeout, 1e-3, 1e6):
            raise ValueError(f"timeout must be a number of seconds, not {safe_repr(timeout)}")
        self._addresses, self._model, self._salt = Addresses(addresses, timeout), model, salt
        self._limit = None  # number of recent requests that may fail
        if max_error_rate is not None:
            self._limit = math.floor(max_error_rate * window + 1e-9)
        self._recent = deque(
            maxlen=int(window)
        )  # whether each of the canary's last requests failed
        self._lock = threading.RLock()
        self._traffic = Traffic()
        self._stable = checked_target(stable)
        self._canary: int | str | None = None
        self._percent = 0.0
        self._before: list[int | str] = []
        self._history = [f"stable is {target_name(stable)}"]
        if canary is not None:
            self.start_canary(canary, percent)
        elif percent:
            raise ValueError("percent needs a canary: Router(..., canary=2, percent=10)")

    # -- the split ---------------------------------------------------------------------------------

    @property
    def stable(self) -> int | str:
        """The version or label for the users that do not get the canary."""
        return self._stable

    @property
    def canary(self) -> int | str | None:
        """The version or label on trial, or None."""
        return self._canary

    @property
    def percent(self) -> float:
        """The percentage of users that get the canary; you can set it while a canary runs."""
        return self._percent

    @percent.setter
    def percent(self, percent: float) -> None:
        percent = checked_percent(percent)
        with self._lock:
            if self._canary is None:
                raise ValueError(
                    "no canary is running: start one with start_canary(version, percent)"
                )
            self._percent = percent
            self._history.append(f"{target_name(self._canary)} gets {percent:g} %")

    @property
    def history(self) -> list[str]:
        """All changes so far, one line for each."""
        with self._lock:
            return list(self._history)

    def start_canary(self, target: int | str, percent: float) -> None:
        """Send some of the users to another version or label.

        Parameters
        ----------
        target : int or str
            a version or a label
        percent : float
            percentage of users, 0 to 100, a multiple of 0.01

        Raises
        ------
        ValueError
            a canary is running already, or an argument has the wrong value
        """
        target, percent = checked_target(target), checked_percent(percent)
        with self._lock:
            if self._canary is not None:
                raise ValueError(
                    f"{target_name(self._canary)} is still the canary: call promote() or "
                    "rollback() first"
                )
            if target == self._stable:
                raise ValueError(f"{target_name(target)} is already the stable version")
            self._canary = target
            self._recent.clear()
            self.percent = percent

    def promote(self) -> None:
        """Make the canary's version the stable version for all users.

        Raises
        ------
        ValueError
            no canary is running, or one of the two targets is a label
        """
        with self._lock:
            if self._canary is None:
                raise ValueError("no canary is running, so there is nothing to promote")
            if isinstance(self._canary, str) or isinstance(self._stable, str):
                raise ValueError(
                    "a router cannot promote a label: move the stable label to the canary's "
                    "version on the server, then end the canary here with rollback()"
                )
            self._before.append(self._stable)
            self._stable, self._canary, self._percent = self._canary, None, 0
            self._history.append(f"promoted {target_name(self._stable)}")

    def rollback(self) -> None:
        """End the canary; without a canary, return to the stable version before the last promotion.

        Raises
        ------
        ValueError
            there is neither a canary nor a promotion
        """
        self._roll_back("rolled back")

    def _roll_back(self, reason):
        with self._lock:
            if self._canary is not None:
                self._canary, self._percent = None, 0
            elif self._before:
                self._stable = self._before.pop()
            else:
                raise ValueError(
                    "nothing to roll back: no canary is running, and no version was promoted"
                )
            self._history.append(f"{reason}: everyone gets {target_name(self._stable)}")

    def route(self, user: str | int) -> Route:
        """Return the destination of a user's next request; the servers take turns.

        Parameters
        ----------
        user : str or int

        Returns
        -------
        Route

        Raises
        ------
        TypeError, ValueError
            see `bucket`
        """
        number = bucket(user, self._salt)
        with self._lock:
            role, target = "stable", self._stable
            if self._canary is not None and number < round(self._percent * BUCKETS / 100):
                role, target = "canary", self._canary
        address = self._addresses.next()
        return Route(role, target, address, address + request_path(self._model, target, "predict"))

    # -- requests ----------------------------------------------------------------------------------

    def predict(self, user: str | int, body: dict, verb: str = "predict") -> Reply:
        """Send a request of a user to the user's version, and count it.

        Parameters
        ----------
        user : str or int
        body : dict
            a request of TensorFlow Serving's REST API
        verb : str
            "predict", "classify" or "regress"

        Returns
        -------
        Reply
            errors of the servers and of the network are in the reply, not raised

        Raises
        ------
        TypeError, ValueError
            an argument has the wrong type or value, so the router cannot send the request
        """
        if verb not in ("predict", "classify", "regress"):
            raise ValueError(f"verb must be predict, classify or regress, not {safe_repr(verb)}")
        if not isinstance(body, dict):
            raise TypeError(
                f'body must be a dict like {{"instances": [[1.0]]}}, not {safe_repr(body)}'
            )
        route = self.route(user)
        start = time.perf_counter()
        answer = self._addresses.post(
            route.address, request_path(self._model, route.target, verb), body
        )
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

    def record(self, route: Route, seconds: float, error: str = "") -> None:
        """Count a request that you have sent in another way, for example over gRPC.

        Parameters
        ----------
        route : Route
            the result of `router.route(user)`
        seconds : float
            time from the request to the response
        error : str
            "" when the request succeeded

        Raises
        ------
        TypeError
            `route` is not a Route
        """
        if not isinstance(route, Route):
            raise TypeError(
                f"route must be the result of router.route(user), not {safe_repr(route)}"
            )
        self._traffic.add(target_name(route.target), seconds, str(error))
        with self._lock:
            # Ignore the stable version, and a late response of a canary that has ended.
            if self._limit is None or route.target != self._canary:
                return
            self._recent.append(bool(error))
            failed = sum(self._recent)
            if failed > self._limit:
                last = len(self._recent)
                self._roll_back(f"rolled back automatically, {failed} of the last {last} failed")

    # -- the counts --------------------------------------------------------------------------------

    def counts(self) -> dict[str, Count]:
        """Return the numbers of requests and errors of each version or label.

        Returns
        -------
        dict of str to Count
            like {"version 1": Count(requests=9, errors=0)}
        """
        return self._traffic.counts()

    def clear(self) -> None:
        """Reset all counts to zero, for example after a label has moved to another version."""
        with self._lock:
            self._traffic = Traffic()
            self._recent.clear()

    def statistics(self) -> list[Statistics]:
        """Return the statistics of each version or label; stable and canary come first."""
        with self._lock:
            now: dict[str, tuple[str, float]] = {
                target_name(self._stable): ("stable", 100 - self._percent)
            }
            if self._canary is not None:
                now[target_name(self._canary)] = ("canary", self._percent)
            return self._traffic.statistics(now)

    def report(self, latency: bool = True) -> Report:
        """Return the table of statistics.

        Parameters
        ----------
        latency : bool
            whether the table contains times, which differ between machines

        Returns
        -------
        Report
        """
        return Report(self.statistics(), self.history[-1], latency)

    def __repr__(self) -> str:
        return str(self.report())

    def _repr_html_(self) -> str:
        return self.report()._repr_html_()
