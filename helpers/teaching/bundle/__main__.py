"""The command of `make bundle`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.paths import ROOT
from helpers.teaching.bundle import NotBundled, write_bundle
from helpers.teaching.handout import NotFresh


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the folder, and say where it is and how large its parts are."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.teaching.bundle",
        description="Write the course as one folder that needs no internet, for this system.",
    )
    default = ROOT / "dist" / "bundle"
    parser.add_argument("folder", type=Path, nargs="?", default=default, help=f"default: {default}")
    target = parser.parse_args(arguments).folder.absolute()
    print("The download of the packages takes some minutes.", flush=True)
    try:
        parts = write_bundle(target)
    except (NotBundled, NotFresh, OSError) as error:
        sys.exit(str(error))
    sizes = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in parts.items())
    print(f"wrote {target}: {sizes}")
    print("Learners copy the folder, and type in it: sh start.sh")


if __name__ == "__main__":
    main()
