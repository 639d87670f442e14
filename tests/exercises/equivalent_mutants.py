"""Mutants that leave the answer right, so that a check must not refuse them, with the reason.

`python -m tests.exercises.mutants` leaves them out of its figures.
"""

import re

# {exercise: {pattern of the words of `mutants`: why the answer is still right}}
EQUIVALENT: dict[str, dict[str, str]] = {
    "02 q1": {
        r"line 1: .* -> tf\.TensorSpec\(\(None, 4\), name='readings'\)": "float32 is the default"
    },
    "01 q3": {r"line 1: 0 -> -1": "the signature has one input, so the last is the first"},
    "01 q4": {
        r"line 2: 3\.0 -> 3\.03\d*": "the noise of the training is larger",
        r"line 2: 1\.0 -> 1\.01": "the noise of the training is larger",
    },
}


def is_equivalent(exercise: str, words: str) -> bool:
    """Return whether a mutant of an exercise, such as "01 q3", leaves its answer right."""
    return any(re.fullmatch(pattern, words) for pattern in EQUIVALENT.get(exercise, {}))
