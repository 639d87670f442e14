"""The six broken exports of lesson 06's exercises.

Each maker takes a folder, makes there what a learner gets, and returns the directory of the
export. NumPy computes here what a right export answers.
"""

from pathlib import Path

import numpy as np

from helpers.exercises import battery

HOUSE = {"area": 2.0, "rooms": 10.0}  # what each unit adds to the price, in thousands
GROUND = 50.0  # the price of a house of area 0 without rooms, in thousands
COLOURS = {"red": 3.0, "green": 5.0, "blue": 7.0}
ROWS = np.array([[1.0, 1.0], [0.5, -1.0], [-2.0, 0.25], [3.0, 0.5], [0.0, 2.0]], np.float32)
SCORES = {  # (kernel, bias) of rows of two numbers
    "phone": (np.array([[2.0], [-1.0]], np.float32), np.array([0.5], np.float32)),
    "restored": (np.array([[1.5], [0.5]], np.float32), np.array([-1.0], np.float32)),
    "average": (np.array([[2.0], [3.0]], np.float32), np.array([1.0], np.float32)),
    "labelled": (np.array([[0.4], [0.2]], np.float32), np.array([0.0], np.float32)),
}
BEFORE, AFTER = 0.5, 0.8  # the threshold of the labels, before and after it was changed


def many_rows() -> np.ndarray:
    """Make 300 rows of two numbers, and rows whose labelled score is a threshold or 1 % beside it.

    Returns
    -------
    (n, 2) float32 array
    """
    (a, b), edges = SCORES["labelled"][0].ravel(), []
    for threshold in (BEFORE, AFTER):
        for value in (threshold, 0.99 * threshold, 1.01 * threshold):
            edges += [(value / a, 0.0), (0.0, value / b)]
    rows = battery.numbers(2, -2, 3, reach=battery.OUTSIDE)
    return np.concatenate([rows, np.array(edges, np.float32)])


def score(name: str, rows: np.ndarray) -> np.ndarray:
    """Compute rows @ kernel + bias, (n, 1), with the numbers in SCORES[name]."""
    kernel, bias = SCORES[name]
    return rows @ kernel + bias


def above_average(rows: np.ndarray) -> np.ndarray:
    """Compute each row's score minus the mean score of the rows, (n, 1)."""
    scores = score("average", rows)
    return scores - scores.mean(axis=0) if len(rows) else scores


def unnamed(folder: Path) -> Path:
    """Export right prices of houses with inputs called a and b and an output without a name."""
    import tensorflow as tf

    class Prices(tf.Module):
        def __init__(self):
            self.worth = tf.Variable([[HOUSE["rooms"]], [HOUSE["area"]]])

        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32)] * 2)
        def price(self, a, b):
            return tf.concat([a, b], axis=1) @ self.worth + GROUND

    prices = Prices()
    tf.saved_model.save(prices, str(folder), signatures=prices.price)
    return Path(folder)


def with_a_path(folder: Path) -> Path:
    """Export prices of colours that are looked up in a file beside the export, by its full path."""
    import tensorflow as tf

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    words = folder / "colours.txt"
    words.write_text("\n".join(COLOURS), encoding="utf-8")

    class Prices(tf.Module):
        def __init__(self):
            self.prices = tf.Variable([0.0, *COLOURS.values()])

        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.string, name="colour")])
        def price(self, colour):
            known = tf.strings.split(tf.io.read_file(str(words)), "\n")
            hits = tf.cast(colour == known[tf.newaxis], tf.int32)
            place = tf.reduce_sum(hits * tf.range(1, tf.size(known) + 1), axis=1, keepdims=True)
            return {"price": tf.gather(self.prices, place)}

    prices = Prices()
    tf.saved_model.save(prices, str(folder / "colours"), signatures=prices.price)
    return folder / "colours"


def for_python_only(folder: Path) -> Path:
    """Save a Keras model with tf.saved_model.save."""
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    model.set_weights(SCORES["phone"])
    tf.saved_model.save(model, str(folder))
    return Path(folder)


def cut_off(folder: Path) -> Path:
    """Export a Keras model that answers from its initialiser and has the right variables."""
    import tensorflow as tf

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
    model.set_weights(SCORES["restored"])
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint("serving_default", model.call)
    export.write_out(folder, verbose=False)
    return Path(folder)


def for_four_rows(folder: Path) -> Path:
    """Export scores above the average of a request, with 4 rows written into the graph."""
    import tensorflow as tf

    class Above(tf.Module):
        def __init__(self):
            self.kernel, self.bias = map(tf.Variable, SCORES["average"])

        @tf.function(input_signature=[tf.TensorSpec((4, 2), tf.float32, name="rows")])
        def above(self, rows):
            scores = rows @ self.kernel + self.bias
            mean = tf.reduce_sum(scores, axis=0) / tf.cast(tf.shape(scores)[0], tf.float32)
            return {"above": scores - mean}

    above = Above()
    tf.saved_model.save(above, str(folder), signatures=above.above)
    return Path(folder)


def with_the_old_threshold(folder: Path) -> Path:
    """Export labels by a threshold that Python changed after the function was traced."""
    import tensorflow as tf

    class Labels(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)
            self.threshold = BEFORE

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
    model.set_weights(SCORES["labelled"])
    model.judge(ROWS)
    model.threshold = AFTER
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint("serving_default", model.judge)
    export.write_out(folder, verbose=False)
    return Path(folder)
