"""The exercises of lesson 10, other runtimes."""

import numpy as np

from helpers import readers
from helpers.exercises import answer_types, battery
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import export_at, require_prediction
from helpers.exercises.lesson_10 import exports
from helpers.exercises.lesson_10.lite_file_checks import (
    largest_error,
    lite_file,
    require_input,
    require_scores,
)
from helpers.exercises.lesson_10.q2_conversion import CHANGES, OUTCOMES, Reasons, outcome
from helpers.exercises.lesson_10.q3_difference import require_found
from helpers.exercises.lesson_10.q3_laboratory import export_laboratory, made_in
from helpers.exercises.lesson_10.q5_split import nearest_opinion, require_split
from helpers.exercises.lesson_10.variants import LOOSE, TIGHT
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong
from helpers.text import readable_size


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
    drawn = exports.drawn_for(convert_two_signatures.original())
    content, found = lite_file(litert_file_1, "litert_file_1")
    columns = {"predict_two": 2, "predict_three": 3}
    for key in columns:
        require(
            key in found,
            f"litert_file_1 should have the signature {key!r}, but its signatures are: "
            f"{', '.join(found) or 'none'}.",
        )
    shapes = {key: [tensor.shape for tensor in found[key].inputs] for key in columns}
    require(
        shapes != {"predict_two": [(None, 3)], "predict_three": [(None, 2)]},
        "litert_file_1 should have each signature under its own name, but predict_two takes rows "
        "of three numbers, and predict_three takes rows of two. Did you exchange the names?",
    )
    for key, count in columns.items():
        require_input(found[key], count, "litert_file_1")
        rows = battery.numbers(count, -2, 2)
        require_scores(
            content, found[key], rows, drawn.scores, "litert_file_1", _other_scores(drawn, count)
        )
    texts = [key for key, one in found.items() if any(t.dtype == "bytes_" for t in one.outputs)]
    require(
        not texts,
        "litert_file_1 should have predict_two and predict_three only, which are right, but has "
        f"{', '.join(texts)} as well. This interpreter cannot join its texts.",
    )
    return (
        "the file has two signatures, which give right scores for 1, 2, 7 and 300 rows in a "
        f"process without TensorFlow. {_nearest_score(drawn)}"
    )


def _other_scores(drawn, columns):
    """Return {words: the scores of a mistake} for rows with so many columns."""
    others = {
        "without the bias": lambda x: drawn.scores(x) - np.float32(drawn.bias),
        "of rows with exchanged columns": lambda x: drawn.scores(x[:, ::-1]),
        "with 0 in place of each negative one": lambda x: np.maximum(drawn.scores(x), 0),
    }
    if columns == 3:
        others = {"of the first two numbers": lambda x: drawn.scores(x[:, :2])} | others
    return others


def _nearest_score(drawn):
    others = {
        f"the scores {words}": lambda x, other=other: {"score": other(x)}
        for words, other in _other_scores(drawn, 3).items()
    }
    rows = {"x": battery.numbers(3, -2, 2)}
    return nearest_wrong(rows, lambda x: {"score": drawn.scores(x)}, others)


@exercise(
    "q2",
    "prediction",
    hints=[
        "The file holds the graph and the weights as they are at the conversion. Which files of "
        "the directory does the interpreter still need?",
        "The interpreter converts no dtypes. The signature declares float32.",
        "Two of the changes do harm, and one of these two gives an error.",
    ],
)
def predict_four_changes(prediction):
    """Predict what four changes do to a conversion"""
    calls = {name: name for name in CHANGES}
    require_prediction(prediction, calls, OUTCOMES, outcome, Reasons())
    return (
        "all four predictions are right. The file needs no other file. A conversion without an "
        "error can still give wrong numbers, so compare the numbers."
    )


@exercise(
    "q3",
    "runtime signature layer largest",
    hints=[
        "crossing(lab_dir, {'x': measured}) asks every runtime with the rows of the exercise. "
        "Where is the mark ≠?",
        "readers.run(lab_dir, signature, {'x': measured}) returns Python's numbers after each "
        "layer by name. runtimes.run(..., runtime) returns those of the runtime.",
        "Compare layer by layer: np.abs(right[layer] - found[layer]).max(). The first layer with "
        "more than 0.001 is the cause. The layers behind it compute with its numbers.",
    ],
    given=export_laboratory,
)
def find_the_silent_difference(runtime, signature, layer, largest):
    """Find the runtime, the signature and the layer of a silent difference, and its size"""
    made = made_in(find_the_silent_difference.original()[0])
    return require_found(made, runtime, signature, layer, largest)


BUDGETS = {"precise_file": TIGHT, "small_file": LOOSE}
BYTES = {0.5: "half a byte", 1: "one byte", 2: "two bytes", 4: "four bytes"}
# The structure of the graph and the scales of the weights make a file larger than its weights.
STRUCTURE = 1.3


@exercise(
    "q4",
    "precise_file small_file",
    hints=[
        "First convert meter_dir to a LiteRT file of float32: tf.lite.TFLiteConverter."
        "from_saved_model(str(meter_dir)).convert().",
        "Make files of all four KINDS with quantised(...), and measure the size and the largest "
        "error on `readings` of each. Its input is named readings, not x.",
        "float16 has two bytes for each weight, wi8 one, and wi4 half a byte. For each customer, "
        "take the kind with the fewest bytes whose error is within the budget.",
    ],
    given=exports.meter,
)
def choose_the_quantisation(precise_file, small_file):
    """Choose a quantisation for each of two error budgets"""
    directory, rows = choose_the_quantisation.original()
    drawn = exports.drawn_for(directory)
    # A table of the answers for `readings` is wrong for every other row.
    between = (rows + np.roll(rows, 1, axis=0)) / 2
    (reference, others) = (
        next(iter(readers.run(directory, "serving_default", {"readings": x}).values()))
        for x in (rows, between)
    )
    errors, sizes = {}, {}
    for name, answer in (("precise_file", precise_file), ("small_file", small_file)):
        content, found = lite_file(answer, name)
        budget, sizes[name] = BUDGETS[name], len(content)
        require(found, f"{name} should have a signature, but has none.")
        for signature in found.values():
            require_input(signature, exports.METER[0], name)
            error, batch = largest_error(content, signature, rows, reference, name)
            require(
                error <= budget,
                f"{name} should have a largest error on `readings` of at most {budget}, but has "
                f"{error:.2g} ({signature.key}, {batch}).",
            )
            other, batch = largest_error(content, signature, between, others, name)
            require(
                other <= 2 * budget,
                f"{name} should compute the network, but its error grows to {other:.2g} on rows "
                f"between two `readings` ({signature.key}, {batch}).",
            )
            errors[name] = max(error, errors.get(name, 0.0))
        least = drawn.bytes_for[budget]
        weights = least * exports.METER_WEIGHTS
        require(
            len(content) <= STRUCTURE * weights,
            f"{name} should be as small as its error budget allows, but has "
            f"{readable_size(len(content))}. A kind with {BYTES[least]} for each of the "
            f"{exports.METER_WEIGHTS:,} weights, {readable_size(weights)} in all, also keeps the "
            "budget.",
        )
    return _measured(errors, sizes)


def _measured(errors, sizes):
    """Say what was measured, and what one file for both customers would do."""
    files = ", and ".join(
        f"{name} has {readable_size(sizes[name])} and a largest error below {_power(errors[name])}"
        for name in BUDGETS
    )
    if errors["small_file"] > TIGHT:
        nearest = (
            "The check refuses a similar wrong answer, too: small_file for both customers. Its "
            f"error is above {TIGHT}."
        )
    else:
        nearest = "small_file keeps both budgets, so it would do for both customers."
    return (
        f"each file keeps its error budget on `readings` in requests of 1 to 500 rows: {files}. "
        f"{nearest}"
    )


def _power(error):
    """Return the power of ten above an error. More digits differ between processors."""
    return f"{10 ** np.ceil(np.log10(max(error, 1e-7))):g}"


@exercise(
    "q5",
    "cannot_cross split_dir",
    hints=[
        "Call runtimes.run(exports_dir / name, 'serving_default', {...}, 'litert') with one row "
        "for each folder in exports_dir. artifact.read(exports_dir / name) shows what it takes. "
        "One of the three calls gives an error.",
        "found = tf.saved_model.load(exports_dir / cannot_cross) has the three methods. Which of "
        "them uses texts, and which uses numbers only?",
        "Call archive.add_endpoint('count_words', found.count_words), do the same with "
        "found.weigh, and then call write_out.",
    ],
    given=exports.three_exports,
)
def split_the_export(cannot_cross, split_dir):
    """Diagnose which export cannot run in LiteRT, and split it"""
    drawn = exports.drawn_for(split_the_export.original())
    said = answer_types.text(cannot_cross, "cannot_cross", sorted(drawn.folders))
    require(
        said == drawn.stuck,
        "cannot_cross should be an export that fails in LiteRT, but "
        f"{said!r} gives the same answers in LiteRT as in Python. Try it.",
    )
    try:
        require_split(export_at(split_dir, "split_dir"), drawn)
    except NotYet as error:
        words = str(error)
        raise NotYet(words if words.startswith("split_dir") else f"split_dir: {words}") from None
    return (
        "count_words gives the counts of the method for 300 texts in TensorFlow, and weigh gives "
        "the opinions of the method for 300 rows of numbers, also for numbers that no text has. "
        "weigh was asked in Python, in the session (Python), and in every runtime that is "
        f"installed. {nearest_opinion(drawn)}"
    )
