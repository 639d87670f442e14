"""The reference models of the course. Each fits on one screen.

Each model has a `build` method, so that Keras makes the weights before it traces `call`. Without
`build`, a `call` that is a tf.function with an input_signature loses its weights (lesson 02).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from helpers.penguins.data import ISLANDS, MEASUREMENTS, SEXES, SPECIES


class LinearModel(tf.keras.Model):
    """A line with one weight and one bias. It learns y = 2x + 1.

    call(x) : (n, 1) float32 -> (n, 1) float32
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = tf.keras.layers.Dense(1)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.built = True

    def call(self, x):
        return self.dense(x)


class ComplexModel(tf.keras.Model):
    """A network of three layers. It learns the sum of ten numbers.

    call(x) : (n, 10) float32 -> (n, 1) float32
    inference(features) : the same, as a tf.function with an input signature
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden1 = tf.keras.layers.Dense(64, activation="relu")
        self.hidden2 = tf.keras.layers.Dense(32, activation="relu")
        self.out = tf.keras.layers.Dense(1)

    def build(self, input_shape):
        self.hidden1.build(input_shape)
        self.hidden2.build((None, 64))
        self.out.build((None, 32))
        self.built = True

    def call(self, x):
        return self.out(self.hidden2(self.hidden1(x)))

    @tf.function(input_signature=[tf.TensorSpec((None, 10), tf.float32, name="features")])
    def inference(self, features):
        return self(features)


class MultiSignatureModel(tf.keras.Model):
    """A model with two endpoints that use the same weights. It learns 2·(x0 + x1) + 1.

    call(x) : (n, 2) or (n, 3) float32 -> (n, 1) float32; uses the first two columns
    predict_first_two_features(x) : (n, 2) float32 -> (n, 1) float32
    predict_first_three_features(x) : (n, 3) float32 -> (n, 1) float32; ignores the third column
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = tf.keras.layers.Dense(1)

    def build(self, input_shape):
        self.dense.build((None, 2))
        self.built = True

    def call(self, x):
        # A slice for every x would make a server's predict_two accept three columns as well.
        if x.shape[-1] == 3:
            x = x[:, :2]
        return self.dense(x)

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
    def predict_first_two_features(self, x):
        return self(x)

    @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="x")])
    def predict_first_three_features(self, x):
        return self(x[:, :2])


COLUMNS = [tf.TensorSpec((None,), tf.float32, name=name) for name in MEASUREMENTS]
COLUMNS += [tf.TensorSpec((None,), tf.string, name=name) for name in ("island", "sex")]
FEATURES = len(MEASUREMENTS) + len(ISLANDS) + len(SEXES)


class PenguinModel(tf.keras.Model):
    """A model that predicts a penguin's species from raw columns (lesson 05).

    The preprocessing is part of the model. A missing number counts as the mean. An unknown or
    missing word counts as none of the known words.

    call(features) : (n, 7) float32 -> (n, 3) float32, a probability for each of SPECIES
    prepare(bill_length_mm, body_mass_g, island, sex) : two (n,) float32 columns and two (n,)
        string columns -> (n, 7) float32, the features
    classify(bill_length_mm, body_mass_g, island, sex) : the same columns -> species (n,) string,
        probability (n,) float32
    score(features) : (n, 7) float32 -> probabilities (n, 3) float32, what `call` returns

    Parameters
    ----------
    rows : dict of (n,) arrays
        The columns of helpers.penguins.data.penguins(). The model takes the mean and the variance
        of each measurement from them, as constants of the graph that set_weights does not change.
    islands : sequence of str, or path of a file with one word on each line
        The known islands. The file becomes an asset of the export.
    """

    def __init__(
        self, rows: Mapping[str, np.ndarray], islands: Sequence[str] | str = ISLANDS, **kwargs
    ):
        super().__init__(**kwargs)
        numbers = np.stack([rows[name] for name in MEASUREMENTS], axis=1)
        self.normalization = tf.keras.layers.Normalization()
        self.normalization.adapt(numbers[~np.isnan(numbers).any(axis=1)])
        self.islands = tf.keras.layers.StringLookup(vocabulary=islands, output_mode="one_hot")
        self.sexes = tf.keras.layers.StringLookup(vocabulary=SEXES, output_mode="one_hot")
        self.hidden = tf.keras.layers.Dense(16, activation="relu")
        self.out = tf.keras.layers.Dense(len(SPECIES), activation="softmax")

    def build(self, input_shape):
        self.hidden.build(input_shape)
        self.out.build((None, 16))
        self.built = True

    def call(self, features):
        return self.out(self.hidden(features))

    @tf.function(input_signature=COLUMNS)
    def prepare(self, bill_length_mm, body_mass_g, island, sex):
        numbers = self.normalization(tf.stack([bill_length_mm, body_mass_g], axis=1))
        numbers = tf.where(tf.math.is_nan(numbers), 0.0, numbers)  # 0 is the mean
        words = [self.islands(island)[:, 1:], self.sexes(sex)[:, 1:]]  # without "unknown"
        return tf.concat([numbers, *(tf.cast(word, tf.float32) for word in words)], axis=1)

    @tf.function(input_signature=COLUMNS)
    def classify(self, bill_length_mm, body_mass_g, island, sex):
        probabilities = self(self.prepare(bill_length_mm, body_mass_g, island, sex))
        best = tf.argmax(probabilities, axis=1)
        return {
            "species": tf.gather(tf.constant(SPECIES), best),
            "probability": tf.reduce_max(probabilities, axis=1),
        }

    @tf.function(input_signature=[tf.TensorSpec((None, FEATURES), tf.float32, name="features")])
    def score(self, features):
        return {"probabilities": self(features)}
