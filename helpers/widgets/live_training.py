"""Watch a line being fitted: the loss and the fit, part by part, for any learning rate."""

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from helpers.data import line
from helpers.widgets.view import View, picture

TEXT = (
    "Live in Jupyter: sliders for the learning rate and the number of steps. Each move trains a "
    "new line\nwhile you watch: on the left the points and the line, on the right the loss."
)


def fit_line(learning_rate, steps, on_part=None):
    """Train a new LinearModel on `helpers.data.line()`.

    on_part : function of (slope, intercept, losses so far), called after each part, or None

    Returns (slope, intercept, losses): two floats and a (parts,) array.
    """
    import tensorflow as tf

    from helpers.models import LinearModel
    from helpers.training import train

    tf.keras.utils.set_random_seed(1)
    model = LinearModel()

    def report(losses):
        slope, intercept = (float(w.numpy().squeeze()) for w in model.trainable_variables)
        if on_part is not None:
            on_part(slope, intercept, losses)
        return slope, intercept, losses

    x, y = line()
    return report(train(model, x, y, steps, learning_rate, progress=False, on_part=report))


def describe(slope, intercept, losses):
    """The state of a fit in one line."""
    return f"y = {slope:.2f}x {'+-'[intercept < 0]} {abs(intercept):.2f}, loss {losses[-1]:.3f}"


def draw(slope, intercept, losses, steps):
    """The fit and the loss side by side; a matplotlib Figure."""
    figure = Figure(figsize=(8, 2.8))
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.18, top=0.97, wspace=0.2)
    left, right = figure.subplots(1, 2)
    x, y = line()
    ends = np.array([-1.0, 1.0])
    left.scatter(x, y, s=8, color="#0072b2", label="data")
    left.plot(ends, slope * ends + intercept, color="#d55e00", label="fit")
    left.set(xlabel="x", ylabel="y", xlim=(-1.1, 1.1), ylim=(-2, 4))
    left.legend(loc="upper left")
    done = steps * np.arange(1, len(losses) + 1) / 20
    right.semilogy(done, losses, color="#d55e00", marker=".")
    right.set(xlabel="steps", ylabel="loss", xlim=(0, steps), ylim=(0.005, 10))
    return figure


def live_training():
    """The widget: two sliders, a line of text and a picture."""
    rate = ipywidgets.FloatLogSlider(
        value=10**-1.25, min=-3, max=0, step=0.25, description="rate", continuous_update=False
    )
    steps = ipywidgets.IntSlider(
        value=200, min=20, max=1000, step=20, description="steps", continuous_update=False
    )
    words = ipywidgets.Label("Move a slider: a new line is trained while you watch.")
    image = ipywidgets.HTML()

    def show(slope, intercept, losses):
        words.value = describe(slope, intercept, losses)
        if len(losses) % 5 == 0:  # a picture takes longer than a part of the training
            image.value = picture(
                draw(slope, intercept, losses, steps.value), f"The points and {words.value}"
            )

    def train_again(_):
        words.value = "Training …"
        fit_line(rate.value, steps.value, on_part=show)

    rate.observe(train_again, "value")
    steps.observe(train_again, "value")
    return View([rate, steps, words, image], TEXT)
