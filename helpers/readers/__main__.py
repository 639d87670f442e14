"""Tell which readers can use an export, and what is in the way: `python -m helpers.readers DIR`.

With `--rescue OUT`, save an export that only Python can read as a new one for all readers.
Given a file or folder that is not an export, tell what it is and how to get an export.
"""

import os
import sys

from helpers import readers
from helpers.readers import command, command_process, model_files, rescue


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


def _start(arguments: list[str]) -> int:
    """Run the command, in a process with TensorFlow if there is an export to read."""
    directory = command.directory_of(arguments)
    if directory is None or not os.path.isfile(os.path.join(directory, "saved_model.pb")):
        return main(arguments)
    if command.options(arguments) is None:
        return 2
    print(command.STARTING, file=sys.stderr, flush=True)
    status = command_process.run(arguments)
    if status is not None:
        return status
    readers.warm_up()  # imports TensorFlow while this process does
    return main(arguments)


if __name__ == "__main__":
    sys.exit(_start(sys.argv[1:]))
