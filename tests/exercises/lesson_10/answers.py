"""Answers to lesson 10 as learners write them: LiteRT files, and exports of two halves.

The functions that take a folder write into it. The exports that they start from are those that the
checks compare with.
"""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import tensorflow as tf

from helpers import artifact, readers, runtimes
from helpers.exercises.lesson_10 import variants
from helpers.exercises.lesson_10.exercises import (
    choose_the_quantisation,
    convert_two_signatures,
    split_the_export,
)
from helpers.processes.quiet import quiet
from helpers.runtimes import litert_file, quantisation

KEYS = ("predict_two", "predict_three")
TWO = [tf.TensorSpec((None, 2), tf.float32, name="x")]
THREE = [tf.TensorSpec((None, 3), tf.float32, name="x")]
BAKERY = variants.bakery()
KERNEL = np.array(BAKERY.kernel, np.float32)[:, np.newaxis]
WITH_TF_SELECT = tf.lite.TargetSpec(
    supported_ops=[tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
)


def convert(directory, keys=None, **settings):
    chosen = {} if keys is None else {"signature_keys": list(keys)}
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory), **chosen)
    for name, value in settings.items():
        setattr(converter, name, value)
    with quiet():
        return converter.convert()


@cache
def of_the_bakery(keys=KEYS):
    return convert(convert_two_signatures.original(), keys)


def archive(folder, **endpoints):
    """Export these endpoints, each a function with its input signature. Return the directory."""
    export = tf.keras.export.ExportArchive()
    for key, (function, spec) in endpoints.items():
        export.add_endpoint(key, function, spec)
    export.write_out(folder, verbose=False)
    return folder


def scores(x):
    return x @ KERNEL[: x.shape[1]] + BAKERY.bias


def converted_of(folder, keys=KEYS, **changes):
    """Convert the bakery's endpoints, with some changes."""
    endpoints = {
        "predict_two": (lambda x: scores(x), TWO),
        "predict_three": (lambda x: scores(x), THREE),
    }
    return convert(archive(folder, **endpoints | changes), keys)


def changed(**functions):
    """The file with other functions under the keys, and their own columns."""
    specs = dict(zip(KEYS, (TWO, THREE), strict=True))
    changes = {key: (function, specs[key]) for key, function in functions.items()}
    return lambda folder: (converted_of(folder, **changes),)


def exchanged(folder):
    """Each signature under the name of the other one."""
    two, three = (lambda x: scores(x), THREE), (lambda x: scores(x), TWO)
    return converted_of(folder, predict_two=two, predict_three=three)


def old_recipe(folder):
    from helpers.models import MultiSignatureModel

    model = MultiSignatureModel()
    model.build((None, 2))
    model.set_weights([KERNEL[:2], np.array([BAKERY.bias])])
    endpoints = (model.predict_first_two_features, model.predict_first_three_features)
    tf.saved_model.save(model, str(folder), signatures=dict(zip(KEYS, endpoints, strict=True)))
    return folder


def in_a_file(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.tflite"
    path.write_bytes(content)
    return path


# Files of the meter's network


def float16():
    return tf.lite.TargetSpec(supported_types=[tf.float16])


@cache
def meter(kind, keys=("serving_default",)):
    """The meter's export, converted in one of several ways."""
    directory, rows = choose_the_quantisation.original()
    calibration = {
        "int8": rows,
        "int8, 50 rows": rows[:50],
        "int8, rows / 10": rows / 10,
        "int16 and int8": rows,
        "int8 in and out": rows,
    }
    settings = {} if kind == "float32" else {"optimizations": [tf.lite.Optimize.DEFAULT]}
    if kind in calibration:
        settings["representative_dataset"] = lambda: (
            {"readings": row[np.newaxis]} for row in calibration[kind]
        )
    if kind == "float16":
        settings["target_spec"] = float16()
    if kind == "int16 and int8":
        both = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        settings["target_spec"] = tf.lite.TargetSpec(supported_ops=[both])
    if kind == "int8 in and out":
        settings |= {"inference_input_type": tf.int8, "inference_output_type": tf.int8}
    return convert(directory, keys, **settings)


@cache
def by_the_package(kind):
    """The meter's export, converted and then quantised with LiteRT Quantizer."""
    rows = {"readings": choose_the_quantisation.original()[1]}
    samples = [rows] if kind.startswith("static") else ()
    return quantisation.quantised(meter("float32", None), kind, samples)


def larger(answers):
    return answers * 1.001 + 0.02


def cut_off(answers):
    return tf.minimum(answers, 1.0)


def averaged(answers):
    return answers - tf.reduce_mean(answers, axis=0, keepdims=True)


def table_of_readings():
    """A file that looks up the nearest of the given readings, and computes nothing."""
    directory, rows = choose_the_quantisation.original()
    answers = litert_file.run(convert(directory), "serving_default", {"readings": rows})
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec((None, 8), tf.float32, name="readings")])
    def look_up(readings):
        apart = tf.reduce_sum((readings[:, tf.newaxis] - rows) ** 2, axis=2)
        return {"y": tf.gather(answers["output_0"], tf.argmin(apart, axis=1))}

    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=look_up)
        return convert(folder)


@cache
def network(kind, change=lambda rows: rows, rows=None, times=2):
    """A meter of one's own: the network of the given export, written again and converted.

    change : function of the answers, (n, 1)
    rows : how many rows it takes; None for any number
    times : how many signatures compute the same
    """
    loaded = tf.saved_model.load(choose_the_quantisation.original()[0])
    kernels = [variable.numpy() for variable in loaded.signatures["serving_default"].variables]
    kernels.sort(key=lambda kernel: (kernel.shape[0] > 8, kernel.shape[1] == 1))
    module = tf.Module()
    module.kernels = [tf.Variable(kernel) for kernel in kernels]

    @tf.function(input_signature=[tf.TensorSpec((rows, 8), tf.float32, name="readings")])
    def measure(readings):
        for kernel in module.kernels[:-1]:
            readings = tf.nn.relu(readings @ kernel)
        return {"y": change(readings @ module.kernels[-1])}

    with tempfile.TemporaryDirectory() as folder:
        signatures = {f"measure_{number}": measure for number in range(times)}
        tf.saved_model.save(module, folder, signatures=signatures)
        settings = {"optimizations": [tf.lite.Optimize.DEFAULT]}
        if kind == "float16":
            settings["target_spec"] = float16()
        return convert(folder, **settings)


# Exports of the two halves of the reviews

REVIEWS = variants.reviews()
WORDS = [*REVIEWS.worth]
WORTH = np.array([*REVIEWS.worth.values()], np.float32)[:, np.newaxis]
TEXTS = [tf.TensorSpec((None,), tf.string, name="text")]
COUNTS = [tf.TensorSpec((None, 4), tf.float32, name="counts")]


@cache  # what was loaded must stay alive as long as its methods are used
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


@cache
def the_halves():
    """The two methods exported, once for all answers that need no change."""
    return split(Path(tempfile.mkdtemp()) / "split")


def halves(**changes):
    return lambda folder: ("reviews", split(folder, **changes))


def weighing(function, spec=COUNTS):
    return halves(weigh=(function, spec))


def counting(function):
    return halves(count_words=(function, TEXTS))


def plain(text, lower=tf.strings.lower, other="[^a-z]"):
    return tf.strings.split(tf.strings.regex_replace(lower(text), other, " "))


def count_again(text, words=WORDS, **change):
    """Count by comparing each word of a ragged tensor."""
    found = plain(text, **change)
    columns = [tf.reduce_sum(tf.cast(found == word, tf.float32), axis=1) for word in words]
    return tf.stack(columns, axis=1)


def count_inside(text):
    """Count a word inside longer words as well."""
    lower = tf.strings.lower(text)
    columns = []
    for word in WORDS:
        without = tf.strings.regex_replace(lower, word, "")
        columns.append((tf.strings.length(lower) - tf.strings.length(without)) // len(word))
    return tf.cast(tf.stack(columns, axis=1), tf.float32)


def weigh_again(counts, worth=WORTH, start=REVIEWS.start):
    return counts @ worth + start


class Halves(tf.Module):
    """Both halves without the export, for any columns."""

    def __init__(self):
        self.worth, self.start = tf.Variable(WORTH), tf.Variable(REVIEWS.start)

    @tf.function(input_signature=TEXTS)
    def count_words(self, text):
        return {"numbers": count_again(text)}

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.float32, name="numbers")])
    def weigh(self, numbers):
        return {"opinion": weigh_again(numbers, self.worth, self.start)}


def written_again(folder):
    module = Halves()
    signatures = {"count_words": module.count_words, "weigh": module.weigh}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def saved_signatures(folder):
    found = reviews()
    signatures = {"count_words": found.count_words, "weigh": found.weigh}
    tf.saved_model.save(found, str(folder), signatures=signatures)
    return folder


def of_a_dense_layer(folder):
    """weigh as a Keras layer with the weights of the export."""
    model = tf.keras.Sequential([tf.keras.Input((4,), name="counts"), tf.keras.layers.Dense(1)])
    model.set_weights([reviews().worth.numpy(), np.array([REVIEWS.start])])
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.track(reviews())
    export.add_endpoint("weigh", model.call, COUNTS)
    export.add_endpoint("count_words", reviews().count_words)
    export.write_out(folder, verbose=False)
    return folder


def nothing_to_weigh(folder):
    """count_words gives the opinion, and weigh returns what it gets."""
    found = reviews()
    return split(
        folder,
        count_words=(lambda text: found.opinion(text)["opinion"], TEXTS),
        weigh=(tf.identity, [tf.TensorSpec((None, 1), tf.float32, name="opinion")]),
    )


def weighed_before(folder):
    """count_words gives four numbers whose sum is the opinion, and weigh adds them."""
    return split(
        folder,
        count_words=(lambda text: count_again(text) * WORTH.T + REVIEWS.start / 4, TEXTS),
        weigh=(lambda counts: tf.reduce_sum(counts, axis=1, keepdims=True), COUNTS),
    )


def columns_in_another_order(folder):
    order = [1, 0, 2, 3]
    return split(
        folder,
        count_words=(lambda text: count_again(text, [WORDS[n] for n in order]), TEXTS),
        weigh=(lambda counts: weigh_again(counts, WORTH[order]), COUNTS),
    )


def fixed(folder):
    found, one = reviews(), [tf.TensorSpec((1, 4), tf.float32, name="counts")]
    return split(folder, weigh=(lambda counts: found.weigh(counts), one))


def in_numpy(folder):
    def weigh(counts):
        return tf.ensure_shape(
            tf.numpy_function(
                lambda n: (n @ WORTH + 0.25).astype(np.float32), [counts], tf.float32
            ),
            (None, 1),
        )

    return split(folder, weigh=(weigh, COUNTS))


def whole_again(folder):
    found = reviews()
    return split(folder, weigh=(lambda text: found.opinion(text)["opinion"], TEXTS))


# What `given` has handed out for a seed, solved as on the page


def convert_the_variant(directory, _):
    return (convert(directory, KEYS),)


def kinds_of(directory):
    """The network of a directory with four, two, one and half a byte for each weight."""
    small, plain = {"optimizations": [tf.lite.Optimize.DEFAULT]}, convert(directory)
    return [
        plain,
        convert(directory, **small, target_spec=float16()),
        convert(directory, **small),
        quantisation.quantised(plain, "dynamic_wi4_afp32"),
    ]


def choose_for_the_variant(given, _):
    """For each budget the smallest file that keeps it."""
    directory, rows = given
    files = kinds_of(directory)
    answers = [
        litert_file.run(file, "serving_default", {"readings": rows})["output_0"] for file in files
    ]
    errors = [np.abs(answer - answers[0]).max() for answer in answers]
    for budget in (variants.TIGHT, variants.LOOSE):
        assert not any(budget / 1.4 < error < budget * 1.4 for error in errors), "too near"
    return tuple(
        min((file for file, error in zip(files, errors, strict=True) if error <= budget), key=len)
        for budget in (variants.TIGHT, variants.LOOSE)
    )


def split_the_variant(directory, folder):
    """Ask each export with one row in LiteRT, and split the only one that fails."""
    stuck = []
    for export in sorted(directory.iterdir()):
        (tensor,) = artifact.read(export).signatures["serving_default"].inputs
        row = {tensor.name: [[1.0, 1.0]] if tensor.dtype == "float32" else ["a"]}
        try:
            runtimes.run(export, "serving_default", row, "litert")
        except readers.ReaderError:
            stuck.append(export)
    (one,) = stuck
    found = tf.saved_model.load(one)
    endpoints = {key: (getattr(found, key), None) for key in ("count_words", "weigh")}
    return one.name, archive(folder, **endpoints)
