"""The command of `make slides`."""

import argparse
import sys
from collections.abc import Sequence

from helpers.notebooks import lesson_names
from helpers.teaching.slides import NotInstalled, write


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the slides of the lessons, and say where they are."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.teaching.slides",
        description="Write slides of the lessons to dist/slides.",
    )
    parser.add_argument("lesson", nargs="?", default="", help="one lesson: 02. Else all of them")
    chosen = parser.parse_args(arguments)
    names = [name for name in lesson_names() if name.startswith(chosen.lesson)]
    if not names:
        known = ", ".join(name[:2] for name in lesson_names())
        parser.error(f"no lesson {chosen.lesson!r}: there are {known}")
    try:
        files = [write(name) for name in names]
    except (NotInstalled, OSError) as error:
        sys.exit(str(error))
    for file in files:
        print(f"wrote {file}")
    print("Open a file in a browser. The key S shows the speaker's notes, and F fills the screen.")


if __name__ == "__main__":
    main()
