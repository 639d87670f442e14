"""Repaired models of lesson 02 as learners write them, right and wrong."""

import tensorflow as tf

Dense = tf.keras.layers.Dense
FEATURES = tf.TensorSpec((None, 10), tf.float32, name="features")


class Layers(tf.keras.Model):
    """Two layers and a plain call."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out = Dense(16, activation="relu"), Dense(1)

    def call(self, features):
        return self.out(self.hidden(features))


class Cut(Layers):
    @tf.function(input_signature=[FEATURES])
    def call(self, features):
        return self.out(self.hidden(features))


class OwnBuild(Cut):
    def build(self, input_shape):
        self.hidden.build(input_shape)
        self.out.build((None, 16))
        self.built = True


class BuiltInConstructor(Cut):
    def __init__(self):
        super().__init__()
        self.hidden.build((None, 10))
        self.out.build((None, 16))


class MethodBeside(Layers):
    @tf.function(input_signature=[FEATURES])
    def inference(self, features):
        return self(features)


def sequential():
    return tf.keras.Sequential([tf.keras.Input((10,)), Dense(16, activation="relu"), Dense(1)])


class CalledOnce(Cut):
    def __init__(self):
        super().__init__()
        self(tf.zeros((1, 10)))


class NoSignature(Layers):
    """Keras' first call leaves a trace for one shape, and each other shape gets its own."""

    @tf.function
    def call(self, features):
        return self.out(self.hidden(features))


class ForAnotherWidth(Cut):
    def build(self, input_shape):
        self.hidden.build((None, 4))
        self.out.build((None, 16))
        self.built = True


class Summed(tf.keras.Model):
    def call(self, features):
        return tf.reduce_sum(features, axis=1, keepdims=True)


class OneNumber(Layers):
    def call(self, features):
        return tf.reduce_mean(super().call(features))


class LayersInCall(tf.keras.Model):
    @tf.function(input_signature=[FEATURES])
    def call(self, features):
        return Dense(1)(features)


class HalfFrozen(Layers):
    """The answer does not depend on the hidden layer."""

    def __init__(self):
        super().__init__()
        self.direct = Dense(1)

    def call(self, features):
        self.hidden(features)
        return self.direct(features) + 0 * self.out(tf.zeros((1, 16)))


class Numpy(Layers):
    def call(self, features):
        return tf.constant(super().call(features).numpy())


class Frozen(Layers):
    def __init__(self):
        super().__init__()
        self.hidden.trainable = False


class WithoutGraphs(Layers):
    def __init__(self):
        tf.config.run_functions_eagerly(True)
        super().__init__()


def shared():
    model = Layers()
    return lambda: model


class Endless(Layers):
    def call(self, features):
        while True:
            pass


class Leaves(Layers):
    def call(self, features):
        raise SystemExit("bye")


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


def unprintable():
    raise Unprintable
