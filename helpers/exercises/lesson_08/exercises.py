"""The exercises of lesson 08, other runtimes."""

import numpy as np

from helpers import readers, runtimes
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    answers,
    export_at,
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

EXACT = 1e-4  # float32 arithmetic in another order stays well below, for the numbers asked here


def lite_file(answer, name):
    """The bytes of the learner's LiteRT file, and its signatures; NotYet when there is none."""
    try:
        content = litert_file.content_of(answer)
        return content, litert_file.signatures(content)
    except (ValueError, ReaderError) as error:
        raise NotYet(f"{name}: {shorten(str(error))}.") from None


def lite_answer(content, key, inputs, name):
    """What the file answers; NotYet with the interpreter's error."""
    try:
        return litert_file.run(content, key, inputs)
    except ReaderError as error:
        raise NotYet(f"{name}: {key} fails in LiteRT: {shorten(str(error))}") from None


def require_near(got, wanted, x, name, key, tolerance=EXACT):
    """The only output of `got` must be `wanted`, (n, 1), for the rows x."""
    require(len(got) == 1, f"{name}: {key} gives {', '.join(got)}; one output is wanted.")
    value = next(iter(got.values()))
    require(
        value.shape == wanted.shape,
        f"{name}: {key} answers with shape {value.shape} to {len(x)} rows; {wanted.shape} is "
        "wanted.",
    )
    require(
        value.dtype.kind == "f",
        f"{name}: {key} answers with {value.dtype}; float32 is wanted.",
    )
    apart = np.nan_to_num(np.abs(value - wanted), nan=np.inf)
    worst = int(np.argmax(apart))
    require(
        apart[worst] <= tolerance,
        f"{name}: {key} answers {value[worst, 0]:.6g} for the row "
        f"{np.round(x[worst].astype(float), 2).tolist()}; {wanted[worst, 0]:.6g} is wanted.",
    )


@exercise(
    "litert_file_1",
    hints=[
        "Convert all of it first, and read in the red text which operations the converter names. "
        "Which door do they belong to?",
        "tf.lite.TFLiteConverter.from_saved_model(str(bakery_dir), signature_keys=[...]) takes "
        "the doors that you name, and no others.",
        "The doors to name are 'predict_two' and 'predict_three'; convert() returns the file's "
        "bytes.",
    ],
    given=exports.bakery,
)
def q1(litert_file_1):
    """Convert an export so that two of its signatures are in one file"""
    q1.given()
    content, found = lite_file(litert_file_1, "litert_file_1")
    more = [key for key, one in found.items() if any(t.dtype == "bytes_" for t in one.outputs)]
    for key, columns in (("predict_two", 2), ("predict_three", 3)):
        require(
            key in found,
            f"litert_file_1: there is no signature {key!r} in it: it has {', '.join(found)}.",
        )
        tensor = found[key].inputs[0]
        name = the_input(found[key])
        require(
            tensor.shape == (None, columns),
            f"litert_file_1: {key} takes {name} of shape {tensor.shape}; (None, {columns}) is "
            "wanted, so that a caller may send any number of rows.",
        )
        require(
            tensor.dtype == "float32",
            f"litert_file_1: {key} takes {name} as {tensor.dtype}; float32 is wanted.",
        )
        for rows in (1, 3, 100):
            x = np.random.default_rng(rows).normal(size=(rows, columns)).astype(np.float32)
            got = lite_answer(content, key, {name: x}, "litert_file_1")
            require_near(got, exports.wanted_scores(x), x, "litert_file_1", key)
    require(
        not more,
        f"litert_file_1: both doors are right, and {', '.join(more)} came along, whose texts this "
        "interpreter cannot put together.",
    )
    return (
        "two doors in one file, right for 1, 3 and 100 rows, and there was no TensorFlow in the "
        "process that asked it."
    )


@exercise(
    "prediction",
    hints=[
        "The file holds the graph and the weights of the moment of the conversion. What of the "
        "directory does the interpreter still need?",
        "The interpreter casts nothing, and it knows the keys that were named in signature_keys.",
        "Three of the changes go wrong, and two of these say so.",
    ],
)
def q2(prediction):
    """Predict what becomes of a conversion"""
    require_prediction(prediction, {name: name for name in CHANGES}, OUTCOMES, outcome)
    return (
        "right, all six. The file needs nothing but itself; and a converter that says nothing has "
        "proved nothing, so compare numbers."
    )


TIGHT, LOOSE = 0.01, 0.2  # the largest error that a customer can bear
# Largest size as a part of the weights' in float32, largest error, words.
BUDGETS = {"precise_file": (0.6, TIGHT, "a half"), "small_file": (0.35, LOOSE, "a third")}


@exercise(
    "precise_file small_file",
    hints=[
        "Make all three kinds, and for each measure its size and its largest error on `readings`.",
        "float16: optimizations = [tf.lite.Optimize.DEFAULT] and target_spec.supported_types = "
        "[tf.float16]. Dynamic range: the optimizations alone.",
        "int8 needs a representative_dataset with the largest and the smallest numbers that come "
        "in use, so give it all `readings`.",
    ],
    given=exports.meter,
)
def q3(precise_file, small_file):
    """Choose a quantisation for each of two error budgets"""
    directory, rows = q3.given()
    (reference,) = readers.run(directory, "serving_default", {"readings": rows}).values()
    for name, answer in (("precise_file", precise_file), ("small_file", small_file)):
        part, budget, words = BUDGETS[name]
        content, found = lite_file(answer, name)
        require(
            len(found) == 1,
            f"{name}: it has the signatures {', '.join(found) or '(none)'}; one is wanted: name it "
            "in signature_keys.",
        )
        (key,) = found
        tensor = signature_tensor(found[key], name)
        for some in (rows, rows[:1]):
            got = lite_answer(content, key, {tensor.name: some}, name)
            error = largest_error(got, reference[: len(some)], name, key)
            require(
                error <= budget,
                f"{name}: the largest error on `readings` is {error:.2g}; at most {budget} is "
                "allowed.",
            )
        require(
            len(content) <= part * exports.METER_BYTES,
            f"{name}: {readable_size(len(content))} is within the budget, and there is a kind "
            f"that is, too, with about {words} of the {readable_size(exports.METER_BYTES)} of "
            "float32.",
        )
    return (
        "each file is as small as its error budget allows, on the rows that come in use. (For the "
        "second, dynamic range and int8 come to the same, to one part in a hundred.)"
    )


def signature_tensor(signature, name):
    """The only input, float32, (None, 8)."""
    the_input(signature)
    (tensor,) = signature.inputs
    require(
        tensor.dtype == "float32" and tensor.shape == (None, 8),
        f"{name}: {signature.key} takes {tensor}; float32 (None, 8) is wanted.",
    )
    return tensor


def largest_error(got, wanted, name, key):
    require(len(got) == 1, f"{name}: {key} gives {', '.join(got)}; one output is wanted.")
    value = next(iter(got.values()))
    require(
        value.shape == wanted.shape and value.dtype == np.float32,
        f"{name}: {key} answers with {value.dtype} of shape {value.shape}; float32 of shape "
        f"{wanted.shape} is wanted.",
    )
    return float(np.nan_to_num(np.abs(value - wanted), nan=np.inf).max())


EXPORTS = ("houses", "colours", "reviews")
STUCK = "reviews"


@exercise(
    "cannot_cross split_dir",
    hints=[
        "runtimes.run(exports_dir / name, 'serving_default', {...}, 'litert') with one row for "
        "each; artifact.read(exports_dir / name) shows what it takes. One of them gives an error.",
        "found = tf.saved_model.load(exports_dir / 'reviews') has the three methods. Which of them "
        "touches texts, and which only numbers?",
        "archive.add_endpoint('count_words', found.count_words), and the same with found.weigh; "
        "then write_out.",
    ],
    given=exports.three_exports,
)
def q4(cannot_cross, split_dir):
    """Diagnose which export cannot cross, and split it"""
    q4.given()
    require(
        isinstance(cannot_cross, str) and cannot_cross in EXPORTS,
        f"cannot_cross: {safe_repr(cannot_cross)} is not one of {', '.join(map(repr, EXPORTS))}.",
    )
    require(
        cannot_cross == STUCK,
        f"cannot_cross: {cannot_cross!r} answers in LiteRT as it does in Python. Try it.",
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
            f"{key} takes {signature.inputs[0].dtype}; {dtype} is wanted: texts stay in one half, "
            "numbers cross in the other.",
        )
        require_any_batch(signature)
    reviews = [exports.REVIEWS[n % len(exports.REVIEWS)] for n in range(100)]
    for count in (1, 3, 100):
        texts = reviews[:count]
        wanted = exports.opinions(texts)
        for reader in ("python", "session"):
            half = answers(found, "count_words", {inputs["count_words"]: texts}, reader)
            require(
                len(half) == 1,
                f"count_words gives {', '.join(half)}; one output is wanted, which weigh takes.",
            )
        (numbers,) = half.values()
        require(
            numbers.dtype.kind in "fiu",
            f"count_words gives {numbers.dtype.name}; numbers are wanted, because texts cannot "
            "cross.",
        )
        feed = {inputs["weigh"]: numbers}
        for reader in ("python", "session"):  # LiteRT is among the runtimes
            got = answers(found, "weigh", feed, reader)
            _require_opinion(got, wanted, texts, readers.READERS[reader])
        for runtime in runtimes.RUNTIMES:
            if not runtimes.missing(runtime):
                try:
                    got = runtimes.run(found.directory, "weigh", feed, runtime)
                except ReaderError as error:
                    words = runtimes.RUNTIMES[runtime]
                    raise NotYet(f"weigh fails in {words}: {shorten(str(error))}") from None
                _require_opinion(got, wanted, texts, runtimes.RUNTIMES[runtime])
    return (
        "texts become numbers where Python or a server is, and the numbers are weighed the same "
        "everywhere."
    )


def _require_opinion(got, wanted, texts, where):
    require(len(got) == 1, f"weigh gives {', '.join(got)}; one output is wanted.")
    (value,) = got.values()
    require(
        value.shape == wanted.shape,
        f"weigh in {where} answers with shape {value.shape} to {len(texts)} reviews; "
        f"{wanted.shape} is wanted.",
    )
    apart = np.nan_to_num(np.abs(value.astype(float) - wanted), nan=np.inf)
    worst = int(np.argmax(apart))
    require(
        apart[worst] <= EXACT,
        f"weigh in {where} answers {value[worst, 0]:.6g} after count_words of {texts[worst]!r}; "
        f"{wanted[worst, 0]:.6g} is wanted.",
    )
