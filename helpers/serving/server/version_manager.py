"""Which versions of which models are served: found in folders, loaded, unloaded, looked up.

A thread of its own looks into the base paths and brings what is loaded closer to what should be,
one step at a time: a new version is loaded before the old one goes, and a version that cannot be
loaded ends with its error while the others serve on.
"""

import gc
import logging
import threading
import time

from helpers.serving.protocol.errors import (
    FAILED_PRECONDITION,
    INTERNAL,
    NOT_FOUND,
    UNKNOWN,
    ServingError,
    invalid,
)
from helpers.serving.server.version_folders import wanted_versions
from helpers.serving.server.version_policy import GIVE_UP, LOAD, UNLOAD, Version, next_step

log = logging.getLogger("helpers.serving")

START, LOADING, AVAILABLE, UNLOADING, END = 10, 20, 30, 40, 50  # as the protocol numbers them


class Manager:
    """Looks after the versions of all models.

    Parameters
    ----------
    load : callable
        `load(model, number, path)` gives a servable with `close()`, or raises ServingError
    poll_seconds : float
        between two looks into the folders; 0 looks only once
    max_retries : int
        how often a failed load is tried again
    retry_seconds : float
    keep_last : bool
        whether versions stay when a base path holds none any more
    """

    def __init__(self, load, poll_seconds=1, max_retries=5, retry_seconds=60, keep_last=False):
        self._load, self._poll_seconds, self._keep_last = load, poll_seconds, keep_last
        self._max_retries, self._retry_seconds = max_retries, retry_seconds
        self._models = {}  # name to Model
        self._labels = {}  # name to {label: version}
        self._versions = {}  # name to {number: Version}: all that is not yet gone
        self._states = {}  # name to {number: (state, error)}: all that ever was
        self._serving = {}  # name to {number: Version}, highest first: what requests may use
        self._changed = threading.Condition()
        self._stopped = self._look = False
        self._said = set()
        self._thread = threading.Thread(target=self._work, name="versions", daemon=True)

    # -- for requests ------------------------------------------------------------------------------

    def acquire(self, name, number=None):
        """The version that answers a request; `release` it afterwards.

        number : int or None
            None takes the latest that is available
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

    def release(self, version):
        with self._changed:
            version.requests -= 1
            if version.leaving and not version.requests:
                self._changed.notify_all()

    def labelled(self, name, label):
        """The number of the version with this label."""
        number = self._labels.get(name, {}).get(label)
        if number is None:
            raise invalid("Unrecognized servable version label: ", label)
        return number

    def names(self):
        """The names of the models that are configured."""
        return self._models.keys()

    def states(self, name, number=None):
        """What has become of the versions of a model, highest number first.

        Returns
        -------
        list of (int, int, ServingError or None)
            number, state, and what went wrong
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

    # -- configuration -----------------------------------------------------------------------------

    def start(self, models, labels_ahead=False):
        """Serve these models; returns when each has a version that is available.

        Raises
        ------
        ServingError
            a model's first version to come to an end could not be loaded
        """
        self._configure(models, labels_ahead)
        self._thread.start()
        self._wait([model.name for model in models], "servable(s)")

    def reload(self, models, labels_ahead=False, alive=lambda: True):
        """Serve these models from now on; returns when those that are new are available.

        alive : callable
            whether somebody still waits for that
        """
        known = set(self._models)
        self._configure(models, labels_ahead)
        new = [model.name for model in models if model.name not in known]
        self._wait(new, "model(s)", alive)

    def stop(self):
        """End the thread and close every version."""
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
                self._states.pop(name, None)
            self._models, self._labels, self._look = models, labels, True
            self._changed.notify_all()

    def _allowed_labels(self, model, ahead):
        for label, number in model.labels:
            state, _ = self._states.get(model.name, {}).get(number, (None, None))
            before = self._labels.get(model.name, {}).get(label)
            if state != AVAILABLE and not (ahead and before in (None, number)):
                raise ServingError(
                    FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {model.name}, which is "
                    "not currently available for inference",
                )
            yield label, number

    def _wait(self, names, word, alive=lambda: True):
        with self._changed:
            while not self._stopped and alive():
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
                UNKNOWN, f"{len(ends)} {word} did not become available: {{{''.join(texts)}}}"
            )

    def _reached(self, name):
        states = self._states.get(name, {})
        for number in sorted(states, reverse=True):
            if states[number][0] in (AVAILABLE, END):
                return number, *states[number]
        return None

    # -- the thread --------------------------------------------------------------------------------

    def _work(self):
        next_look = 0
        while True:
            with self._changed:
                if self._stopped:
                    return
                look = self._look or time.monotonic() >= next_look
                self._look = False
                models = dict(self._models)
            if look:
                self._aspire(models)
                next_look = time.monotonic() + (self._poll_seconds or float("inf"))
            while self._act():
                pass
            with self._changed:
                if not (self._stopped or self._look or self._gone()):
                    self._changed.wait(max(0.01, min(1, next_look - time.monotonic())))

    def _aspire(self, models):
        """Look into the base paths; note which versions should be there."""
        found = {name: {} for name in self._versions.keys() - models.keys()}
        try:
            for name, model in models.items():
                found[name] = wanted_versions(model)
                self._say_what_is_missing(model, found[name])
        except (ServingError, OSError) as error:
            self._say_once(
                "FileSystemStoragePathSource encountered a filesystem access error: "
                + getattr(error, "message", str(error))
            )
            found = {name: {} for name in found.keys() - models.keys()}
        with self._changed:
            for name, wanted in found.items():
                if not wanted and self._keep_last and name in models:
                    if self._versions.get(name):
                        self._say_once(f"Refusing to unload all versions for Servable: {name}")
                    continue
                versions = self._versions.setdefault(name, {})
                if any(n in wanted and not version.aspired for n, version in versions.items()):
                    continue  # it is still leaving: once it has gone, it can come again
                for number, version in versions.items():
                    version.aspired = number in wanted
                for number, path in wanted.items():
                    if number not in versions:
                        versions[number] = Version(models[name], number, path)
                        self._publish(versions[number], START)

    def _say_once(self, text):
        """Log what each look into the folders would find again."""
        if text not in self._said:
            log.warning("%s", text)
            self._said.add(text)

    def _say_what_is_missing(self, model, found):
        if not found:
            self._say_once(
                f"No versions of servable {model.name} found under base path {model.base_path}. "
                "Did you forget to name your leaf directory as a number (eg. '/1/')?"
            )
        if model.policy == "specific":
            for number in sorted(model.versions - found.keys()):
                self._say_once(
                    f"Version {number} of servable {model.name}, which was requested to be served "
                    "as a 'specific' version in the servable's version policy, was not found in "
                    "the file system"
                )

    def _act(self):
        """Take one step, if there is one to take."""
        with self._changed:
            gone = self._gone()
            for version in gone:
                del self._versions[version.model.name][version.number]
        for version in gone:
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
            self._publish(version, LOADING)
            log.info("Loading servable version %s", _identity(version))
        try:
            version.servable = self._load(version.model, version.number, version.path)
        except Exception as error:
            if not isinstance(error, ServingError):
                log.exception("Loading servable: %s failed", _identity(version))
                error = ServingError(INTERNAL, f"{type(error).__name__}: {error}")
            log.error("Loading servable: %s failed: %s", _identity(version), error)
            if version.attempts <= self._max_retries:
                version.retry_at = time.monotonic() + self._retry_seconds
                version.error = error
            else:
                self._fail(version, error)
            return
        with self._changed:
            version.ready = True
            self._serve()
            self._publish(version, AVAILABLE)
        log.info("Successfully loaded servable version %s", _identity(version))

    def _fail(self, version, error):
        version.failed, version.retry_at = True, None
        self._publish(version, END, error)

    def _give_up(self, version):
        """Stop trying to load a version that nobody wants any more."""
        self._fail(version, version.error)

    def _unload(self, version):
        log.info("Unloading servable version %s", _identity(version))
        with self._changed:
            self._publish(version, UNLOADING)
            version.ready, version.leaving = False, True
            self._serve()

    def _gone(self):
        """Versions that are to be forgotten: nobody uses them and nobody wants them."""
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
            gc.collect()  # a graph holds itself
        if not version.failed:
            self._publish(version, END)
            log.info("Done unloading servable version %s", _identity(version))

    def _serve(self):
        self._serving = {
            name: {n: versions[n] for n in sorted(versions, reverse=True) if versions[n].ready}
            for name, versions in self._versions.items()
        }

    def _publish(self, version, state, error=None):
        with self._changed:
            self._states.setdefault(version.model.name, {})[version.number] = (state, error)
            self._changed.notify_all()


def _identity(version):
    return f"{{name: {version.model.name} version: {version.number}}}"
