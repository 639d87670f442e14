"""What to do next about the versions of a model, so that it never stops answering."""

import time

UNLOAD, LOAD, GIVE_UP = "unload", "load", "give up"


class Version:
    """One version of a model, from the moment it is found until it is gone."""

    def __init__(self, model, number, path):
        self.model, self.number, self.path = model, number, path
        self.aspired, self.ready, self.leaving = True, False, False
        self.new, self.failed = True, False
        self.attempts, self.retry_at, self.error = 0, None, None
        self.servable, self.requests = None, 0


def next_step(versions):
    """The next step for a model, as TensorFlow Serving's policy that preserves availability has it.

    Returns
    -------
    (str, Version) or None

    What is not wanted goes once something wanted serves, or when nothing is wanted, or when more
    than one version that is not wanted serves; else the highest new version is loaded.
    """
    aspired = [version for version in versions if version.aspired]
    unwanted = [version for version in versions if version.ready and not version.aspired]
    if unwanted and (not aspired or any(v.ready for v in aspired) or len(unwanted) > 1):
        return UNLOAD, min(unwanted, key=lambda version: version.number)
    now = time.monotonic()
    for version in versions:
        if version.retry_at is not None and not version.aspired:
            return GIVE_UP, version
    waiting = [v for v in aspired if v.new or (v.retry_at is not None and v.retry_at <= now)]
    if waiting:
        return LOAD, max(waiting, key=lambda version: version.number)
    return None
