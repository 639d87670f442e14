"""Choose the next step for the versions of a model, so that the model never stops answering."""

import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from helpers.serving.server.version_folders import Model

UNLOAD, LOAD, GIVE_UP = "unload", "load", "give up"


class Version:
    """One version of a model, from its first scan until it is unloaded.

    Parameters
    ----------
    model : Model
        the configuration of the model at the last scan that changed what is aspired
    number : int
    path : pathlib.Path
        the folder of the version

    Attributes
    ----------
    aspired : bool
        whether the version should be loaded (TensorFlow Serving's word)
    new, ready, leaving, failed : bool
        no attempt to load it yet; answers requests; is being unloaded; could not be loaded
    attempts : int
        how often the manager has tried to load it
    retry_at : float or None
        `time.monotonic()` of the next attempt, in seconds
    error : ServingError or None
        of the last attempt
    servable : Servable or None
    requests : int
        requests that use it at the moment
    """

    def __init__(self, model: Model, number: int, path: Path) -> None:
        self.model, self.number, self.path = model, number, path
        self.aspired, self.ready, self.leaving = True, False, False
        self.new, self.failed = True, False
        self.attempts, self.retry_at, self.error = 0, None, None
        self.servable: Any = None
        self.requests = 0

    def must_end_first(self, model: Model) -> bool:
        """Return whether the version must be unloaded before it can be aspired.

        It must if it is not aspired any more, because its folder may have new content. But a new
        configuration may ask for a version that still answers requests. It is aspired at once.
        TensorFlow Serving waits until it is unloaded, which never happens if the higher version
        could not be loaded.

        Parameters
        ----------
        model : Model
            the configuration now

        Returns
        -------
        bool
        """
        return not self.aspired and not (self.ready and self.model != model)

    def __str__(self) -> str:
        return f"{{name: {self.model.name} version: {self.number}}}"


def next_step(versions: Collection[Version]) -> tuple[str, Version] | None:
    """Choose the next step for a model by TensorFlow Serving's availability-preserving policy.

    A ready version that is not aspired is unloaded when an aspired version is ready, when no
    version is aspired, or when at least two such versions are ready. Otherwise the highest aspired
    version that is not loaded yet is loaded.

    Parameters
    ----------
    versions : collection of Version
        of one model

    Returns
    -------
    (str, Version) or None
        UNLOAD, LOAD or GIVE_UP, and the version; None when there is nothing to do
    """
    aspired = [version for version in versions if version.aspired]
    obsolete = [version for version in versions if version.ready and not version.aspired]
    if obsolete and (not aspired or any(v.ready for v in aspired) or len(obsolete) > 1):
        return UNLOAD, min(obsolete, key=lambda version: version.number)
    now = time.monotonic()
    for version in versions:
        if version.retry_at is not None and not version.aspired:
            return GIVE_UP, version
    waiting = [v for v in aspired if v.new or (v.retry_at is not None and v.retry_at <= now)]
    if waiting:
        return LOAD, max(waiting, key=lambda version: version.number)
    return None
