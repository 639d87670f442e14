"""A widget that fits a line and shows the fit and the loss while the training runs."""

from collections.abc import Callable

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from helpers.data import line
from helpers.display.palette import BLUE, ORANGE
from helpers.display.plot_style import new_figure
from helpers.widgets.view import Plot, image, one_at_a_time, png, style

TEXT = (
    "Live in Jupyter: lists for the learning rate and the number of steps. Each choice trains a "
    "new line\nwhile you watch: on the left the points and the line, on the right the loss."
)
RATES = (0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.3, 1.0)
STEPS = (20, 50, 100, 200, 400, 1000)

Progress = Callable[[float, float, np.ndarray], object]


def fit_line(
    learning_rate: float, steps: int, on_part: Progress | None = None
) -> tuple[float, float, np.ndarray]:
    """Train a new LinearModel on `helpers.data.line()`.

    Parameters
    ----------
    learning_rate : float
        Above 0.
    steps : int
        At least 1.
    on_part : function of (slope, intercept, losses so far), or None
        Called after each of at most 20 equal parts of the training.

    Returns
    -------
    slope, intercept : float
        The line that the model has learned.
    losses : (parts,) float32 array
        The loss after each part.
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


def describe(slope: float, intercept: float, losses: np.ndarray) -> str:
    """Say in one line what the fitted line and the last loss are."""
    sign = "-" if intercept < 0 else "+"
    return f"y = {slope:.2f}x {sign} {abs(intercept):.2f}, loss {losses[-1]:.3f}"


def draw(slope: float, intercept: float, losses: np.ndarray, steps: int) -> Figure:
    """Draw the points with the fitted line, and beside them the loss over the steps.

    Parameters
    ----------
    slope, intercept : float
        The fitted line.
    losses : (parts,) array
        The loss after each part so far.
    steps : int
        The number of steps of the whole training, the end of the horizontal axis.

    Returns
    -------
    matplotlib.figure.Figure
    """
    margins = {"left": 0.12, "right": 0.96, "bottom": 0.23, "top": 0.94, "wspace": 0.5}
    figure, (left, right) = new_figure(270, columns=2, **margins)
    x, y = line()
    ends = np.array([-1.0, 1.0])
    left.scatter(x, y, s=8, color=BLUE, label="data")
    left.plot(ends, slope * ends + intercept, color=ORANGE, label="fit")
    left.set(xlabel="x", ylabel="y", xlim=(-1.1, 1.1), ylim=(-2, 4))
    left.legend(loc="upper left")
    done = steps * np.arange(1, len(losses) + 1) / 20
    right.semilogy(done, losses, color=ORANGE, marker=".")
    right.set(xlabel="steps", ylabel="loss", xlim=(0, steps), ylim=(0.005, 10))
    return figure


def live_training() -> Plot:
    """Make the widget: two lists, a line of text and a picture. It opens with one training."""
    rate = ipywidgets.Dropdown(options=RATES, value=0.05, description="rate")
    steps = ipywidgets.Dropdown(options=STEPS, value=200, description="steps")
    words, shown = ipywidgets.HTML(), ipywidgets.HTML()
    drawn: dict[str, str] = {}  # the latest picture and its words

    def show(slope, intercept, losses):
        words.value = describe(slope, intercept, losses)
        if len(losses) % 5 == 0:  # drawing takes longer than a part of the training
            code = png(draw(slope, intercept, losses, steps.value))
            drawn.update(png=code, alt=f"The points and {words.value}")
            shown.value = image(**drawn)

    guarded = one_at_a_time()

    @guarded
    def train_again(_=None):
        words.value = "Training …"
        fit_line(rate.value, steps.value, on_part=show)

    rate.observe(train_again, "value")
    steps.observe(train_again, "value")
    train_again()
    return Plot([rate, steps, words, shown, style()], TEXT, **drawn)
