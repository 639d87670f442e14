"""The broken exports of exercises 1 and 3 of lesson 07.

Each maker takes a folder and a seed, makes there what a learner gets, and returns the directory of
the export. `drawn_for` tells what was drawn for it.
"""

from pathlib import Path
from typing import Any

from helpers.exercises.lesson_07 import variants as draw
from helpers.exercises.lesson_07.variants import ROWS

_drawn: dict[Path, Any] = {}  # for each export that a maker has made


def drawn_for(directory: Path) -> Any:
    """Return the numbers and names that a maker drew for an export."""
    return _drawn[directory]


def scores_and_lists(folder: Path, seed: int | None = None) -> tuple[Path, Path]:
    """Make the two exports of exercise 3: `cut_off` and `for_four_rows`."""
    return cut_off(Path(folder) / "scores", seed), for_four_rows(Path(folder) / "lists", seed)


def cut_off(folder: Path, seed: int | None = None) -> Path:
    """Export a Keras model that answers from its initialiser and has the right variables."""
    import tensorflow as tf

    drawn = draw.restored(seed)

    class Scores(tf.keras.Model):
        def __init__(self):
            super().__init__()
            start = tf.keras.initializers.GlorotUniform(seed=1)
            self.dense = tf.keras.layers.Dense(1, kernel_initializer=start)

        @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="rows")])
        def call(self, rows):
            return self.dense(rows)

    model = Scores()
    model(ROWS)
    model.set_weights(drawn.weights)
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint("serving_default", model.call)
    export.write_out(folder, verbose=False)
    return _made(folder, drawn)


def for_four_rows(folder: Path, seed: int | None = None) -> Path:
    """Export scores above the average of a request, with 4 rows written into the graph."""
    import tensorflow as tf

    drawn = draw.average(seed)

    class Above(tf.Module):
        def __init__(self):
            self.kernel, self.bias = map(tf.Variable, drawn.weights)

        @tf.function(input_signature=[tf.TensorSpec((drawn.rows, 2), tf.float32, name="rows")])
        def above(self, rows):
            scores = rows @ self.kernel + self.bias
            mean = tf.reduce_sum(scores, axis=0) / tf.cast(tf.shape(scores)[0], tf.float32)
            return {"above": scores - mean}

    above = Above()
    tf.saved_model.save(above, str(folder), signatures=above.above)
    return _made(folder, drawn)


def with_the_old_threshold(folder: Path, seed: int | None = None) -> Path:
    """Export labels by a threshold that Python changed after the function was traced."""
    import tensorflow as tf

    drawn = draw.labelled(seed)

    class Labels(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)
            self.threshold = drawn.before

        def build(self, input_shape):
            self.dense.build(input_shape)
            self.built = True

        def call(self, rows):
            return self.dense(rows)

        @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="rows")])
        def judge(self, rows):
            score = self(rows)
            return {"score": score, "label": tf.cast(score > self.threshold, tf.int32)}

    model = Labels()
    model.build((None, 2))
    model.set_weights(drawn.weights)
    model.judge(ROWS)
    model.threshold = drawn.after
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint("serving_default", model.judge)
    export.write_out(folder, verbose=False)
    return _made(folder, drawn)


def _made(directory, drawn):
    _drawn[Path(directory)] = drawn
    return Path(directory)
