"""The child in the tests of the fork server: it reports what it is, and ends as it is told."""

import atexit
import json
import os
import signal
import sys
import threading


def main(*arguments):
    known = {name for name in ("tensorflow", "keras", "matplotlib") if sys.modules.get(name)}
    told = {
        "arguments": arguments,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "imported": sorted(known),
        "server": os.getppid(),
        "session": os.getsid(0),
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
    }
    print(json.dumps(told), flush=True)
    print("an error", file=sys.stderr)
    if "at exit" in arguments:
        atexit.register(print, "the exit handler")
    how = sys.stdin.readline().strip()
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "exit":
        sys.exit(3)
    if how == "text":
        sys.exit("a last word")
    if how == "raise":
        raise ValueError("a mistake")
