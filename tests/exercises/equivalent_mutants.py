"""Mutants that leave the answer right, so that a check must not refuse them, with the reason.

`python -m tests.exercises.mutants` leaves them out of its figures.
"""

import re

# {exercise: {pattern of the words of `mutants`: why the answer is still right}}
EQUIVALENT: dict[str, dict[str, str]] = {
    "02 q1": {
        r"line 1: .* -> tf\.TensorSpec\(\(None, 4\), name='readings'\)": "float32 is the default"
    },
    "02 q2": {
        r"line 8: archive_2\.track\(model\) -> .*": "the endpoint holds the model's variables",
        r"line 9: 'serving_default' -> .*": "Keras gives the first endpoint that name as well",
        r"line 1: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 10\), .*\)": "float32 is the default,"
        " and the input may have any name",
        r"line 1: 'features' -> 'featuresx'": "the input may have any name",
    },
    "02 q4": {
        r"line [34]: .*\.build\(.*\) -> .*": "Keras builds the layer at the first call",
        r"line 5: .*": "Keras sets `built` after `build`",
    },
    "01 q3": {r"line 1: 0 -> -1": "the signature has one input, so the last is the first"},
    "01 q4": {
        r"line 2: 3\.0 -> 3\.03\d*": "the noise of the training is larger",
        r"line 2: 1\.0 -> 1\.01": "the noise of the training is larger",
    },
    "08 q3": {r"line 2: (for .* -> removed|1 -> [02])": "the loop only prints sizes and errors"},
    "08 q4": {
        r"line 1: ('x'|'text'|'red'|'a'|1\.0) -> .*": "any row does, and the last export that "
        "fails is still reviews"
    },
}


def is_equivalent(exercise: str, words: str) -> bool:
    """Return whether a mutant of an exercise, such as "01 q3", leaves its answer right."""
    return any(re.fullmatch(pattern, words) for pattern in EQUIVALENT.get(exercise, {}))
