"""Checks that an export gives the right numbers for rows of two numbers."""

from collections.abc import Callable, Mapping

import numpy as np

from helpers.artifact.saved_model import Artifact
from helpers.exercises.export_checks import (
    ALL,
    SAME_ANSWER,
    answers_to_batches,
    require_any_batch,
    require_right,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_07.variants import ROWS, Scorer
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong, require_same_answers

KEY = "serving_default"
BATCHES = slice(None), slice(2), slice(1)


def require_scores(
    found: Artifact,
    right: Mapping[str | None, Callable[[np.ndarray], np.ndarray]],
    rows: np.ndarray,
    of_a_list: bool = False,
) -> None:
    """Require that an export answers right(rows), (n, 1), in every reader and batch.

    Parameters
    ----------
    found : Artifact
    right : mapping of str or None to callable
        For the name of each output, what it should give for rows. None stands for the only output.
    rows : ndarray, shape (n, 2)
        Many rows, which are sent after the few of ROWS.
    of_a_list : bool
        Whether an answer depends on all rows, so that the message shows them.

    Raises
    ------
    NotYet
        For the first difference.
    """
    signature = signature_of(found, KEY)
    require_any_batch(signature)
    the_name = the_input(signature)
    requests = [ROWS[batch] for batch in BATCHES]
    for output, compute in right.items():
        for reader in ALL:
            answered = answers_to_batches(found, KEY, [{the_name: few} for few in requests], reader)
            for few in requests:
                try:
                    got = next(answered)
                    require_right(got, KEY, reader, few, compute(few), SAME_ANSWER, output)
                except NotYet as error:
                    sent = f" The request was the list {few.tolist()}." if of_a_list else ""
                    raise NotYet(f"{error}{sent}") from None
    names = {output: output or signature.outputs[0].name for output in right}
    for tensor in signature.outputs:
        require(
            tensor.name not in names.values() or tensor.dtype != "float64",
            f"{tensor.name} should be float32, as the given export's, but is {tensor.dtype}.",
        )

    def expected(**inputs):
        return {names[output]: compute(inputs[the_name]) for output, compute in right.items()}

    require_same_answers(found, KEY, {the_name: rows}, expected)


def nearest_score(scorer: Scorer) -> str:
    """Name the wrong score that is nearest to the right one, for the message of a pass."""

    def score(rows):
        return {"score": scorer.score(rows)}

    return nearest_wrong(
        {"rows": scorer.many_rows()},
        score,
        {
            "a score without the bias": lambda rows: {"score": scorer.score(rows) - scorer.bias},
            "the two numbers of a row swapped": lambda rows: score(rows[:, ::-1]),
            "0 in place of each negative score": lambda rows: {
                "score": np.maximum(scorer.score(rows), 0)
            },
        },
    )
