"""The state of each version of each model, as the status requests of the protocol report it."""

import threading
from collections.abc import Callable

from helpers.serving.protocol.errors import NOT_FOUND, UNKNOWN, ServingError
from helpers.serving.server.version_policy import Version

START, LOADING, AVAILABLE, UNLOADING, END = 10, 20, 30, 40, 50  # the numbers of the protocol


class VersionStates:
    """The states of all versions, also of those that have been unloaded.

    Parameters
    ----------
    changed : threading.Condition
        protects the states; each change of a state notifies it
    """

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._states = {}  # {model name: {version number: (state, error)}}

    def publish(self, version: Version, state: int, error: ServingError | None = None) -> None:
        """Store the new state of a version, and the error if the version has failed."""
        with self._changed:
            states = self._states.setdefault(version.model.name, {})
            states[version.number] = (state, error)
            self._changed.notify_all()

    def forget(self, name: str) -> None:
        """Delete the states of a model."""
        with self._changed:
            self._states.pop(name, None)

    def is_available(self, name: str, number: int) -> bool:
        """Return whether a version can answer requests."""
        with self._changed:
            state, _ = self._states.get(name, {}).get(number, (None, None))
        return state == AVAILABLE

    def of_model(
        self, name: str, number: int | None = None
    ) -> list[tuple[int, int, ServingError | None]]:
        """Return the states of a model's versions.

        Parameters
        ----------
        name : str
            the model
        number : int or None
            a version; None returns all versions

        Returns
        -------
        list of (int, int, ServingError or None)
            version number, state and error; the highest version comes first

        Raises
        ------
        ServingError
            NOT_FOUND; there is no such model or version
        """
        with self._changed:
            states = dict(self._states.get(name, {}))
        if number is not None:
            if number not in states:
                raise ServingError(NOT_FOUND, f"Could not find version {number} of model {name}")
            states = {number: states[number]}
        if not states:
            raise ServingError(NOT_FOUND, f"Could not find any versions of model {name}")
        return [(n, *states[n]) for n in sorted(states, reverse=True)]

    def wait(self, names: list[str], noun: str, keep_waiting: Callable[[], bool]) -> None:
        """Wait until each model has a version that is available or has ended.

        Parameters
        ----------
        names : list of str
            the models
        noun : str
            what the error message calls the models
        keep_waiting : callable
            is called at least once a second; the wait fails when it returns False

        Raises
        ------
        ServingError
            UNKNOWN; a version has ended instead, or `keep_waiting` has returned False
        """
        with self._changed:
            while keep_waiting():
                reached = [self._reached(name) for name in names]
                if all(reached):
                    break
                self._changed.wait(1)
            else:
                raise ServingError(UNKNOWN, "The server or the client did not wait any longer")
        ends = [(name, *end) for name, end in zip(names, reached, strict=True) if end[1] == END]
        if ends:
            texts = [
                f"{{{{name: {name} version: {number}}}"
                + (f" due to error: {error}" if error else "")
                + "}, "
                for name, number, _, error in ends
            ]
            raise ServingError(
                UNKNOWN, f"{len(ends)} {noun} did not become available: {{{''.join(texts)}}}"
            )

    def _reached(self, name):
        states = self._states.get(name, {})
        for number in sorted(states, reverse=True):
            if states[number][0] in (AVAILABLE, END):
                return number, *states[number]
        return None
