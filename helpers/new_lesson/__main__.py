"""The command line of `make new-lesson NAME=13_name`."""

import sys

from helpers.new_lesson import CannotWrite, new_lesson


def main(arguments: list[str]) -> None:
    """Write the lesson that the one argument names, and print its files.

    Parameters
    ----------
    arguments : list of str

    Raises
    ------
    SystemExit
        If there is not one argument, or the lesson cannot be written.
    """
    if len(arguments) != 1:
        raise SystemExit("Which name? For example: make new-lesson NAME=13_transfer_learning")
    try:
        files = new_lesson(arguments[0])
    except CannotWrite as error:
        raise SystemExit(str(error)) from None
    print("\n".join(["The lesson passes every test. Now replace its content:", *files]))


if __name__ == "__main__":
    main(sys.argv[1:])
