"""The command of `make handout` and `make solutions-handout`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.paths import ROOT
from helpers.teaching.handout import FOLDER, NotFresh, write_handout, write_solutions


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a ZIP file, and say where it is."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.teaching.handout",
        description="Write the course as a ZIP file for learners, without solutions and tests.",
    )
    parser.add_argument("--solutions", action="store_true", help="write the solutions, for later")
    parser.add_argument("--output", type=Path, metavar="FILE", help="by default in dist/")
    chosen = parser.parse_args(arguments)
    name = f"{FOLDER}-solutions.zip" if chosen.solutions else f"{FOLDER}.zip"
    target = chosen.output or ROOT / "dist" / name
    try:
        paths = (write_solutions if chosen.solutions else write_handout)(target)
    except (NotFresh, OSError) as error:
        sys.exit(str(error))
    print(f"wrote {target}: {len(paths)} files, {target.stat().st_size / 1e6:.1f} MB")
    if chosen.solutions:
        print(f"Learners unpack it in the folder in which {FOLDER} is.")
    else:
        print(f"Learners unpack it, change to the folder {FOLDER}, and type: make lab")


if __name__ == "__main__":
    main()
