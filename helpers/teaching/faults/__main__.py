"""Make the twelve exports, or grade the answers: `python -m helpers.teaching.faults FOLDER`."""

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.teaching.faults import NOTEBOOK, grade, make

DONE, BAD_USE = 0, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the exports of a seed in a folder, or grade them; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.teaching.faults",
        description="A test before and after the course: twelve exports, each with one hidden "
        "fault or with none.",
        epilog="Exit status: 0 done, 2 the folder or a file cannot be used.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="a new folder for the exports")
    parser.add_argument(
        "--seed", type=int, help="the same seed makes the same exports; drawn if it is missing"
    )
    parser.add_argument(
        "--grade", action="store_true", help="compare the answers in FOLDER with the right ones"
    )
    chosen = parser.parse_args(arguments)
    try:
        if chosen.grade:
            print(grade(chosen.folder))
            return DONE
        seed = random.randrange(1_000_000) if chosen.seed is None else chosen.seed
        make(chosen.folder, seed)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_USE
    print(f"Seed {seed}. Open {chosen.folder / NOTEBOOK} in JupyterLab, and begin.")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
