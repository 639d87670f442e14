"""Lesson 08: right answers, named mistakes, untouched."""

from functools import cache
from pathlib import Path

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_08 import exports
from helpers.exercises.lesson_08.exercises import (
    choose_the_quantisation,
    convert_two_signatures,
    split_the_export,
)
from helpers.processes.quiet import quiet
from tests.exercises.proofs import Mistake, Proofs, prove

KEYS = ("predict_two", "predict_three")
TWO = [tf.TensorSpec((None, 2), tf.float32, name="x")]
THREE = [tf.TensorSpec((None, 3), tf.float32, name="x")]


def convert(directory, keys, **settings):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory), signature_keys=list(keys))
    for name, value in settings.items():
        setattr(converter, name, value)
    with quiet():
        return converter.convert()


def archive(folder, **endpoints):
    """Export these endpoints, each a function with its input signature. Return the directory."""
    export = tf.keras.export.ExportArchive()
    for key, (function, spec) in endpoints.items():
        export.add_endpoint(key, function, spec)
    export.write_out(folder, verbose=False)
    return folder


def converted_of(folder, keys=KEYS, **changes):
    """Convert the bakery's endpoints, with some changes."""

    def score(x):
        return x[:, :2] @ exports.KERNEL + exports.BIAS

    endpoints = {
        "predict_two": (lambda x: score(x), TWO),
        "predict_three": (lambda x: score(x), THREE),
    }
    return convert(archive(folder, **endpoints | changes), keys)


def in_a_file(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.tflite"
    path.write_bytes(content)
    return path


Q1 = Proofs(
    right={
        "the bytes": lambda _: (convert(convert_two_signatures.original(), KEYS),),
        "the path of a file": lambda folder: (
            in_a_file(folder, convert(convert_two_signatures.original(), KEYS)),
        ),
        "a path as text": lambda folder: (
            str(in_a_file(folder, convert(convert_two_signatures.original(), KEYS))),
        ),
        "exported anew, with a default": lambda folder: (
            converted_of(folder, (*KEYS, "serving_default")),
        ),
        "exported anew, with named outputs": lambda folder: (
            converted_of(
                folder,
                predict_two=(lambda x: {"score": x @ exports.KERNEL + exports.BIAS}, TWO),
            ),
        ),
    },
    wrong={
        "one signature": Mistake(
            lambda _: (convert(convert_two_signatures.original(), KEYS[:1]),),
            "litert_file_1 should have the signature 'predict_three'",
        ),
        "two files": Mistake(
            lambda _: ([convert(convert_two_signatures.original(), [key]) for key in KEYS],),
            "the path of a file with it",
        ),
        "the directory of the export": Mistake(
            lambda _: (convert_two_signatures.original(),), "is a directory"
        ),
        "all of it, with TF Select": Mistake(
            lambda _: (
                convert(
                    convert_two_signatures.original(),
                    (*KEYS, "advice"),
                    target_spec=tf.lite.TargetSpec(
                        supported_ops=[
                            tf.lite.OpsSet.TFLITE_BUILTINS,
                            tf.lite.OpsSet.SELECT_TF_OPS,
                        ]
                    ),
                ),
            ),
            "should have predict_two and predict_three only, which are right, but has advice",
        ),
        "the converter, not converted": Mistake(
            lambda _: (
                tf.lite.TFLiteConverter.from_saved_model(str(convert_two_signatures.original())),
            ),
            "expected what convert() returned",
        ),
        "a path where no file is": Mistake(lambda folder: (folder / "a.tflite",), "is no file"),
        "half a file": Mistake(
            lambda _: (convert(convert_two_signatures.original(), KEYS)[:1000],),
            "not a valid Flatbuffer",
        ),
        "other bytes": Mistake(lambda _: (b"x" * 100,), "these 100 bytes are not a LiteRT file"),
        "one row only": Mistake(
            lambda folder: (
                converted_of(
                    folder,
                    predict_two=(
                        lambda x: x @ exports.KERNEL + exports.BIAS,
                        [tf.TensorSpec((1, 2), tf.float32, name="x")],
                    ),
                ),
            ),
            "should take x of shape (None, 2), so that a caller may send any number of rows, but "
            "takes x of shape (1, 2)",
        ),
        "signatures exchanged": Mistake(
            lambda folder: (
                converted_of(
                    folder,
                    predict_two=(lambda x: x[:, :2] @ exports.KERNEL, THREE),
                    predict_three=(lambda x: x @ exports.KERNEL, TWO),
                ),
            ),
            "but takes x of shape (None, 3)",
        ),
        "another model": Mistake(
            lambda folder: (converted_of(folder, predict_two=(lambda x: x @ [[2.0], [2.0]], TWO)),),
            "should answer",
        ),
        "whole numbers": Mistake(
            lambda folder: (
                converted_of(
                    folder,
                    predict_three=(
                        lambda x: tf.cast(x[:, :2], tf.float32) @ exports.KERNEL,
                        [tf.TensorSpec((None, 3), tf.int32, name="x")],
                    ),
                ),
            ),
            "should take x as float32, but takes x as int32",
        ),
        "an export that only Python reads": Mistake(
            lambda folder: (convert(old_recipe(folder), KEYS),), "should answer"
        ),
    },
    untouched=(...,),
)


def old_recipe(folder):
    from helpers.models import MultiSignatureModel

    model = MultiSignatureModel()
    model.build((None, 2))
    model.set_weights([exports.KERNEL, exports.BIAS])
    endpoints = (model.predict_first_two_features, model.predict_first_three_features)
    tf.saved_model.save(model, str(folder), signatures=dict(zip(KEYS, endpoints, strict=True)))
    return folder


RIGHT = {
    "ask for 7 rows instead of 3": "same",
    "delete the export's variables/ afterwards": "same",
    "train the model in the notebook afterwards": "same",
    "ask with rows of float64": "error",
    "ask for serving_default, which was not named": "error",
    "save with tf.saved_model.save, the same signature": "other",
}


def predicted(**changes):
    """Return the right prediction, with items changed by their number."""
    names = list(RIGHT)
    return lambda _: (RIGHT | {names[int(key[1:])]: said for key, said in changes.items()},)


def slip(number, said):
    name = list(RIGHT)[number]
    return Mistake(predicted(**{f"n{number}": said}), f"{name}: you say {said!r}")


Q2 = Proofs(
    right={
        "in another order": lambda _: (dict(reversed(RIGHT.items())),),
        "NumPy's texts": lambda _: ({name: np.str_(said) for name, said in RIGHT.items()},),
    },
    wrong={
        "the rows are fixed": slip(0, "error"),
        "the weights lie outside": slip(1, "error"),
        "the file follows the model": slip(2, "other"),
        "numbers are cast": slip(3, "same"),
        "there is always a default": slip(4, "same"),
        "the old recipe is refused": slip(5, "error"),
        "the old recipe works": slip(5, "same"),
        "a word of one's own": Mistake(predicted(n0="right"), "is not one of 'same', 'other'"),
        "a list": Mistake(lambda _: (list(RIGHT.values()),), "should be a dict with the keys"),
    },
    untouched=(dict.fromkeys(RIGHT, ...),),
)


@cache
def meter(kind):
    """The meter's export, converted in one of several ways."""
    directory, rows = choose_the_quantisation.original()
    settings = {} if kind == "float32" else {"optimizations": [tf.lite.Optimize.DEFAULT]}
    calibration = {"int8": rows, "int8, 50 rows": rows[:50], "int8, rows / 10": rows / 10}
    if kind in calibration:
        settings["representative_dataset"] = lambda: (
            {"readings": row[np.newaxis]} for row in calibration[kind]
        )
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(directory), signature_keys=["serving_default"]
    )
    for name, value in settings.items():
        setattr(converter, name, value)
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    with quiet():
        return converter.convert()


@cache
def meter_in_whole_numbers():
    directory, rows = choose_the_quantisation.original()
    return convert(
        directory,
        ["serving_default"],
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=lambda: ([row[np.newaxis]] for row in rows),
        inference_input_type=tf.int8,
        inference_output_type=tf.int8,
    )


def other_key(folder):
    """float16 by the name of the endpoint, `serve`."""
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(choose_the_quantisation.original()[0]), signature_keys=["serve"]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def both(precise, small):
    return lambda _: (meter(precise), meter(small))


Q3 = Proofs(
    right={
        "float16 and dynamic": both("float16", "dynamic"),
        "float16 and int8 of all readings": both("float16", "int8"),
        "as files": lambda folder: (
            in_a_file(folder / "a", meter("float16")),
            in_a_file(folder / "b", meter("dynamic")),
        ),
        "by the endpoint's name": lambda folder: (other_key(folder), meter("dynamic")),
    },
    wrong={
        "nothing quantised": Mistake(
            both("float32", "dynamic"), "Another kind with about a half of the"
        ),
        "half is not a third": Mistake(
            both("float16", "float16"), "Another kind with about a third of the"
        ),
        "one byte for the precise one": Mistake(
            both("dynamic", "dynamic"),
            "precise_file should have a largest error on `readings` of at most 0.01, but",
        ),
        "exchanged": Mistake(both("dynamic", "float16"), "of at most 0.01, but"),
        "calibrated with rows that are too small": Mistake(
            both("float16", "int8, rows / 10"),
            "small_file should have a largest error on `readings` of at most 0.2, but",
        ),
        "calibrated with a few rows": Mistake(
            both("float16", "int8, 50 rows"), "of at most 0.2, but"
        ),
        "whole numbers in and out": Mistake(
            lambda _: (meter("float16"), meter_in_whole_numbers()),
            "but takes readings: int8 (None, 8)",
        ),
        "another network": Mistake(
            lambda _: (meter("float16"), convert(convert_two_signatures.original(), KEYS[:1])),
            "small_file: predict_two should take float32 (None, 8), but takes x: float32 (None, 2)",
        ),
        "two signatures": Mistake(
            lambda _: (convert(convert_two_signatures.original(), KEYS), meter("dynamic")),
            "precise_file should have one signature, but has two: predict_three, predict_two",
        ),
        "the name of a kind": Mistake(lambda _: ("float16", "dynamic"), "'float16' is no file"),
    },
    untouched=(..., ...),
)

TEXTS = [tf.TensorSpec((None,), tf.string, name="text")]
COUNTS = [tf.TensorSpec((None, 4), tf.float32, name="counts")]


@cache  # kept: its functions need it
def reviews():
    return tf.saved_model.load(split_the_export.original() / "reviews")


def split(folder, **changes):
    """Export the reviews' two halves; `changes` replaces them, and None leaves one out."""
    found = reviews()
    endpoints = {"count_words": (found.count_words, None), "weigh": (found.weigh, None)} | changes
    export = tf.keras.export.ExportArchive()
    export.track(found)
    for key, endpoint in endpoints.items():
        if endpoint is not None:
            export.add_endpoint(key, *(part for part in endpoint if part is not None))
    export.write_out(folder, verbose=False)
    return folder


def halves(**changes):
    return lambda folder: ("reviews", split(folder, **changes))


def written_again(folder):
    """Both halves without the export: by comparing each word of a ragged tensor."""

    def count_words(text):
        plain = tf.strings.regex_replace(tf.strings.lower(text), "[^a-z]", " ")
        columns = [
            tf.reduce_sum(tf.cast(tf.strings.split(plain) == word, tf.int32), axis=1)
            for word in exports.WORDS
        ]
        return {"numbers": tf.stack(columns, axis=1)}

    def weigh(numbers):
        return {"opinion": tf.cast(numbers, tf.float32) @ exports.WORTH + exports.START}

    numbers = [tf.TensorSpec((None, 4), tf.float32, name="numbers")]
    return archive(folder, count_words=(count_words, TEXTS), weigh=(weigh, numbers))


def saved_signatures(folder):
    found = reviews()
    signatures = {"count_words": found.count_words, "weigh": found.weigh}
    tf.saved_model.save(found, str(folder), signatures=signatures)
    return folder


def lowered(text):
    return tf.strings.lower(text)


def weighed_wrong(counts):
    return counts @ exports.WORTH


def fixed(folder):
    found, one = reviews(), [tf.TensorSpec((1, 4), tf.float32, name="counts")]
    return split(folder, weigh=(lambda counts: found.weigh(counts), one))


def in_numpy(folder):
    def weigh(counts):
        return tf.ensure_shape(
            tf.numpy_function(
                lambda n: (n @ exports.WORTH + 0.25).astype(np.float32), [counts], tf.float32
            ),
            (None, 1),
        )

    return split(folder, weigh=(weigh, COUNTS))


def whole_again(folder):
    found = reviews()
    return split(folder, weigh=(lambda text: found.opinion(text)["opinion"], TEXTS))


Q4 = Proofs(
    right={
        "the two methods, tracked": halves(),
        "both written again": lambda folder: ("reviews", written_again(folder)),
        "tf.saved_model.save of what was loaded": lambda folder: (
            "reviews",
            saved_signatures(folder),
        ),
        "the whole as well": lambda folder: (
            "reviews",
            split(folder, opinion=(reviews().opinion, None)),
        ),
        "a path as text": lambda folder: ("reviews", str(split(folder))),
    },
    wrong={
        "houses": Mistake(
            lambda folder: ("houses", split(folder)), "'houses' gives the same answers in LiteRT"
        ),
        "colours, for they are words": Mistake(
            lambda folder: ("colours", split(folder)), "'colours' gives the same answers in LiteRT"
        ),
        "a name of one's own": Mistake(
            lambda folder: ("texts", split(folder)), "'texts' is not one of 'houses'"
        ),
        "the export as it was": Mistake(
            lambda _: ("reviews", split_the_export.original() / "reviews"),
            "the export should have the signature 'count_words'",
        ),
        "one half": Mistake(halves(weigh=None), "the export should have the signature 'weigh'"),
        "weigh takes texts": Mistake(
            lambda folder: ("reviews", whole_again(folder)),
            "weigh should take float32, but takes string",
        ),
        "texts come out of the first half": Mistake(
            halves(count_words=(lowered, TEXTS)),
            "count_words should give numbers, which weigh takes, but gives object",
        ),
        "without the start": Mistake(halves(weigh=(weighed_wrong, COUNTS)), "should answer"),
        "one row": Mistake(
            lambda folder: ("reviews", fixed(folder)),
            "weigh should accept any number of rows, but takes counts of shape (1, 4)",
        ),
        "a function of NumPy": Mistake(
            lambda folder: ("reviews", in_numpy(folder)), "weigh fails in Python"
        ),
        "the folder of all three": Mistake(
            lambda _: ("reviews", split_the_export.original()), "is the parent of exports"
        ),
        "a LiteRT file": Mistake(
            lambda folder: (
                "reviews",
                in_a_file(Path(folder) / "x", convert(split(folder / "y"), ["weigh"])),
            ),
            "is a file, not an export directory",
        ),
    },
    untouched=(..., ...),
)

globals().update(prove("08_other_runtimes", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}))
