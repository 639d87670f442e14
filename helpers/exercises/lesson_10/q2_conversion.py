"""Four changes to a conversion, their outcomes in LiteRT, and the reasons, for lesson 10."""

import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from helpers.exercises.export_checks import SAME
from helpers.readers import ReaderError
from helpers.runtimes import litert_file
from helpers.text import shorten

OUTCOMES = ("same", "other", "error")
ROWS = np.array([[1.0, 2.0], [-3.0, 0.5], [0.25, 4.0]], np.float32)
KERNEL, BIAS = np.array([[2.0], [-1.0]], np.float32), np.array([0.5], np.float32)


def archived(directory):
    """Export predict_two, which is also the serving_default, and return the weights."""
    import tensorflow as tf

    model = _model()
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("predict_two", model.predict_first_two_features)
    archive.write_out(directory, verbose=False)
    return model.weights


def saved_the_old_way(directory):
    import tensorflow as tf

    model = _model()
    signatures = {"predict_two": model.predict_first_two_features}
    tf.saved_model.save(model, directory, signatures=signatures)
    return model.weights


def _model():
    from helpers.models import MultiSignatureModel

    model = MultiSignatureModel()
    model.build((None, 2))
    model.set_weights([KERNEL, BIAS])
    return model


# The changes, by the words of the exercise.
CHANGES = {
    "delete the export's variables/ afterwards": {},  # all exports are deleted before the call
    "train the model in the notebook afterwards": {"change": [[1.0], [1.0]]},
    "ask with rows of float64": {"rows": ROWS.astype(np.float64)},
    "save with tf.saved_model.save, the same signature": {"export": saved_the_old_way},
}
# The reason for each wrong outcome. What was measured follows it.
REASONS: dict[str, dict[str, str]] = {
    "delete the export's variables/ afterwards": {
        "other": "The converter has copied the weights into the file.",
        "error": "The interpreter reads no other file: the converter has copied the weights into "
        "this one.",
    },
    "train the model in the notebook afterwards": {
        "other": "The file keeps the weights of the conversion. Training changes only the model.",
        "error": "The interpreter has only the file, so training cannot disturb it.",
    },
    "ask with rows of float64": {
        "same": "The interpreter casts nothing, and the signature declares float32.",
        "other": "The interpreter does not answer at all: it compares the types first.",
    },
    "save with tf.saved_model.save, the same signature": {
        "same": "tf.saved_model.save restores one set of variables, and the signature reads "
        "another one (lesson 01). In the file its numbers are random.",
        "error": "Converting and calling both succeed. Only the comparison of the numbers shows "
        "the mistake.",
    },
}


@cache  # a conversion takes most of a second, and several changes use the same one
def converted(export):
    """Return the bytes of a LiteRT file with predict_two, and the weights of the model."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        weights = export(folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["predict_two"])
        return converter.convert(), weights


def measured(change: str) -> tuple[str, str]:
    """Try a change, and return its outcome and what was measured.

    Parameters
    ----------
    change : str
        A key of CHANGES.

    Returns
    -------
    outcome : {"same", "other", "error"}
        "same" or "other" for numbers that equal the model's or differ from them.
    words : str
        The numbers, or the error of the interpreter.
    """
    how: dict[str, Any] = {"rows": ROWS, "key": "predict_two", "export": archived, "change": 0.0}
    how |= CHANGES[change]
    content, weights = converted(how["export"])
    weights[0].assign(KERNEL + how["change"])
    rows = how["rows"]
    try:
        (got,) = litert_file.run(content, how["key"], {"x": rows}).values()
    except ReaderError as error:
        return "error", f"The error of the interpreter: {shorten(str(error), 160)}"
    expected = rows @ KERNEL + BIAS
    same = got.shape == expected.shape and np.allclose(got, expected, atol=SAME)
    return "same" if same else "other", (
        f"For the rows {rows[:3].tolist()} the file answers {_numbers(got)}, and the model "
        f"answered {_numbers(expected)} when it was exported."
    )


def _numbers(values):
    return ", ".join(f"{value:.3g}" for value in values.ravel()[:3])


def outcome(change: str) -> str:
    """Try a change, a key of CHANGES, and return its outcome."""
    return measured(change)[0]


class Reasons(Mapping[tuple[str, str], str]):
    """{(change, wrong outcome): reason}. It measures only when a reason is read."""

    def __getitem__(self, key: tuple[str, str]) -> str:
        change, said = key
        return f"{REASONS[change][said]} {measured(change)[1]}"

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((change, said) for change, reasons in REASONS.items() for said in reasons)

    def __len__(self) -> int:
        return sum(map(len, REASONS.values()))
