"""Short texts of exceptions, without noise and safe to make from any exception."""

import contextlib
import re
import textwrap
from collections.abc import Iterator

from helpers.scratch import without_scratch
from helpers.text import shorten

WIDTH = 96


def describe(error: BaseException, limit: int = 300) -> str:
    """Return `error` as "Type: message" on one line of at most `limit` characters. Never raises."""
    try:
        message = str(error)
    except BaseException:  # A learner's __str__ can raise anything.
        message = "(its message cannot be printed)"
    return shorten(
        f"{type(error).__name__}: {_without_noise(message[: 20 * limit]).lstrip()}", limit
    )


def _without_noise(message):
    """`message` without the parts that hide the cause.

    These are TensorFlow's preamble, its copy of the arguments, the number of a function and
    addresses (they differ in each run), the listing of traced code, the traceback of a graph's
    Python function, colour codes, and a word that Python adds from 3.12 on.
    """
    frames = r"<stack traces unavailable>\n|(?:\s*File \".*\", line \d+, in .*\n+)+"
    preamble = rf"Graph execution error:\s+(Detected at node .*\n(?:{frames}))?"
    message = re.sub(preamble + r"|\x1b\[\d*m|(?<= object) at 0x[0-9a-fA-F]+", "", message)
    ends = r"\. Received args:|\n\nArguments received by |\nTraceback \(most recent call last\):"
    message = re.split(ends, message)[0]
    message = message.replace("missing a required keyword-only", "missing a required")
    traced = r"(Exception encountered when calling .*\n\s+)?in user code:\n[\s\S]*?\n\n +\w+: "
    return re.sub(r"(?<=__inference_)(\w+?)_\d+\b", r"\1", re.sub(traced, "", message))


@contextlib.contextmanager
def show_error(lines: int = 1) -> Iterator[None]:
    """Run the block, print the error that it raises, and go on.

    An error in a cell would stop Run All. If the block raises nothing, "No error." is printed. A
    NameError comes from cells that were not run, so it is said.

    Parameters
    ----------
    lines : int
        How many lines of the message to print.
    """
    try:
        yield
    except Exception as error:
        # The first line of Keras names the layer in which it met the error, and not the cause.
        met_in = r"^Exception encountered when calling .*\n\s+(?=\S)"
        message = re.sub(met_in, "", _without_noise(str(error)))
        text = without_scratch(f"{type(error).__name__}: {message}")
        kept = [line.rstrip() for line in text.splitlines() if line.strip()][:lines]
        if isinstance(error, NameError):  # no lesson shows this one
            kept.append("This is not the error of the lesson. Did you run the cells above?")
        print("\n".join(textwrap.fill(line, WIDTH, subsequent_indent="    ") for line in kept))
    else:
        print("No error.")
