"""Show where the learners of a class are: `python -m helpers.teaching.room`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.exercises.room import VARIABLE
from helpers.teaching.room.server import RoomServer
from helpers.teaching.room.state import Room

DONE, BAD_USE = 0, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until it is interrupted, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.teaching.room",
        description="Show in a browser where the learners are who have joined.",
        epilog="Exit status: 0 done, 2 the folder or the port cannot be used.",
    )
    parser.add_argument(
        "--folder", type=Path, help="a folder that all learners can write to, for their reports"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="what to listen to; 0.0.0.0 lets other computers send reports",
    )
    parser.add_argument("--name", default="", help="the name or number of this computer for others")
    parser.add_argument("--port", type=int, default=8765)
    chosen = parser.parse_args(arguments)
    if chosen.folder is not None and not chosen.folder.is_dir():
        return _fail(f"{chosen.folder} should be a folder that exists")
    try:
        server = RoomServer(Room(chosen.folder), chosen.host, chosen.port)
    except (OSError, OverflowError) as error:
        return _fail(f"port {chosen.port} of {chosen.host} cannot be used: {error}")
    target = chosen.folder.resolve() if chosen.folder else server.reports(chosen.name)
    print(f"For the learners, before they start JupyterLab: {VARIABLE}={target}")
    print(f"For you: {server.page(chosen.name)}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("The room is closed.")
    finally:
        server.server_close()
    return DONE


def _fail(words):
    print(f"error: {words}", file=sys.stderr)
    return BAD_USE


if __name__ == "__main__":
    sys.exit(main())
