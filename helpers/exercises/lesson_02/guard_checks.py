"""Checks of exercise 4: the mean of four readings, and no number for another width."""

import numpy as np

from helpers.artifact.saved_model import Artifact
from helpers.exercises import battery
from helpers.exercises.export_checks import SAME
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers
from helpers.readers.bare_calls import BARE_READERS, call_everywhere

RIGHT_WIDTH = 4
WRONG_SHAPES = ((7, 3), (1, 3), (4, 3), (7, 5), (2, 1), (2, 8), (4, 8))
ASKED = [reader for reader in BARE_READERS if reader != "function"]  # it may have another name


def require_means(found: Artifact) -> None:
    """Require the mean of each row of four readings, in each reader and in a server."""
    readings = battery.numbers(RIGHT_WIDTH)

    def mean(readings):
        return {"mean": readings.mean(axis=1)}

    require_same_answers(found, "mean", {"readings": readings}, mean, who="np.mean")
    for reader, answer in _ask(found, readings).items():
        require(
            not answer.error,
            f"mean should answer rows of 4 readings in every reader, but {_named(reader)} "
            f"fails: {answer.error}",
        )
        require(
            np.allclose(answer.outputs["mean"], readings.mean(axis=1), SAME, SAME),
            f"mean should be the mean of each row in {_named(reader)}, too, but is not.",
        )


def require_no_numbers(found: Artifact) -> None:
    """Require an error or nan for each row of the wrong width, in each reader.

    Raises
    ------
    NotYet
        For the first number. The message names the reader, the width and the number.
    """
    for rows, width in WRONG_SHAPES:
        readings = battery.numbers(width, seed=rows)[:rows]
        for reader, answer in _ask(found, readings).items():
            for value in answer.outputs.values():
                numbers = value[~np.isnan(value)]
                if numbers.size:
                    raise NotYet(
                        f"mean should give an error or nan for rows of {width} readings, but "
                        f"{_named(reader)} answers {rows} such rows with {numbers.flat[0]:.4g}. "
                        "Which guard of the table above reaches this reader?"
                    )


def _ask(found, readings):
    answers = call_everywhere(found.directory, "mean", readings=readings)
    return {reader: answers[reader] for reader in ASKED}


def _named(reader):
    return f"the reader {BARE_READERS[reader]!r}"
