"""Load, unload and look up the versions of all models.

A thread compares the versions in the base paths with the loaded versions and changes one version at
a time. It loads a new version before it unloads the old one. A version that cannot be loaded ends
with its error, and the other versions continue to answer requests.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterable, KeysView
from pathlib import Path
from typing import Any

from helpers.serving.protocol.errors import (
    FAILED_PRECONDITION,
    INTERNAL,
    NOT_FOUND,
    ServingError,
    invalid,
)
from helpers.serving.server.version_folders import FolderScanner, Model
from helpers.serving.server.version_policy import GIVE_UP, LOAD, UNLOAD, Version, next_step
from helpers.serving.server.version_states import (
    AVAILABLE,
    END,
    LOADING,
    START,
    UNLOADING,
    VersionStates,
)

log = logging.getLogger("helpers.serving")


class Manager:
    """The versions of all models.

    Parameters
    ----------
    load : callable
        `load(model, number, path)` returns a servable with a method `close()`, or raises
        ServingError
    poll_seconds : float
        seconds between two scans of the base paths; 0 scans them only once
    max_retries : int
        how often the manager tries again to load a version that has failed
    retry_seconds : float
        seconds between two attempts
    keep_last : bool
        whether versions stay loaded when a base path contains no version any more
    """

    def __init__(
        self,
        load: Callable[[Model, int, Path], Any],
        poll_seconds: float = 1,
        max_retries: int = 5,
        retry_seconds: float = 60,
        keep_last: bool = False,
    ) -> None:
        self._load, self._poll_seconds, self._keep_last = load, poll_seconds, keep_last
        self._max_retries, self._retry_seconds = max_retries, retry_seconds
        self._changed = threading.Condition()
        self._states = VersionStates(self._changed)
        self._scanner = FolderScanner()
        self._models = {}  # {model name: Model}
        self._labels = {}  # {model name: {label: version number}}
        self._versions = {}  # {model name: {number: Version}}: all that are not unloaded yet
        self._serving = {}  # {model name: {number: Version}}: those for requests, highest first
        self._stopped = self._scan_now = False
        self._thread = threading.Thread(target=self._work, name="versions", daemon=True)

    # -- for requests ------------------------------------------------------------------------------

    def acquire(self, name: str, number: int | None = None) -> Version:
        """Return the version that answers a request; the caller must `release` it.

        Parameters
        ----------
        name : str
            the model
        number : int or None
            None chooses the highest version that is available

        Returns
        -------
        Version

        Raises
        ------
        ServingError
            NOT_FOUND; no such version is available
        """
        with self._changed:
            serving = self._serving.get(name)
            if serving:
                found = serving.get(next(iter(serving)) if number is None else number)
                if found:
                    found.requests += 1
                    return found
        request = f"Latest({name})" if number is None else f"Specific({name}, {number})"
        raise ServingError(NOT_FOUND, f"Servable not found for request: {request}")

    def release(self, version: Version) -> None:
        """Tell the manager that a request does not need the version any longer."""
        with self._changed:
            version.requests -= 1
            if version.leaving and not version.requests:
                self._changed.notify_all()

    def labelled(self, name: str, label: str) -> int:
        """Return the number of the version that has this label.

        Raises
        ------
        ServingError
            INVALID_ARGUMENT; the model has no such label
        """
        number = self._labels.get(name, {}).get(label)
        if number is None:
            raise invalid("Unrecognized servable version label: ", label)
        return number

    def names(self) -> KeysView[str]:
        """Return the names of the configured models."""
        return self._models.keys()

    def states(
        self, name: str, number: int | None = None
    ) -> list[tuple[int, int, ServingError | None]]:
        """Return the states of a model's versions; see `VersionStates.of_model`."""
        return self._states.of_model(name, number)

    # -- configuration -----------------------------------------------------------------------------

    def start(self, models: Iterable[Model], labels_ahead: bool = False) -> None:
        """Start to serve models and wait until each has an available version.

        Parameters
        ----------
        models : iterable of Model
        labels_ahead : bool
            whether a label may name a version that is not available yet

        Raises
        ------
        ServingError
            a model's versions could not be loaded, or a label is not allowed
        """
        models = list(models)
        self._configure(models, labels_ahead)
        self._thread.start()
        self._wait([model.name for model in models], "servable(s)")

    def reload(
        self,
        models: Iterable[Model],
        labels_ahead: bool = False,
        alive: Callable[[], bool] = lambda: True,
    ) -> None:
        """Replace the configuration and wait until each new model has an available version.

        Parameters
        ----------
        models : iterable of Model
            all models to serve from now on
        labels_ahead : bool
            whether a label may name a version that is not available yet
        alive : callable
            returns whether the caller still waits

        Raises
        ------
        ServingError
            a new model's versions could not be loaded, a label is not allowed, or the caller does
            not wait any longer
        """
        models = list(models)
        known = set(self._models)
        self._configure(models, labels_ahead)
        new = [model.name for model in models if model.name not in known]
        self._wait(new, "model(s)", alive)

    def stop(self) -> None:
        """End the thread and close all versions."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        for versions in self._versions.values():
            for version in versions.values():
                if version.servable:
                    version.servable.close()

    def _configure(self, models, labels_ahead):
        models = {model.name: model for model in models}
        with self._changed:
            labels = {
                name: dict(self._allowed_labels(model, labels_ahead))
                for name, model in models.items()
            }
            for name in models.keys() - self._models.keys():
                self._states.forget(name)
            self._models, self._labels, self._scan_now = models, labels, True
            self._changed.notify_all()

    def _allowed_labels(self, model, ahead):
        for label, number in model.labels:
            available = self._states.is_available(model.name, number)
            before = self._labels.get(model.name, {}).get(label)
            if not available and not (ahead and before in (None, number)):
                raise ServingError(
                    FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {model.name}, which is "
                    "not currently available for inference",
                )
            yield label, number

    def _wait(self, names, noun, alive=lambda: True):
        self._states.wait(names, noun, lambda: not self._stopped and alive())

    # -- the thread --------------------------------------------------------------------------------

    def _work(self):
        next_scan = 0
        while True:
            with self._changed:
                if self._stopped:
                    return
                scan = self._scan_now or time.monotonic() >= next_scan
                self._scan_now = False
                models = dict(self._models)
            if scan:
                self._update_versions(models)
                next_scan = time.monotonic() + (self._poll_seconds or float("inf"))
            while self._take_step():
                pass
            with self._changed:
                if not (self._stopped or self._scan_now or self._finished_versions()):
                    self._changed.wait(max(0.01, min(1, next_scan - time.monotonic())))

    def _update_versions(self, models):
        """Scan the base paths and mark which versions should be loaded."""
        found = {name: {} for name in self._versions.keys() - models.keys()}
        found |= self._scanner.scan(models.values())
        with self._changed:
            for name, paths in found.items():
                if not paths and self._keep_last and name in models:
                    if self._versions.get(name):
                        self._scanner.log_once(
                            f"Refusing to unload all versions for Servable: {name}"
                        )
                    continue
                versions = self._versions.setdefault(name, {})
                if any(n in paths and v.must_end_first(models[name]) for n, v in versions.items()):
                    continue
                for number, version in versions.items():
                    version.aspired = number in paths
                    version.model = models.get(name, version.model)
                for number, path in paths.items():
                    if number not in versions:
                        versions[number] = Version(models[name], number, path)
                        self._states.publish(versions[number], START)

    def _take_step(self):
        """Load, unload or give up one version; return whether there was something to do."""
        with self._changed:
            finished = self._finished_versions()
            for version in finished:
                del self._versions[version.model.name][version.number]
        for version in finished:
            self._finish(version)
        with self._changed:
            if self._stopped:
                return False
            steps = [next_step(versions.values()) for versions in self._versions.values()]
            steps = sorted(filter(None, steps), key=lambda step: step[0] != UNLOAD)
        if not steps:
            return False
        step, version = steps[0]
        {UNLOAD: self._unload, LOAD: self._load_version, GIVE_UP: self._give_up}[step](version)
        return True

    def _load_version(self, version):
        version.new, version.retry_at = False, None
        version.attempts += 1
        if version.attempts == 1:
            self._states.publish(version, LOADING)
            log.info("Loading servable version %s", version)
        try:
            version.servable = self._load(version.model, version.number, version.path)
        except Exception as error:
            if not isinstance(error, ServingError):
                log.exception("Loading servable: %s failed", version)
                error = ServingError(INTERNAL, f"{type(error).__name__}: {error}")
            log.error("Loading servable: %s failed: %s", version, error)
            if version.attempts <= self._max_retries:
                version.retry_at = time.monotonic() + self._retry_seconds
                version.error = error
            else:
                self._fail(version, error)
            return
        with self._changed:
            version.ready = True
            self._update_serving()
            self._states.publish(version, AVAILABLE)
        log.info("Successfully loaded servable version %s", version)

    def _fail(self, version, error):
        version.failed, version.retry_at = True, None
        self._states.publish(version, END, error)

    def _give_up(self, version):
        """Stop the attempts to load a version that is not in its base path any more."""
        self._fail(version, version.error)

    def _unload(self, version):
        log.info("Unloading servable version %s", version)
        with self._changed:
            self._states.publish(version, UNLOADING)
            version.ready, version.leaving = False, True
            self._update_serving()

    def _finished_versions(self):
        """Return the versions that the manager can close: no request and no folder needs them."""
        return [
            version
            for versions in self._versions.values()
            for version in versions.values()
            if (version.leaving and not version.requests)
            or (not version.aspired and (version.failed or version.new))
        ]

    def _finish(self, version):
        if version.servable:
            version.servable.close()
            version.servable = None
            gc.collect()  # a graph contains references to itself
        if not version.failed:
            self._states.publish(version, END)
            log.info("Done unloading servable version %s", version)

    def _update_serving(self):
        self._serving = {
            name: {n: versions[n] for n in sorted(versions, reverse=True) if versions[n].ready}
            for name, versions in self._versions.items()
        }
