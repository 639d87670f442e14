"""Checks of exercise 4: the mean of 2 to 4 readings, and no number for another width."""

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import Artifact
from helpers.exercises import battery
from helpers.exercises.export_checks import COMPUTING, SAME, signature_of
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers
from helpers.readers.bare_calls import BARE_READERS, Answer

RIGHT_WIDTHS = (4, 2, 3)
WRONG_SHAPES = ((7, 5), (1, 5), (4, 5), (2, 1), (4, 1), (2, 8), (4, 8))
ASKED = [reader for reader in BARE_READERS if reader != "function"]  # it may have another name


def require_means(found: Artifact) -> None:
    """Require the mean of each row of 2, 3 and 4 readings, in each reader and in a server."""
    declared = signature_of(found, "mean").inputs[0].shape
    require(
        declared and len(declared) == 2 and declared[1] is None,
        "the input readings should accept rows of 2, 3 and 4 readings, but its shape is "
        f"{declared or '(unknown)'}. Declare (None, None), and compare the width in the function.",
    )
    for width in RIGHT_WIDTHS:
        _require_means(found, battery.numbers(width))


def _require_means(found, readings):
    def mean(readings):
        return {"mean": readings.mean(axis=1)}

    require_same_answers(found, "mean", {"readings": readings}, mean, who="np.mean")
    for reader, answer in _ask(found, readings).items():
        require(
            not answer.error,
            f"mean should answer rows of {readings.shape[1]} readings in every reader, but "
            f"{_named(reader)} fails: {answer.error}",
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
                        "Compare the width with tf.where in the function, so that the answer is "
                        "nan for every wrong width."
                    )


def _ask(found, readings):
    inputs = {"readings": readings}
    try:
        answers = readers.run_bare(found.directory, "mean", inputs, computing=COMPUTING)
    except readers.ReaderError as error:
        shape = " x ".join(map(str, readings.shape))
        raise NotYet(f"mean fails for {shape} readings: {error}") from None
    return {reader: Answer(*answers[reader]) for reader in ASKED}


def _named(reader):
    return f"the reader {BARE_READERS[reader]!r}"
