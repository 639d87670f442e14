"""The reference models of the course, each small enough to read on one screen.

Each has its own `build()`, so that Keras makes the weights outside every trace. Without it, a
`call` that is a tf.function with an input_signature is cut off from its weights (lesson 02).
"""

import numpy as np
import tensorflow as tf

from helpers.penguins.data import ISLANDS, MEASUREMENTS, SEXES, SPECIES


class LinearModel(tf.keras.Model):
    """One weight and one bias: learns y = 2x + 1.

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
    """Three layers: learns the sum of a row of ten numbers.

    call(x) : (n, 10) float32 -> (n, 1) float32
    inference(features) : the same as a tf.function with a declared signature
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
    """One set of weights behind two endpoints: learns 2·(x0 + x1) + 1.

    call(x) : (n, 2) float32 -> (n, 1) float32
    predict_first_two_features(x) : (n, 2) float32 -> (n, 1) float32
    predict_first_three_features(x) : (n, 3) float32 -> (n, 1) float32, the third is not used
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = tf.keras.layers.Dense(1)

    def build(self, input_shape):
        self.dense.build((None, 2))
        self.built = True

    def call(self, x):
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
    """Tells a penguin's species from raw columns, with its preparation inside (lesson 05).

    PenguinModel(rows) : learns mean and variance from the columns of helpers.data.penguins(); they
        are constants of the graph, which set_weights does not change
    call(features) : (n, 7) float32 -> (n, 3) float32, a probability for each of SPECIES
    prepare(bill_length_mm, body_mass_g, island, sex) : four (n,) columns -> (n, 7) features; a
        missing number counts as the mean, an unknown or missing word as none of the known ones
    classify(the same columns) : species (n,) string, probability (n,) float32
    score(features) : what `call` gives, under the name probabilities
    """

    def __init__(self, rows, islands=ISLANDS, **kwargs):
        """islands : sequence of str, or the path of a file with one in each line: an asset"""
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
