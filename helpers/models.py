"""The three reference models of the course, small enough to read on one screen.

Each has its own `build()`, so that Keras makes the weights outside every trace. Without it, a
`call` that is a tf.function with an input_signature is cut off from its weights (lesson 02).
"""

import tensorflow as tf


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
