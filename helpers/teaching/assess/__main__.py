"""Assess a capstone: `python -m helpers.teaching.assess FOLDER`."""

import argparse
import json
import sys
from collections.abc import Sequence

from helpers.processes.tensorflow_import import import_tensorflow
from helpers.teaching.assess import assess
from helpers.teaching.assess.brief import PLAN, REQUIREMENTS

ALL_MET, NOT_ALL, INTERRUPTED = 0, 1, 130
EXPECTED = "\n".join(f"  {n:>2} {name}: {words}" for n, (name, words) in REQUIREMENTS.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.teaching.assess",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Tell which of the ten requirements of the capstone, lesson 12, are met.\n"
        f"FOLDER holds the exports 1 and 2, and the plan {PLAN}.\n{EXPECTED}",
        epilog="Exit status: 0 if all ten are met, 1 if not, 2 if an option cannot be used.",
    )
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    chosen = parser.parse_args(arguments)
    print("Starting TensorFlow; the report takes some seconds.", file=sys.stderr, flush=True)
    import_tensorflow().get_logger().setLevel("ERROR")
    try:
        found = assess(chosen.folder)
    except KeyboardInterrupt:
        return INTERRUPTED
    # A name in an export may hold characters that the terminal cannot show.
    sys.stdout.reconfigure(errors="backslashreplace")  # pyrefly: ignore[missing-attribute]
    print(json.dumps(found.as_dict(), indent=2) if chosen.json else found.text(figures=True))
    return found.exit_status


if __name__ == "__main__":
    sys.exit(main())
