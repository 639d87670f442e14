"""The exercises of lesson 08, other runtimes."""

import numpy as np

from helpers import readers, runtimes
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    SAME,
    answers,
    export_at,
    in_words,
    only_output,
    require_any_batch,
    require_prediction,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_08 import exports
from helpers.exercises.lesson_08.q2_conversion import CHANGES, OUTCOMES, outcome
from helpers.exercises.outcomes import NotYet, require
from helpers.readers import ReaderError
from helpers.runtimes import litert_file
from helpers.text import readable_size, safe_repr, shorten


def lite_file(answer, name):
    """Return the bytes of the learner's LiteRT file, and its signatures."""
    try:
        content = litert_file.content_of(answer)
        return content, litert_file.signatures(content)
    except (ValueError, ReaderError) as error:
        raise NotYet(f"{name}: {shorten(str(error))}.") from None


def lite_answer(content, key, inputs, name):
    """Call a signature of the file; raise NotYet with the interpreter's error."""
    try:
        return litert_file.run(content, key, inputs)
    except ReaderError as error:
        raise NotYet(f"{name}: {key} fails in LiteRT: {shorten(str(error))}") from None


def require_near(got, expected, x, name, key, tolerance=SAME):
    """Require that the only output of `got` is `expected`, (n, 1), for the rows x."""
    value = only_output(got, f"{name}: {key}")
    require(
        value.shape == expected.shape,
        f"{name}: {key} should answer {len(x)} rows with shape {expected.shape}, but answers with "
        f"shape {value.shape}.",
    )
    require(
        value.dtype.kind == "f",
        f"{name}: {key} should answer with float32, but answers with {value.dtype}.",
    )
    apart = np.nan_to_num(np.abs(value - expected), nan=np.inf)
    worst = int(np.argmax(apart))
    require(
        apart[worst] <= tolerance,
        f"{name}: {key} should answer {expected[worst, 0]:.6g} for the row "
        f"{np.round(x[worst].astype(float), 2).tolist()}, but answers {value[worst, 0]:.6g}.",
    )


@exercise(
    "q1",
    "litert_file_1",
    hints=[
        "Convert the whole export first, and read in the red text which operations the converter "
        "names. Which signature uses them?",
        "tf.lite.TFLiteConverter.from_saved_model(str(bakery_dir), signature_keys=[...]) converts "
        "only the signatures that you name.",
        "Name the signatures 'predict_two' and 'predict_three'. convert() returns the bytes of the "
        "file.",
    ],
    given=exports.bakery,
)
def convert_two_signatures(litert_file_1):
    """Convert an export so that two of its signatures are in one file"""
    convert_two_signatures.original()
    content, found = lite_file(litert_file_1, "litert_file_1")
    more = [key for key, one in found.items() if any(t.dtype == "bytes_" for t in one.outputs)]
    for key, columns in (("predict_two", 2), ("predict_three", 3)):
        require(
            key in found,
            f"litert_file_1 should have the signature {key!r}, but its signatures are: "
            f"{', '.join(found) or 'none'}.",
        )
        tensor = found[key].inputs[0]
        name = the_input(found[key])
        require(
            tensor.shape == (None, columns),
            f"litert_file_1: {key} should take {name} of shape (None, {columns}), so that a caller "
            f"may send any number of rows, but takes {name} of shape {tensor.shape}.",
        )
        require(
            tensor.dtype == "float32",
            f"litert_file_1: {key} should take {name} as float32, but takes {name} as "
            f"{tensor.dtype}.",
        )
        for rows in (1, 3, 100):
            x = np.random.default_rng(rows).normal(size=(rows, columns)).astype(np.float32)
            got = lite_answer(content, key, {name: x}, "litert_file_1")
            require_near(got, exports.right_scores(x), x, "litert_file_1", key)
    require(
        not more,
        "litert_file_1 should have predict_two and predict_three only, which are right, but has "
        f"{', '.join(more)} as well. This interpreter cannot join its texts.",
    )
    return (
        "the file has two signatures, which give right scores for 1, 3 and 100 rows in a process "
        "without TensorFlow."
    )


@exercise(
    "q2",
    "prediction",
    hints=[
        "The file holds the graph and the weights as they are at the conversion. Which files of "
        "the directory does the interpreter still need?",
        "The interpreter casts nothing, and it knows only the keys in signature_keys.",
        "Three of the changes do harm, and two of these three give an error.",
    ],
)
def predict_six_changes(prediction):
    """Predict what six changes do to a conversion"""
    require_prediction(prediction, {name: name for name in CHANGES}, OUTCOMES, outcome)
    return (
        "all six predictions are right. The file needs no other file. A conversion without an "
        "error can still give wrong numbers, so compare the numbers."
    )


TIGHT, LOOSE = 0.01, 0.2  # the largest errors that the customers accept
# Largest size as a part of the size of the float32 weights, largest error, words.
BUDGETS = {"precise_file": (0.6, TIGHT, "a half"), "small_file": (0.35, LOOSE, "a third")}


@exercise(
    "q3",
    "precise_file small_file",
    hints=[
        "Make all three kinds of files, and measure the size and the largest error on `readings` "
        "of each.",
        "float16: optimizations = [tf.lite.Optimize.DEFAULT] and target_spec.supported_types = "
        "[tf.float16]. Dynamic range: only the optimizations.",
        "int8 needs a representative_dataset with the largest and the smallest numbers of the "
        "requests, so give it all `readings`.",
    ],
    given=exports.meter,
)
def choose_the_quantisation(precise_file, small_file):
    """Choose a quantisation for each of two error budgets"""
    directory, rows = choose_the_quantisation.original()
    (reference,) = readers.run(directory, "serving_default", {"readings": rows}).values()
    for name, answer in (("precise_file", precise_file), ("small_file", small_file)):
        part, budget, words = BUDGETS[name]
        content, found = lite_file(answer, name)
        require(
            len(found) == 1,
            f"{name} should have one signature, but has {in_words(len(found))}: "
            f"{', '.join(found)}. Name one in signature_keys.",
        )
        (key,) = found
        tensor = signature_tensor(found[key], name)
        for some in (rows, rows[:1]):
            got = lite_answer(content, key, {tensor.name: some}, name)
            error = largest_error(got, reference[: len(some)], name, key)
            require(
                error <= budget,
                f"{name} should have a largest error on `readings` of at most {budget}, but has "
                f"{error:.2g}.",
            )
        require(
            len(content) <= part * exports.METER_BYTES,
            f"{name} should be as small as its error budget allows, but has "
            f"{readable_size(len(content))}. Another kind with about {words} of the "
            f"{readable_size(exports.METER_BYTES)} of float32 also keeps the budget.",
        )
    return (
        "each file keeps its error budget on `readings`, with a kind of the smallest size that "
        "can. (For the second file, dynamic range and int8 give the same size, to one part in a "
        "hundred.)"
    )


def signature_tensor(signature, name):
    """Return the only input of a signature; raise NotYet unless it is float32, (None, 8)."""
    the_input(signature)
    (tensor,) = signature.inputs
    require(
        tensor.dtype == "float32" and tensor.shape == (None, 8),
        f"{name}: {signature.key} should take float32 (None, 8), but takes {tensor}.",
    )
    return tensor


def largest_error(got, expected, name, key):
    """Return the largest difference between the only output of `got` and `expected`, (n, 1)."""
    value = only_output(got, f"{name}: {key}")
    require(
        value.shape == expected.shape and value.dtype == np.float32,
        f"{name}: {key} should answer with float32 of shape {expected.shape}, but answers with "
        f"{value.dtype} of shape {value.shape}.",
    )
    return float(np.nan_to_num(np.abs(value - expected), nan=np.inf).max())


EXPORTS = ("houses", "colours", "reviews")
STUCK = "reviews"


@exercise(
    "q4",
    "cannot_cross split_dir",
    hints=[
        "Call runtimes.run(exports_dir / name, 'serving_default', {...}, 'litert') with one row "
        "for each export. artifact.read(exports_dir / name) shows what it takes. One of the three "
        "calls gives an error.",
        "found = tf.saved_model.load(exports_dir / 'reviews') has the three methods. Which of them "
        "uses texts, and which uses numbers only?",
        "Call archive.add_endpoint('count_words', found.count_words), do the same with "
        "found.weigh, and then call write_out.",
    ],
    given=exports.three_exports,
)
def split_the_export(cannot_cross, split_dir):
    """Diagnose which export cannot run in LiteRT, and split it"""
    split_the_export.original()
    require(
        isinstance(cannot_cross, str) and cannot_cross in EXPORTS,
        f"cannot_cross: {safe_repr(cannot_cross)} is not one of {', '.join(map(repr, EXPORTS))}.",
    )
    require(
        cannot_cross == STUCK,
        "cannot_cross should be an export that fails in LiteRT, but "
        f"{cannot_cross!r} gives the same answers in LiteRT as in Python. Try it.",
    )
    try:
        return _require_split(export_at(split_dir, "split_dir"))
    except NotYet as error:
        words = str(error)
        raise NotYet(words if words.startswith("split_dir") else f"split_dir: {words}") from None


def _require_split(found):
    inputs = {}
    for key, dtype in (("count_words", "string"), ("weigh", "float32")):
        signature = signature_of(found, key)
        inputs[key] = the_input(signature)
        require(
            signature.inputs[0].dtype == dtype,
            f"{key} should take {dtype}, but takes {signature.inputs[0].dtype}. count_words takes "
            "texts and stays in TensorFlow, weigh takes numbers and runs in LiteRT.",
        )
        require_any_batch(signature)
    reviews = [exports.REVIEWS[n % len(exports.REVIEWS)] for n in range(100)]
    for count in (1, 3, 100):
        texts = reviews[:count]
        expected = exports.opinions(texts)
        for reader in ("python", "session"):
            half = answers(found, "count_words", {inputs["count_words"]: texts}, reader)
            numbers = only_output(half, "count_words")  # weigh takes one input
        require(
            numbers.dtype.kind in "fiu",
            f"count_words should give numbers, which weigh takes, but gives {numbers.dtype.name}.",
        )
        feed = {inputs["weigh"]: numbers}
        for reader in ("python", "session"):  # LiteRT is among the runtimes
            got = answers(found, "weigh", feed, reader)
            _require_opinion(got, expected, texts, readers.READERS[reader])
        for runtime in runtimes.RUNTIMES:
            if not runtimes.missing(runtime):
                try:
                    got = runtimes.run(found.directory, "weigh", feed, runtime)
                except ReaderError as error:
                    words = runtimes.RUNTIMES[runtime]
                    raise NotYet(f"weigh fails in {words}: {shorten(str(error))}") from None
                _require_opinion(got, expected, texts, runtimes.RUNTIMES[runtime])
    return (
        "count_words turns texts into numbers in TensorFlow, and weigh gives the same opinion for "
        "these numbers in every reader and runtime that is installed."
    )


def _require_opinion(got, expected, texts, where):
    value = only_output(got, "weigh")
    require(
        value.shape == expected.shape,
        f"weigh in {where} should answer {len(texts)} reviews with shape {expected.shape}, but "
        f"answers with shape {value.shape}.",
    )
    apart = np.nan_to_num(np.abs(value.astype(float) - expected), nan=np.inf)
    worst = int(np.argmax(apart))
    require(
        apart[worst] <= SAME,
        f"weigh in {where} should answer {expected[worst, 0]:.6g} after count_words of "
        f"{texts[worst]!r}, but answers {value[worst, 0]:.6g}.",
    )
