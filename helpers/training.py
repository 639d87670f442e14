"""Fast training: the whole loop is one compiled graph, with a progress bar made of plain text."""

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
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    if steps < 1 or learning_rate <= 0:
        raise ValueError(f"steps={steps} and learning_rate={learning_rate} must be positive")
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} rows and y has {len(y)}; they must be the same")
    if not model.built:
        model.build((None, *x.shape[1:]))
    weights = model.trainable_variables
    optimizer = tf.keras.optimizers.Adam(learning_rate)
    optimizer.build(weights)

    def loss():
        return tf.reduce_mean(tf.square(model(x, training=True) - y))

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
        print(f" {steps:,} steps, loss below {bound:g}")
    return np.array(losses, np.float32)


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
