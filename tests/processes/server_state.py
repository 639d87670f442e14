"""What a server that forks processes holds, for the tests of both servers."""

import time

from tests.processes.kernels import LONG


def state_of(server):
    """What a server holds: its files, its threads, its children."""
    return server.num_fds(), server.num_threads(), len(server.children())


def state_at_rest(server):
    """What a server holds once it has closed what earlier connections needed."""
    looks = []
    while len(looks) < 10 or len({*looks[-10:]}) > 1:
        time.sleep(0.05)
        looks.append(state_of(server))
    return looks[-1]


def returns_to(expected, server):
    end = time.monotonic() + LONG
    while state_of(server) != expected:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
