"""Fast training: the loop is a compiled graph, and the progress bar is plain text."""

from numbers import Integral, Real

import numpy as np
import tensorflow as tf

BLOCKS = 20  # of the progress bar


def train(
    model: tf.keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    steps: int = 1000,
    learning_rate: float = 0.05,
    progress: bool = True,
) -> np.ndarray:
    """Fit a model to (x, y) with Adam and the mean squared error. Each step uses all rows.

    Parameters
    ----------
    model : tf.keras.Model
    x : (n, ...) array
        float64 becomes float32. Other dtypes stay what they are.
    y : (n, ...) array
        In the shape of the model's answers. Becomes float32.
    steps : int
        At least 1.
    learning_rate : float
        Above 0.
    progress : bool
        Whether to print a progress bar.

    Returns
    -------
    (parts,) float32 array
        The loss after each part. There are at most 20 parts, of nearly equal length.

    Raises
    ------
    ValueError
        If a number is out of its range, or if x, y and the model's answers do not fit together.
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
        if answer.shape[1:] != y.shape[1:]:  # broadcasting would compare each answer with every y
            raise ValueError(
                f"y must have the shape of the model's answers, {answer.shape}; it has {y.shape}"
            )
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
        if progress:
            # Blocks are only added, so the stored text is the same as the live one.
            print("■", end="", flush=True)
    if progress:
        # Only the power of ten is the same on every processor.
        bound = 10.0 ** np.ceil(np.log10(max(losses[-1], 1e-12)))
        known = f"loss below {bound:g}" if np.isfinite(bound) else "the loss is not a number"
        print(f" {steps:,} steps, {known}")
    return np.array(losses, np.float32)


def _tensors(x, y):
    """Return the data as tensors with the same number of rows."""
    x, y = tf.convert_to_tensor(x), tf.cast(y, tf.float32)
    if x.dtype == tf.float64:
        x = tf.cast(x, tf.float32)
    if x.ndim < 2:
        raise ValueError(f"x must have rows and columns, such as (100, 1); its shape is {x.shape}")
    if len(x) != len(y) or not len(x):
        raise ValueError(
            f"x and y must have the same number of rows, at least 1; "
            f"x has {len(x)} and y has {len(y)}"
        )
    return x, y


def train_eagerly(
    model: tf.keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    steps: int = 1000,
    learning_rate: float = 0.05,
) -> float:
    """Train as `train` does, but in a plain Python loop, to compare the speed of the two.

    Parameters
    ----------
    model : tf.keras.Model
    x, y : (n, ...) float32 arrays
    steps : int
    learning_rate : float

    Returns
    -------
    float
        The loss after the last step.
    """
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    optimizer = tf.keras.optimizers.Adam(learning_rate)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            current = tf.reduce_mean(tf.square(model(x, training=True) - y))
        gradients = tape.gradient(current, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return float(tf.reduce_mean(tf.square(model(x) - y)))
