"""What a process inherits besides its environment: mask of new files, priority, limits, encodings.

The launcher of a kernel imports this file without the package, as `fork_address`.
"""

import os
import resource
import sys

LIMITS = sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")})


def found() -> dict:
    """Return what this process has inherited, as JSON can hold it."""
    umask = os.umask(0o77)
    os.umask(umask)
    return {
        "umask": umask,
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "processors": sorted(os.sched_getaffinity(0)),
        "limits": [(number, *resource.getrlimit(number)) for number in LIMITS],
        "streams": [(s.encoding, s.errors) for s in (sys.stdin, sys.stdout, sys.stderr)],
    }


def allow(given: dict) -> None:
    """Give this process what a child of it can have less of, but not more.

    Parameters
    ----------
    given : dict
        what `found` returned in another process

    Raises
    ------
    OSError, ValueError
        the system does not allow it
    """
    if os.getpriority(os.PRIO_PROCESS, 0) > given["nice"]:
        os.setpriority(os.PRIO_PROCESS, 0, given["nice"])
    os.sched_setaffinity(0, given["processors"])
    for number, _, hard in given["limits"]:
        soft, own = resource.getrlimit(number)
        if _is_more(hard, own):
            resource.setrlimit(number, (soft, hard))


def take(given: dict) -> None:
    """Give this process what another one has inherited; its parent has called `allow`."""
    os.umask(given["umask"])
    os.setpriority(os.PRIO_PROCESS, 0, given["nice"])
    for number, *limits in given["limits"]:
        resource.setrlimit(number, tuple(limits))


def _is_more(limit, other):
    if other == resource.RLIM_INFINITY:
        return False
    return limit == resource.RLIM_INFINITY or limit > other
