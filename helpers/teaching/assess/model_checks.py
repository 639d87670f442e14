"""Requirements 1 to 3 and 5 to 7: what one version of the model is, and what it answers."""

import numpy as np

from helpers import artifact, readers
from helpers.artifact.saved_model import TensorInfo
from helpers.inspection.gate import gate
from helpers.penguins.data import RAW, SPECIES, complete, take
from helpers.readers.compare import compare
from helpers.readers.input_files import WrongOption
from helpers.readers.outcomes import ANSWERS, FAILS, FAILURES, SAME
from helpers.readers.sameness import close
from helpers.teaching.assess.brief import (
    ENDPOINTS,
    MEANS,
    RIGHT,
    SIZE,
    columns,
    expected_tensors,
    held_out,
)
from helpers.teaching.assess.folder import Version
from helpers.teaching.assess.report import NotMet, NotTried
from helpers.text import printable, readable_size, shorten

Rows = dict[str, np.ndarray]
Found = tuple[str, dict[str, float]]  # words, figures
COMPUTING = 10  # seconds of CPU time for the answers to a question
NO_ANSWER = ("TimeoutError: no answer within", "the reading process died")
UNKNOWN = "Paulet"  # an island that no penguin of the data lives on


def asked(
    version: Version, key: str, batches: list[Rows], names: list[str], reader: str = "python"
) -> list[Rows]:
    """Call an endpoint with several batches in a clean process.

    Parameters
    ----------
    version : Version
    key : str
    batches : list of dict of str to array
        The inputs of each call.
    names : list of str
        What each batch holds, for the message.
    reader : str
        One of helpers.readers.READERS.

    Returns
    -------
    list of dict of str to array
        The outputs of each call.

    Raises
    ------
    NotMet
        If the reader fails, or computes too long.
    NotTried
        If there is no answer for another reason, such as a busy computer.
    """
    try:
        answers, error = readers.run_batches(
            version.path, key, batches, reader, computing=COMPUTING
        )
    except readers.ReaderError as failed:
        answers, error = [], failed.error
    if error.startswith(NO_ANSWER):
        raise NotTried(f"{key} in the reader {reader}: {error}")
    if error:
        raise NotMet(
            f"{key} should answer {names[len(answers)]}, but the reader {reader} says: "
            f"{shorten(error, 200)}"
        )
    return answers


def loads(version: Version) -> Found:
    """Requirement 1: the gate finds nothing, and another process loads the version."""
    if version.problem:
        raise NotMet(f"{version.problem}")
    try:
        version.signatures = artifact.read(version.path).signatures
    except artifact.NotAnArtifact as error:
        raise NotMet(f"{error}. Export again.") from None
    verdict = gate(version.path)
    if not verdict.ok:
        raise NotMet(f"the gate of lesson 04 says: {shorten('; '.join(verdict.reasons[:2]), 300)}")
    for reader in ("python", "session"):
        try:
            readers.signatures(version.path, reader)
        except readers.ReaderError as error:
            if error.error.startswith(NO_ANSWER):
                raise NotTried(f"{reader}: {error.error}") from None
            raise NotMet(f"{reader} cannot load it: {shorten(error.error, 200)}") from None
    return "the gate found nothing, and Python and the session load it from a copy", {}


def endpoints(version: Version) -> Found:
    """Requirement 2: the three endpoints have the form of the brief, and agree."""
    version.require(1)
    _require_form(version)
    rows = complete_rows()
    many = [f"{len(rows['sex'])} penguins"]
    (answer,) = asked(version, "classify", [columns(rows)], many)
    (whole,) = asked(version, "probabilities", [columns(rows)], many)
    (short,) = asked(version, "measurements", [columns(rows, "measurements")], many)
    for key, got in {"classify": answer, "probabilities": whole, "measurements": short}.items():
        _require_shapes(key, got, len(rows["sex"]))
    for key, got in {"probabilities": whole, "measurements": short}.items():
        sums = got["probabilities"].sum(axis=1)
        if not (np.abs(sums - 1) < 1e-3).all() or (got["probabilities"] < 0).any():
            raise NotMet(f"{key} should answer probabilities, which are 0 or more with the sum 1")
    best = whole["probabilities"].argmax(axis=1)
    if not (_texts(answer["species"]) == np.array(SPECIES)[best]).all():
        raise NotMet(
            "classify should answer the most probable species of probabilities, whose columns are "
            f"{', '.join(SPECIES)}, but answers others"
        )
    if not close(whole["probabilities"].max(axis=1), answer["probability"]):
        raise NotMet("classify should answer the largest of the probabilities, but answers others")
    return "names, dtypes and shapes are right, and classify agrees with probabilities", {}


def _require_form(version):
    for key in ENDPOINTS:
        if key not in version.signatures:
            has = ", ".join(map(printable, version.signatures)) or "none"
            raise NotMet(f"the signature {key} is missing: there are {shorten(has, 120)}")
        signature = version.signatures[key]
        for side, what, tensors in (
            (0, "input", signature.inputs),
            (1, "output", signature.outputs),
        ):
            found = {tensor.name: tensor for tensor in tensors}
            expected = expected_tensors(key, side)
            for name, tensor in expected.items():
                if name not in found:
                    has = ", ".join(map(printable, found)) or "none"
                    raise NotMet(f"{key} has no {what} {name}: it has {shorten(has, 120)}")
                if not _fits(tensor, found[name], exact=side == 0):
                    raise NotMet(f"the {what} of {key} should be {tensor}, but is {found[name]}")
            if more := sorted(found.keys() - expected.keys()):
                raise NotMet(
                    f"{key} has the {what} {printable(more[0])}, which the brief does not have"
                )


def _fits(expected: TensorInfo, found: TensorInfo, exact: bool) -> bool:
    """Compare an input exactly. The shape of an output may be unknown in the graph."""
    if expected.dtype != found.dtype:
        return False
    if exact or expected.shape == found.shape:
        return expected.shape == found.shape
    return found.shape is None or (
        len(found.shape) == len(expected.shape or ())
        and all(f in (None, e) for e, f in zip(expected.shape or (), found.shape, strict=True))
    )


def _require_shapes(key, got, count):
    for name, (_, shape) in ENDPOINTS[key][1].items():
        right = (count, *shape[1:])
        if got[name].shape != right:
            raise NotMet(
                f"{key} should answer {name} of shape {right} for {count} penguins, but answers "
                f"{got[name].shape}"
            )


def raw_rows(version: Version) -> Found:
    """Requirement 3: gaps, words in any case and unknown words, and the share of right species."""
    version.require(1, 2)
    rows = columns(held_out())
    whole_rows = columns(complete_rows())
    pairs = _same_answers(whole_rows)
    batches = [rows, *(batch for pair in pairs.values() for batch in pair)]
    names = ["the held-out penguins", *(name for name in pairs for _ in range(2))]
    answers = [a["probabilities"] for a in asked(version, "probabilities", batches, names)]
    for number, name in enumerate(pairs):
        left, right = answers[1 + 2 * number], answers[2 + 2 * number]
        if not close(left, right):
            raise NotMet(f"{name} should get the same answer as {_SAME_AS[name]}, but does not")
    if not np.isfinite(answers[0]).all():
        raise NotMet("the held-out penguins should get probabilities, but get nan or infinity")
    shorter = {name: whole_rows[name] for name in MEANS}
    (short,) = asked(version, "measurements", [shorter], ["a penguin without words"])
    wordless = list(pairs).index("an unknown island and an unknown sex")
    if not close(answers[2 + 2 * wordless], short["probabilities"]):
        raise NotMet(
            'measurements should answer what probabilities answers for the words "", but does not'
        )
    share = float((np.array(SPECIES)[answers[0].argmax(axis=1)] == held_out()["species"]).mean())
    figures = {"share right": share}
    if share < RIGHT:
        raise NotMet(
            f"at least {RIGHT * 100:g} % of the held-out penguins should get the right species, "
            "but fewer do"
        )
    return (
        "gaps, unknown words and words in any case get the right answer, and so do at least "
        f"{RIGHT * 100:g} % of the held-out penguins"
    ), figures


_SAME_AS = {
    **{f"a missing {name}": f"{mean:g}" for name, mean in MEANS.items()},
    "an unknown island": 'the island ""',
    "an unknown sex": 'the sex ""',
    "an unknown island and an unknown sex": 'the words ""',
    "an island in capital letters": "the same island in small letters",
    "a sex in capital letters": "the same sex in small letters",
    "an island that begins with a capital letter": "the same island in small letters",
}


def _same_answers(rows: Rows) -> dict[str, tuple[Rows, Rows]]:
    """Return two batches that must get the same answers, by the words for the first one."""
    count = len(rows["sex"])

    def with_words(word, *names):
        return rows | {name: np.full(count, word) for name in names}

    pairs = {
        f"a missing {name}": (
            rows | {name: np.full(count, np.nan, np.float32)},
            rows | {name: np.full(count, mean, np.float32)},
        )
        for name, mean in MEANS.items()
    }
    pairs["an unknown island"] = with_words(UNKNOWN, "island"), with_words("", "island")
    pairs["an unknown sex"] = with_words("unknown", "sex"), with_words("", "sex")
    both = ("island", "sex")
    words = "an unknown island and an unknown sex"
    pairs[words] = with_words(UNKNOWN, *both), with_words("", *both)
    lower = {name: np.char.lower(rows[name]) for name in both}
    small = rows | lower
    for name in both:
        words = f"a{'n island' if name == 'island' else ' sex'} in capital letters"
        pairs[words] = small | {name: np.char.upper(rows[name])}, small
    words = "an island that begins with a capital letter"
    pairs[words] = small | {"island": np.char.capitalize(lower["island"])}, small
    assert pairs.keys() == _SAME_AS.keys()
    return pairs


def same_in_readers(version: Version) -> Found:
    """Requirement 5: Python and the session agree, and LiteRT agrees where it can read."""
    version.require(1, 2)
    rows = columns(held_out())
    inputs = {key: {name: rows[name] for name in ENDPOINTS[key][0]} for key in ENDPOINTS}
    try:
        report = compare(version.path, inputs, golden=False)
    except (WrongOption, readers.ReaderError) as error:
        raise NotMet(f"the readers could not be compared: {shorten(str(error), 200)}") from None
    refused = []
    for row in report.rows:
        if row.signature not in ENDPOINTS or row.status in (SAME, ANSWERS):
            continue
        words = f"{row.signature} in {row.reader}: {row.status}"
        if row.error.startswith(NO_ANSWER):
            raise NotTried(f"{words}. {row.error}")
        if row.reader == "litert" and row.status == FAILS and row.signature != "measurements":
            refused.append(row.signature)
            continue
        told = (row.error, row.cure) if row.status in FAILURES else (row.cure, row.error)
        raise NotMet(f"{words}. {shorten(told[0] or told[1], 200)}".strip())
    words = "Python and the session give the same numbers, and so does LiteRT for measurements"
    if refused:
        words += (
            f". LiteRT refuses {' and '.join(refused)}, with an error and not with other numbers"
        )
    return words, {}


def batches(version: Version) -> Found:
    """Requirement 6: any number of rows, and each row's answer depends on this row alone."""
    version.require(1, 2)
    for key in ENDPOINTS:
        rows = columns(complete_rows(), key)
        count = len(next(iter(rows.values())))
        many = take(rows, np.arange(5 * count) % count)
        order = np.random.default_rng(0).permutation(count)
        sent = [rows, take(rows, order), many, *(take(rows, [i]) for i in range(3)), take(rows, [])]
        names = [f"{count} penguins", "the same penguins in another order", f"{5 * count} penguins"]
        names += ["one penguin"] * 3 + ["no penguin"]
        for reader in ("python", "session"):
            whole, mixed, repeated, *single, empty = asked(version, key, sent, names, reader)
            _require_shapes(key, empty, 0)
            for name, values in whole.items():
                if not _alike(values[order], mixed[name]):
                    raise NotMet(f"{key} answers other {name} if the rows come in another order")
                if not _alike(values[np.arange(5 * count) % count], repeated[name]):
                    raise NotMet(f"{key} answers other {name} if more rows are sent with them")
                if not all(_alike(values[[i]], one[name]) for i, one in enumerate(single)):
                    raise NotMet(f"{key} answers other {name} if a row is sent alone")
    return "no row, one row and many rows, alone and together, get the same answers", {}


def size(version: Version) -> Found:
    """Requirement 7: the bytes of all files of the version."""
    figures = {"kB": version.size / 1000}
    if version.size > SIZE:
        raise NotMet(
            f"version {version.number} should have at most {readable_size(SIZE)}, but has "
            f"{readable_size(version.size)}"
        )
    if version.problem:
        version.require(1)
    return f"all files together have at most {readable_size(SIZE)}", figures


def _alike(left, right):
    """Compare the answers for single rows: each has a usual size of its own."""
    if left.dtype.kind == "f":
        return bool(np.allclose(left, right, rtol=1e-4, atol=1e-5))
    return bool((left == right).all())


def complete_rows() -> Rows:
    rows = held_out()
    return take(rows, complete({name: rows[name] for name in RAW}))


def _texts(values: np.ndarray) -> np.ndarray:
    return np.array([v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values])
