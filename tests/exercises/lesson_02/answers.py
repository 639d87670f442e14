"""Repaired models of lesson 02 as learners write them, right and wrong."""

import tensorflow as tf

Dense = tf.keras.layers.Dense
READINGS = tf.TensorSpec((None, 4), tf.float32, name="readings")


class Layers(tf.keras.Model):
    """The layers of Forecast and a plain call."""

    def __init__(self):
        super().__init__()
        self.wide, self.hidden, self.deep = Dense(1), Dense(8, activation="relu"), Dense(1)

    def call(self, readings):
        return self.wide(readings) + self.deep(self.hidden(readings))


class Forecast(Layers):
    @tf.function(input_signature=[READINGS])
    def call(self, readings):
        return self.wide(readings) + self.deep(self.hidden(readings))


class OwnBuild(Forecast):
    def build(self, input_shape):
        self.wide.build(input_shape)
        self.hidden.build(input_shape)
        self.deep.build((None, 8))
        self.built = True


class BuiltInConstructor(Forecast):
    def __init__(self):
        super().__init__()
        self.wide.build((None, 4))
        self.hidden.build((None, 4))
        self.deep.build((None, 8))


class MethodBeside(Layers):
    @tf.function(input_signature=[READINGS])
    def predict_rain(self, readings):
        return self(readings)


def functional():
    readings = tf.keras.Input((4,))
    hidden = Dense(8, activation="relu")(readings)
    return tf.keras.Model(readings, Dense(1)(readings) + Dense(1)(hidden))


def sequential():
    return tf.keras.Sequential([tf.keras.Input((4,)), Dense(8, activation="relu"), Dense(1)])


class Difference(OwnBuild):
    def call(self, readings):
        return self.wide(readings) - self.deep(self.hidden(readings))


class Linear(OwnBuild):
    """Without relu."""

    def __init__(self):
        super().__init__()
        self.hidden = Dense(8)


class FourUnits(Layers):
    def __init__(self):
        super().__init__()
        self.hidden = Dense(4, activation="relu")


class MeanOfBatch(OwnBuild):
    """Right for one row only."""

    def call(self, readings):
        mean = tf.reduce_mean(self.hidden(readings), axis=0, keepdims=True)
        return self.wide(readings) + self.deep(mean)


class CalledOnce(Forecast):
    def __init__(self):
        super().__init__()
        self(tf.zeros((1, 4)))


class NoSignature(Layers):
    """Keras' first call leaves a trace for one shape, and each other shape gets its own."""

    @tf.function
    def call(self, readings):
        return self.wide(readings) + self.deep(self.hidden(readings))


class ForAnotherWidth(Forecast):
    def build(self, input_shape):
        self.wide.build((None, 10))
        self.hidden.build((None, 10))
        self.deep.build((None, 8))
        self.built = True


class DeepForReadings(Forecast):
    def build(self, input_shape):
        self.wide.build(input_shape)
        self.hidden.build(input_shape)
        self.deep.build(input_shape)


class Exchanged(Layers):
    """Wide and deep have each other's place."""

    def build(self, input_shape):
        self.deep.build(input_shape)
        self.hidden.build(input_shape)
        self.wide.build((None, 8))

    @tf.function(input_signature=[READINGS])
    def call(self, readings):
        return self.deep(readings) + self.wide(self.hidden(readings))


class EmptyBuild(Forecast):
    """Keras does no trial run for a class with its own build, whatever that contains."""

    def build(self, input_shape):
        pass


class WrongProduct(Layers):
    def call(self, readings):
        return super().call(readings) @ tf.ones((2, 1))


class Summed(tf.keras.Model):
    def call(self, readings):
        return tf.reduce_sum(readings, axis=1, keepdims=True)


class OneNumber(Layers):
    def call(self, readings):
        return tf.reduce_mean(super().call(readings))


class LayersInCall(tf.keras.Model):
    @tf.function(input_signature=[READINGS])
    def call(self, readings):
        return Dense(1)(readings)


class HalfFrozen(Layers):
    """The answer does not depend on the hidden layer."""

    def __init__(self):
        super().__init__()
        self.direct = Dense(1)

    def call(self, readings):
        self.hidden(readings)
        return self.direct(readings) + 0 * self.deep(tf.zeros((1, 8)))


class Numpy(Layers):
    def call(self, readings):
        return tf.constant(super().call(readings).numpy())


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
    def call(self, readings):
        while True:
            pass


class Leaves(Layers):
    def call(self, readings):
        raise SystemExit("bye")


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


def unprintable():
    raise Unprintable
