"""Checks of an export that several lessons share, and the tolerances of all lessons.

Every check looks at what the export does in the readers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from helpers import artifact, readers
from helpers.artifact.saved_model import Artifact, Signature
from helpers.errors.cure import cure
from helpers.errors.messages import describe
from helpers.exercises import answer_types
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr, shorten

# Tolerances: the largest absolute difference between two numbers that count as equal.
# SAME allows float32 arithmetic in a different order, for one computation on numbers below 100.
SAME = 1e-4
# SAME_ANSWER allows it for a whole model in several readers and batch sizes, on numbers below 1000.
SAME_ANSWER = 1e-3
# SAME_SCORE allows float32 arithmetic in a different order for scores from 0 to 100.
SAME_SCORE = 0.01
# FITTED allows the noise of training: a line or a plane, fitted to 100 or 200 points with noise
# 0.1, lies well within it.
FITTED = 0.15
# LEARNT_SUM allows what ComplexModel has not learnt: 300 steps come within a third of it, and an
# untrained model is several away.
LEARNT_SUM = 0.6
# Numbers that lie closer together than CONSTANT count as one constant answer.
CONSTANT = 1e-6

ALL = tuple(readers.READERS)
COMPUTING = 10  # seconds of CPU time that a reader has for the answers to one question


def export_at(answer: Any, name: str = "export_dir") -> Artifact:
    """Read the export at the learner's answer.

    Parameters
    ----------
    answer : object
        The path of an export directory, if the answer is right.
    name : str
        Name of the answer, for the message.

    Returns
    -------
    Artifact

    Raises
    ------
    NotYet
        If there is no export at `answer`, or if it holds links.
    """
    try:
        found = artifact.read(answer)
    except artifact.NotAnArtifact as error:
        raise NotYet(f"{name}: {error}.") from None
    links = sorted(path.name for path in found.directory.rglob("*") if path.is_symlink())
    require(
        not links,
        f"{name} should hold the files of the export, but {', '.join(links[:3])} is a link. On "
        "another machine there is nothing at its other end.",
    )
    return found


def signature_of(found: Artifact, key: str) -> Signature:
    """Return the signature `key` of an export.

    Raises
    ------
    NotYet
        If the export has no such signature. The message names the keys that it has.
    """
    keys = ", ".join(found.signatures) or "none"
    require(
        key in found.signatures,
        f"the export should have the signature {key!r}, but its signatures are: {keys}.",
    )
    return found.signatures[key]


def the_input(signature: Signature) -> str:
    """Return the name of the only input of a signature; raise NotYet if it has several."""
    names = [tensor.name for tensor in signature.inputs]
    require(
        len(names) == 1,
        f"{signature.key} should have one input, but has {in_words(len(names))}: "
        f"{', '.join(names)}.",
    )
    return names[0]


def in_words(count: int) -> str:
    """Write a count up to four as a word."""
    words = ("none", "one", "two", "three", "four")
    return words[count] if count < len(words) else str(count)


def require_any_batch(signature: Signature) -> None:
    """Require that every input of a signature accepts any number of rows."""
    for tensor in signature.inputs:
        require(
            tensor.shape and tensor.shape[0] is None,
            f"{signature.key} should accept any number of rows, but takes {tensor.name} of shape "
            f"{tensor.shape}. Did a TensorSpec fix the number, or did tf.saved_model.save take "
            "the shape that the model saw first?",
        )


def answers(
    found: Artifact, key: str, inputs: Mapping[str, Any], reader: str
) -> dict[str, np.ndarray]:
    """Call a signature of an export in a reader.

    Parameters
    ----------
    found : Artifact
    key : str
        The signature.
    inputs : mapping of str to array
        What the signature gets, by the names of its inputs.
    reader : str
        A key of `readers.READERS`.

    Returns
    -------
    dict of str to ndarray
        The outputs by name.

    Raises
    ------
    NotYet
        If the reader fails. The message holds its error, and the cure if the error is known.
    """
    return next(answers_to_batches(found, key, [inputs], reader))


def answers_to_batches(
    found: Artifact, key: str, batches: Iterable[Mapping[str, Any]], reader: str
) -> Iterator[dict[str, np.ndarray]]:
    """Call a signature of an export in a reader with several batches, in one question.

    Parameters
    ----------
    found, key, reader
        As in `answers`.
    batches : iterable of mapping of str to array
        What the signature gets, one batch after the other.

    Yields
    ------
    dict of str to ndarray
        The outputs by name, for each batch.

    Raises
    ------
    NotYet
        As `answers` does, in place of the outputs of the batch that fails.
    """
    try:
        got, error = readers.run_batches(
            found.directory, key, list(batches), reader, computing=COMPUTING
        )
    except readers.ReaderError as failure:
        got, error = [], str(failure)
    yield from got
    if error:
        words = f"{key} fails in {readers.READERS[reader]}: {shorten(error)}"
        raise NotYet("\n".join(filter(None, (words, cure(error)))))


def require_weights(found: Artifact, key: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Require that every output of a signature changes when the weights of the export change.

    Parameters
    ----------
    found : Artifact
        The variables become 0 in the process of the readers, for one call.
    key : str
        The signature.
    inputs : mapping of str to array
        Rows whose answers are not 0, by the names of the inputs.

    Returns
    -------
    dict of str to ndarray
        The outputs for weights of 0.

    Raises
    ------
    NotYet
        If an output of floats stays the same.
    """
    before = answers(found, key, inputs, "python")
    try:
        after = readers.run_with_zeros(found.directory, key, inputs, computing=COMPUTING)
    except readers.ReaderError as error:
        raise NotYet(f"{key} fails when its weights are 0: {shorten(str(error))}") from None
    for name, value in after.items():
        require(
            value.dtype.kind != "f" or np.abs(value - before[name]).max() > SAME,
            f"{key} should compute {name} with the weights of the model, but answers the same "
            "after all variables of the loaded export were set to 0. A number that Python writes "
            "into the graph is no weight.",
        )
    return after


def only_output(got: Mapping[str, np.ndarray], key: str) -> np.ndarray:
    """Return the only output of {name: array}; raise NotYet if `key` has several outputs."""
    require(
        len(got) == 1,
        f"{key} should have one output, but has {in_words(len(got))}: {', '.join(got)}.",
    )
    return next(iter(got.values()))


def named_output(got: Mapping[str, np.ndarray], name: str, key: str) -> np.ndarray:
    """Return the output `name` of {name: array}; raise NotYet if `key` has no such output."""
    require_output(got, name, key)
    return got[name]


def require_output(names: Iterable[str], name: str, key: str) -> None:
    """Require that `name` is among the names of the outputs of the signature `key`."""
    require(
        name in names,
        f"{key} should have an output named {name!r}, but its outputs are: {', '.join(names)}.",
    )


def require_numbers(
    found: Artifact,
    key: str,
    x: np.ndarray,
    expected: np.ndarray,
    tolerance: float,
    which: Iterable[str] = ALL,
    output: str | None = None,
) -> None:
    """Require that a signature with one input gives the expected numbers in each reader.

    Parameters
    ----------
    found : Artifact
    key : str
        The signature.
    x : ndarray, shape (n, ...)
        What the signature gets.
    expected : ndarray, shape (n, 1)
        What the signature should answer.
    tolerance : float
        Largest absolute difference; one of the constants of this module.
    which : iterable of str
        Keys of `readers.READERS`.
    output : str, optional
        Name of the output. Without a name, the signature must have only one.

    Raises
    ------
    NotYet
        For the first reader that answers differently. The message names the worst row.
    """
    name = the_input(signature_of(found, key))
    for reader in which:
        got = answers(found, key, {name: x}, reader)
        require_right(got, key, reader, x, expected, tolerance, output)


def require_right(
    got: Mapping[str, np.ndarray],
    key: str,
    reader: str,
    x: np.ndarray,
    expected: np.ndarray,
    tolerance: float,
    output: str | None = None,
) -> None:
    """Require that one answer of a signature holds the expected numbers; see `require_numbers`.

    Parameters
    ----------
    got : mapping of str to ndarray
        The outputs by name.
    key, reader : str
        What has answered, for the message.
    x, expected, tolerance, output
        As in `require_numbers`.

    Raises
    ------
    NotYet
        If the shape or a number is different. The message names the worst row.
    """
    where = f"{key} in {readers.READERS[reader]}"
    value = only_output(got, key) if output is None else named_output(got, output, key)
    require(
        value.shape == expected.shape,
        f"{where} should answer {len(x)} rows with shape {expected.shape}, but answers with "
        f"shape {value.shape}.",
    )
    worst = int(np.argmax(np.nan_to_num(np.abs(value - expected), nan=np.inf)))
    require(
        np.all(np.abs(value - expected) <= tolerance),
        f"{where} should answer {expected.flat[worst]:.3g} for the row {_row(x, worst)}, but "
        f"answers {value.flat[worst]:.3g}.",
    )


def require_prediction(
    prediction: Any,
    calls: Mapping[str, Any],
    outcomes: Iterable[Any],
    outcome: Callable[[Any], Any],
    why: Mapping[tuple[str, Any], str] | None = None,
) -> None:
    """Require that the learner predicted the outcome of each call.

    Parameters
    ----------
    prediction : object
        The learner's answer. If it is right, a mapping from each key of `calls` to an outcome.
    calls : mapping of str to object
        What is tried, by the words of the exercise.
    outcomes : iterable
        The outcomes that the learner chooses from.
    outcome : callable
        Function of a value of `calls`. It tries the call and returns its outcome.
    why : mapping of (str, outcome) to str, optional
        For a call and a wrong outcome: the reason why it is another one, with what was measured.

    Raises
    ------
    NotAttempted
        If a value of the prediction is `...`.
    NotYet
        For the first prediction that is wrong.
    """
    said = answer_types.mapping(prediction, calls, "prediction")
    outcomes = list(outcomes)
    for name in calls:
        require(
            any(_is(said[name], choice) for choice in outcomes),
            f"{name}: {safe_repr(said[name])} is not one of {', '.join(map(repr, outcomes))}.",
        )
    for name, made in calls.items():
        happens = outcome(made)
        choice = next(choice for choice in outcomes if _is(said[name], choice))
        if choice != happens:
            reason = (why or {}).get((name, choice), "")
            raise NotYet(f"{name}: you say {choice!r}, but it is {happens!r}. {reason}".strip())


def _is(said, choice):
    """Return whether two outcomes are equal and of one kind: True is not 1, and "1" is not 1."""
    try:
        if isinstance(choice, bool):
            return answer_types.boolean(said, "") == choice
        if isinstance(choice, int):
            return answer_types.whole_number(said, "") == choice
        return answer_types.text(said, "") == choice
    except NotYet:
        return False


def measured(made: Callable[[], Any]) -> str:
    """Make a call, and say in a sentence what it returned or raised.

    Parameters
    ----------
    made : callable
        A function without arguments, which returns a tensor or a dict of tensors.

    Returns
    -------
    str
    """
    try:
        value = made()
    except Exception as error:
        return f"It raises {describe(error, 100)}."
    if isinstance(value, dict):
        parts = ", ".join(f"{name!r} of shape {tuple(x.shape)}" for name, x in value.items())
        return f"It returns a dict with {parts}."
    return f"It returns a tensor of shape {tuple(value.shape)}."


def row_text(values: Iterable[float]) -> str:
    """Write one row of numbers with three digits each."""
    return "[" + ", ".join(f"{value:.3g}" for value in values) + "]"


def _row(x, index):
    return row_text(np.atleast_1d(x[min(index, len(x) - 1)]))
