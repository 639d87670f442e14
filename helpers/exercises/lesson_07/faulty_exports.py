"""Write the five exports of exercise 2 and their golden answers."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from helpers.exercises.lesson_07.faults import DrawnExport, draw
from helpers.readers.golden_files import GoldenSet, write_golden

KEY = "serving_default"
_drawn: dict[Path, Mapping[str, DrawnExport]] = {}  # for each folder that was made


def five_exports(folder: Path, seed: int | None = None) -> tuple[dict[str, Path], dict[str, Path]]:
    """Write five exports, and a file with golden answers for each.

    Returns
    -------
    exports : dict of str to Path
        By name: "a" to "e".
    golden : dict of str to Path
        By the same names: files with the right answers to one request.
    """
    exports, golden = {}, {}
    folder.mkdir(parents=True, exist_ok=True)
    drawn = draw(seed)
    for name, one in drawn.items():
        exports[name] = folder / name
        _write(exports[name], one)
        answers = GoldenSet({"parcels": one.parcels}, one.right())
        golden[name] = write_golden(folder / f"golden_{name}.json", {KEY: [answers]})
    _drawn[folder] = drawn
    return exports, golden


def drawn_for(exports: Mapping[str, Path]) -> Mapping[str, DrawnExport]:
    """Return what was drawn for the exports that `five_exports` wrote."""
    return _drawn[exports["a"].parent]


def _write(folder: Path, drawn: DrawnExport) -> None:
    import tensorflow as tf

    faults = drawn.faults
    dtype = tf.float32 if "dtype" in faults else tf.int32
    spec = tf.TensorSpec((None, None), dtype, name="parcels")
    cut_kernel, cut_bias = drawn.other_weights

    class Prices(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)
            self.limit = drawn.old_limit if "old-number" in faults else drawn.limit

        def build(self, input_shape):
            self.dense.build(input_shape)

        def call(self, features):
            if "cut-off" in faults:
                return features @ cut_kernel + cut_bias
            return self.dense(features)

        def guarded(self, parcels, price):
            is_right = tf.equal(tf.shape(parcels)[1], 2)
            if "guard" in faults:
                with tf.control_dependencies([tf.debugging.Assert(is_right, [is_right])]):
                    return tf.identity(price)
            return tf.where(is_right, price, np.nan)

        @tf.function(input_signature=[spec], jit_compile=True if "xla" in faults else None)
        def quote(self, parcels):
            zone = tf.cast(parcels[:, 0] % drawn.zones, tf.float32)
            features = tf.stack([zone, tf.cast(parcels[:, 1], tf.float32)], axis=1)
            price = self.guarded(parcels, self(features))
            rows = tf.cast(tf.shape(price)[0], tf.float32)
            if "rows" in faults:
                rows = float(len(drawn.parcels))
            above = price - tf.reduce_sum(price) / rows
            return {
                "price": price,
                "above": above,
                "dear": tf.cast(price > self.limit, tf.int32),
            }

    model = Prices()
    model.build((None, 2))
    model.set_weights(drawn.weights)
    if "old-number" in faults:
        model.quote(tf.cast(drawn.parcels, dtype))  # the trace that the signature keeps
        model.limit = drawn.limit
    if "only-python" in faults:
        tf.saved_model.save(model, str(folder), signatures=model.quote)
        return
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint(KEY, model.quote)
    export.write_out(folder, verbose=False)
