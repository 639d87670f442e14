"""Tell which readers can use an export, and what is in the way: `python -m helpers.readers DIR`.

With `--rescue OUT`, save an export that only Python can read as a new one for all readers.
Given a file or folder that is not an export, tell what it is and how to get an export.
"""

import sys

from helpers.readers import command, model_files, rescue


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    # The name of a signature may hold characters that the terminal cannot show.
    sys.stdout.reconfigure(errors="backslashreplace")  # pyrefly: ignore[missing-attribute]
    directory = command.directory_of(arguments)
    if directory is not None and (told := model_files.describe(directory)):
        print(told)
        return 2
    answer = rescue.main if command.asks_for_rescue(arguments) else command.main
    try:
        return answer(arguments)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
