"""Tell which readers can use an export, and what is in the way: `python -m helpers.readers DIR`.

With `--rescue OUT`, save an export that only Python can read as a new one for all readers.
"""

import sys

from helpers.readers import command, rescue


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    # The name of a signature may hold characters that the terminal cannot show.
    sys.stdout.reconfigure(errors="backslashreplace")  # pyrefly: ignore[missing-attribute]
    answer = rescue.main if "--rescue" in arguments else command.main
    try:
        return answer(arguments)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
