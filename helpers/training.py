"""Fast training: the whole loop is one compiled graph, with a progress bar made of plain text."""

from numbers import Integral, Real

import numpy as np
import tensorflow as tf

BLOCKS = 20


def train(model, x, y, steps=1000, learning_rate=0.05, progress=True, on_part=None):
    """Fit `model` to (x, y) by the mean squared error, all rows in every step, with Adam.

    Parameters
    ----------
    model : tf.keras.Model
    x, y : (n, ...) arrays
    steps : int, at least 1
    learning_rate : float above 0
    progress : bool, whether to print a bar
    on_part : function of the losses so far, called after each part, or None

    Returns
    -------
    (blocks,) float32 array, the loss after each of at most 20 equal parts of the training
    """
    numbers = isinstance(steps, Integral) and isinstance(learning_rate, Real)
    if not numbers or not (steps >= 1 and learning_rate > 0):
        raise ValueError(
            f"steps={steps!r} and learning_rate={learning_rate!r} must be positive, steps whole"
        )
    x, y = _tensors(x, y)
    if not model.built:
        model.build((None, *x.shape[1:]))
    weights = model.trainable_variables
    optimizer = tf.keras.optimizers.Adam(learning_rate)
    optimizer.build(weights)

    def loss():
        answer = model(x, training=True)
        if answer.shape[1:] != y.shape[1:]:  # else each answer would be compared with every y
            raise ValueError(f"the shape of y is {y.shape}, that of the answers {answer.shape}")
        return tf.reduce_mean(tf.square(answer - y))

    @tf.function
    def run(steps):
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                current = loss()
            gradients = tape.gradient(current, weights)
            optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss()

    ends = np.linspace(0, steps, min(BLOCKS, steps) + 1).astype(int)
    losses = []
    if progress:
        print("Training ", end="")
    for size in np.diff(ends):
        losses.append(float(run(tf.constant(size))))
        if on_part is not None:
            on_part(np.array(losses, np.float32))
        if progress:
            # Blocks are only ever added: the same text live, stored, and read aloud.
            print("■", end="", flush=True)
    if progress:
        # A power of ten is the same on every processor; the last digits are not.
        bound = 10.0 ** np.ceil(np.log10(max(losses[-1], 1e-12)))
        known = f"loss below {bound:g}" if np.isfinite(bound) else "the loss is not a number"
        print(f" {steps:,} steps, {known}")
    return np.array(losses, np.float32)


def _tensors(x, y):
    """The data as float32 tensors of equally many rows; whole numbers in x stay what they are."""
    x, y = tf.convert_to_tensor(x), tf.cast(y, tf.float32)
    if x.dtype == tf.float64:
        x = tf.cast(x, tf.float32)
    if x.ndim < 2:
        raise ValueError(f"x must have rows and columns, such as (100, 1); its shape is {x.shape}")
    if len(x) != len(y) or not len(x):
        raise ValueError(f"x has {len(x)} rows and y has {len(y)}; they must be the same, and some")
    return x, y


def train_eagerly(model, x, y, steps=1000, learning_rate=0.05):
    """The same training as a plain Python loop; what `train` is measured against.

    Returns the last loss, a float.
    """
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    optimizer = tf.keras.optimizers.Adam(learning_rate)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            current = tf.reduce_mean(tf.square(model(x, training=True) - y))
        gradients = tape.gradient(current, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return float(tf.reduce_mean(tf.square(model(x) - y)))
