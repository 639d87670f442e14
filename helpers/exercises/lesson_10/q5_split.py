"""The check of an export that was split into count_words and weigh, for exercise 5 of lesson 10."""

import numpy as np

from helpers import runtimes
from helpers.artifact.saved_model import Artifact
from helpers.exercises import battery
from helpers.exercises.export_checks import (
    COMPUTING,
    SAME,
    answers,
    only_output,
    require_any_batch,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_10.exports import REVIEWS
from helpers.exercises.lesson_10.variants import Reviews
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong, require_same_answers
from helpers.readers import ReaderError
from helpers.text import safe_repr, shorten

SERVER = ("python", "session")
LONG = 200  # words before a counted word


def require_split(found: Artifact, drawn: Reviews) -> None:
    """Require that each of the two signatures answers what its method answers.

    Parameters
    ----------
    found : Artifact
    drawn : Reviews
        What the methods compute.

    Raises
    ------
    NotYet
        For the first difference.
    """
    for key, dtype in (("count_words", "string"), ("weigh", "float32")):
        signature = signature_of(found, key)
        the_input(signature)
        require(
            signature.inputs[0].dtype == dtype,
            f"{key} should take {dtype}, but takes {signature.inputs[0].dtype}. count_words takes "
            "texts and stays in TensorFlow, weigh takes numbers and runs in LiteRT.",
        )
        require_any_batch(signature)
    _require_counts(found, drawn)
    _require_opinions(found, drawn)


def texts(drawn: Reviews) -> np.ndarray:
    """Make texts with each counted word alone, changed, repeated and among other words."""
    sentences = []
    for first, second in zip(drawn.worth, [*drawn.worth][1:] + [*drawn.worth][:1], strict=True):
        sentences += [
            f"{first}, {second.upper()}! {first}",
            f"A {first}-{second} film",
            f"{second}2{first}\tun{first}",
            f"{first}\n{second}.{second} {first} {first}",
            f"{'So ' * LONG}{first}, {'so ' * LONG}{second}",
        ]
    return battery.words(drawn.worth, unknown=[*battery.UNKNOWN, *REVIEWS, *sentences])


def _require_counts(found, drawn):
    signature = found.signatures["count_words"]
    name, words = signature.inputs[0].name, [*drawn.worth]
    first = np.array([f"{words[0].capitalize()}, {words[1]} {words[0]}!", "x", words[2]], object)
    got = only_output(answers(found, "count_words", {name: first}, "python"), "count_words")
    require(
        got.dtype == np.float32,
        f"count_words should give float32, which weigh takes, but gives {got.dtype.name}.",
    )
    right = drawn.counts(first)
    require(
        got.shape == right.shape,
        f"count_words should give {len(words)} counts for each text, as the method does, but "
        f"answers {len(first)} texts with shape {got.shape}.",
    )
    wrong = (got != right).any(axis=1)
    row = int(np.argmax(wrong))
    require(
        not wrong.any(),
        f"count_words should give the counts {right[row].astype(int).tolist()} for "
        f"{safe_repr(first[row])}, as the method does, but gives {got[row].tolist()}. weigh makes "
        "the opinion of them.",
    )
    output = signature.outputs[0].name

    def counts(**inputs):
        return {output: drawn.counts(inputs[name]).astype(got.dtype)}

    many = {name: texts(drawn)}
    require_same_answers(found, "count_words", many, counts, SERVER, who="the method")


def _numbers(drawn):
    """Make rows of numbers in place of counts, so that each weight decides."""
    columns = len(drawn.worth)
    rows = battery.numbers(columns, 0, 3, reach=battery.OUTSIDE)
    return np.concatenate([np.eye(columns, dtype=np.float32), rows[: len(rows) - columns]])


def _require_opinions(found, drawn):
    signature = found.signatures["weigh"]
    name, output = signature.inputs[0].name, signature.outputs[0].name
    columns = len(drawn.worth)
    require(
        signature.inputs[0].shape in ((None, columns), (None, None)),
        f"weigh should take the {columns} counts of each text, of shape (None, {columns}), but "
        f"takes {name} of shape {signature.inputs[0].shape}.",
    )
    require(
        len(signature.outputs) == 1,
        f"weigh should have one output, but has {len(signature.outputs)}.",
    )
    many = {name: _numbers(drawn)}
    require_same_answers(
        found,
        "weigh",
        many,
        lambda **inputs: {output: drawn.opinions(inputs[name])},
        SERVER,
        who="the method",
    )
    for runtime in runtimes.RUNTIMES:
        if runtimes.missing(runtime):
            continue
        for size, batch in battery.batches(many).items():
            if len(batch[name]):  # most of the runtimes take no empty batch
                _require_opinion(found, drawn, batch, size, runtime)


def _require_opinion(found, drawn, batch, size, runtime):
    where = runtimes.RUNTIMES[runtime]
    try:
        got = runtimes.run(found.directory, "weigh", batch, runtime, computing=COMPUTING)
    except ReaderError as error:
        raise NotYet(f"weigh fails in {where}: {shorten(str(error))}") from None
    (rows,) = batch.values()
    value, expected = only_output(got, "weigh"), drawn.opinions(rows)
    require(
        value.shape == expected.shape,
        f"weigh in {where} should answer {size} with shape {expected.shape}, but answers with "
        f"shape {value.shape}.",
    )
    wrong = ~np.isclose(value, expected, rtol=SAME, atol=SAME)
    row = int(np.argmax(wrong))
    require(
        not wrong.any(),
        f"weigh in {where}, {size}, should answer {expected[row, 0]:.6g} for the counts "
        f"{rows[row].tolist()}, but answers {value[row, 0]:.6g}.",
    )


def nearest_opinion(drawn: Reviews) -> str:
    """Say which of the usual wrong counts is nearest to the right ones."""
    others = {
        "capitals and small letters are told apart": lambda text: drawn.counts(
            text, lambda one: "".join(c if c.islower() else " " for c in one).split()
        ),
        "words are split at blanks only": lambda text: drawn.counts(
            text, lambda one: one.lower().split()
        ),
        "each word counts once": lambda text: np.minimum(drawn.counts(text), 1),
        "a word counts inside longer words as well": lambda text: np.array(
            [[one.lower().count(word) for word in drawn.worth] for one in text], np.float32
        ),
    }
    return nearest_wrong(
        {"text": texts(drawn)},
        lambda text: {"counts": drawn.counts(text)},
        {
            words: lambda text, other=other: {"counts": other(text)}
            for words, other in others.items()
        },
    )
