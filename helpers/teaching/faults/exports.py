"""Write an export with one hidden fault, or with none.

Each function takes a new directory, a subject and a random generator, and writes an export that
should compute what the subject computes.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers.teaching.faults.subjects import OLD, Ids, Rows, Words

KEY = "serving_default"


def _module(subject: Rows, **changes):
    """Return a tf.Module that computes a score and a label, and its function without a spec."""
    import tensorflow as tf

    class Model(tf.Module):
        def __init__(self):
            self.kernel = tf.Variable(np.float32(subject.weights)[:, None], name="kernel")
            self.bias = tf.Variable(np.float32([subject.bias]), name="bias")
            self.mean = tf.Variable(np.float32(changes.get("mean", subject.mean)), name="mean")
            deviation = changes.get("deviation", subject.deviation)
            self.deviation = tf.Variable(np.float32(deviation), name="deviation")
            self.threshold = changes.get("threshold", subject.threshold)

        def score(self, rows):
            return (rows - self.mean) / self.deviation @ self.kernel + self.bias

        def answer(self, rows):
            score = self.score(rows)
            return {"score": score, "label": tf.cast(score > self.threshold, tf.int32)}

    return Model()


def _spec(shape=(None, 2), dtype="float32", name="rows"):
    import tensorflow as tf

    return tf.TensorSpec(shape, dtype, name=name)


def _save(model, directory, function, spec=None, **options):
    import tensorflow as tf

    signature = tf.function(function, input_signature=[spec or _spec()], **options)
    tf.saved_model.save(model, str(directory), signatures={KEY: signature})


def right_rows(directory: Path, subject: Rows, chance: random.Random) -> None:
    """Write a right export of rows."""
    model = _module(subject)
    _save(model, directory, model.answer)


def right_ids(directory: Path, subject: Ids, chance: random.Random) -> None:
    """Write a right export of article numbers."""
    import tensorflow as tf

    model = tf.Module()
    model.shelves = tf.Variable(subject.shelves)
    _save(
        model,
        directory,
        lambda ids: {"shelf": tf.math.floormod(ids, model.shelves)},
        _spec((None,), "int32", "ids"),
    )


def right_words(directory: Path, subject: Words, chance: random.Random) -> None:
    """Write a right export of words, with its vocabulary as an asset."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kinds.txt"
        file.write_text("".join(f"{kind}\n" for kind in subject.prices), encoding="utf-8")
        table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(file),
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            default_value=-1,
        )
        model = tf.Module()
        model.table = table
        model.prices = tf.Variable([*subject.prices.values(), 0.0])
        last = len(subject.prices)

        def price(kinds):
            place = table.lookup(kinds)
            return {"price": tf.gather(model.prices, tf.where(place < 0, np.int64(last), place))}

        _save(model, directory, price, _spec((None, 1), "string", "kinds"))


RIGHT = {Rows: right_rows, Ids: right_ids, Words: right_words}


def _float_ids(directory, subject, chance):
    """The input has the compute dtype, as `model.export` declares it for a subclassed model."""
    import tensorflow as tf

    model = tf.Module()
    model.shelves = tf.Variable(subject.shelves)
    _save(
        model,
        directory,
        lambda ids: {"shelf": tf.math.floormod(tf.cast(ids, tf.int32), model.shelves)},
        _spec((None,), "float32", "ids"),
    )


def _compiled(directory, subject, chance):
    """A server switches XLA off, and then the function fails."""
    model = _module(subject)
    _save(model, directory, model.answer, jit_compile=True)


def _frozen(directory, subject, chance):
    """The number of rows of the first call is a constant of the graph."""
    import tensorflow as tf

    model = _module(subject)

    def answer(rows):
        score = model.score(rows)
        mean = tf.reduce_sum(rows, axis=0, keepdims=True) / 4.0
        right = tf.reduce_mean(rows, axis=0, keepdims=True)
        # Only a request of a different length has a mean that differs.
        score = score + tf.reduce_sum((mean - right) / model.deviation, axis=1, keepdims=True)
        return {"score": score, "label": tf.cast(score > model.threshold, tf.int32)}

    _save(model, directory, answer)


def _unguarded(directory, subject, chance):
    """LiteRT leaves assertions out, so that it answers for three columns."""
    import tensorflow as tf

    model = _module(subject)

    def answer(rows):
        tf.debugging.assert_equal(tf.shape(rows)[1], 2, "rows must have 2 columns")
        prepared = (rows[:, :2] - model.mean) / model.deviation
        score = prepared @ model.kernel + model.bias
        return {"score": score, "label": tf.cast(score > model.threshold, tf.int32)}

    _save(model, directory, answer, _spec((None, None)))


def _stale(directory, subject, chance):
    """The threshold of the first trace is a constant of the graph."""
    model = _module(subject, threshold=chance.choice(OLD))
    _save(model, directory, model.answer)


def _skewed(directory, subject, chance):
    """One column is prepared in another unit."""
    column = chance.randrange(2)
    mean, deviation = [*subject.mean], [*subject.deviation]
    mean[column] /= 1000
    deviation[column] /= 1000
    model = _module(subject, mean=mean, deviation=deviation)
    _save(model, directory, model.answer)


def _wrong_asset(directory, subject, chance):
    """Two lines of the vocabulary have changed places."""
    right_words(directory, subject, chance)
    (file,) = (directory / "assets").iterdir()
    lines = file.read_text(encoding="utf-8").split("\n")
    first, second = sorted(chance.sample(range(len(subject.prices)), 2))
    lines[first], lines[second] = lines[second], lines[first]
    file.write_text("\n".join(lines), encoding="utf-8")


def _edit_graph(directory, change):
    from tensorflow.core.protobuf import saved_model_pb2

    file = directory / "saved_model.pb"
    graph = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(graph.meta_graphs[0])
    file.write_bytes(graph.SerializeToString())


def _untagged(directory, subject, chance):
    """A server looks for the tag `serve`."""

    def change(graph):
        del graph.meta_info_def.tags[:]
        graph.meta_info_def.tags.append(chance.choice(("train", "prod", "serving")))

    RIGHT[type(subject)](directory, subject, chance)
    _edit_graph(directory, change)


def _disconnected(directory, subject, chance):
    """The graph holds the initial values of the weights, and reads no variable."""
    import tensorflow as tf

    class Model(tf.keras.Model):
        def __init__(self):
            super().__init__()
            start = tf.keras.initializers.Constant(0.3)
            self.dense = tf.keras.layers.Dense(1, kernel_initializer=start)

        @tf.function(input_signature=[_spec()])
        def call(self, rows):
            score = self.dense((rows - subject.mean) / subject.deviation)
            return {"score": score, "label": tf.cast(score > subject.threshold, tf.int32)}

    model = Model()
    model(tf.zeros((1, 2)))
    model.set_weights([np.float32(subject.weights)[:, None], np.float32([subject.bias])])
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(KEY, model.call)
    archive.write_out(str(directory), verbose=False)


def _custom_operation(directory, subject, chance):
    """One operation has a name that no program registers."""
    name = chance.choice(("ShopScore", "FastScore", "FusedScore"))
    found = {Rows: "MatMul", Ids: "FloorMod", Words: "GatherV2"}[type(subject)]

    def change(graph):
        nodes = [
            node for function in graph.graph_def.library.function for node in function.node_def
        ]
        for node in nodes:
            if node.op == found:
                node.op = name

    RIGHT[type(subject)](directory, subject, chance)
    _edit_graph(directory, change)


def _damaged(directory, subject, chance):
    """The end of the file with the weights has not arrived, or one of its bytes is another."""
    RIGHT[type(subject)](directory, subject, chance)
    (file,) = (directory / "variables").glob("variables.data*")
    whole = file.read_bytes()
    if chance.random() < 0.5:
        os.truncate(file, len(whole) - 8)
    else:
        file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])


def _healthy(directory, subject, chance):
    RIGHT[type(subject)](directory, subject, chance)


Maker = Callable[[Path, Rows | Ids | Words, random.Random], None]
MAKERS: dict[str, tuple[Maker, tuple[type, ...]]] = {  # by fault: what makes it, for which subjects
    "dtype": (_float_ids, (Ids,)),
    "xla": (_compiled, (Rows,)),
    "frozen": (_frozen, (Rows,)),
    "guard": (_unguarded, (Rows,)),
    "stale": (_stale, (Rows,)),
    "skew": (_skewed, (Rows,)),
    "asset": (_wrong_asset, (Words,)),
    "tags": (_untagged, (Rows, Ids, Words)),
    "disconnected": (_disconnected, (Rows,)),
    "custom operation": (_custom_operation, (Rows, Ids, Words)),
    "damage": (_damaged, (Rows, Ids, Words)),
    "healthy": (_healthy, (Rows, Ids, Words)),
}


def write(directory: Path, fault: str, chance: random.Random) -> Rows | Ids | Words:
    """Write an export with a fault.

    Parameters
    ----------
    directory : pathlib.Path
        The new directory of the export.
    fault : str
        A key of MAKERS.
    chance : random.Random
        Draws the subject and the details of the fault.

    Returns
    -------
    Rows, Ids or Words
        What a right export computes.
    """
    make, subjects = MAKERS[fault]
    subject = chance.choice(subjects).draw(chance)
    shutil.rmtree(directory, ignore_errors=True)
    make(directory, subject, chance)
    return subject
