"""A widget that splits customers between two versions and shows requests, errors and times."""

import html
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from helpers.display.palette import BLUE, ORANGE
from helpers.display.plot_style import new_figure
from helpers.serving.rollout.router import Reply, Router
from helpers.text import safe_repr, shorten
from helpers.widgets.view import Plot, View, image, one_at_a_time, png

CUSTOMERS = [f"customer-{number:03d}" for number in range(200)]
AT_ONCE = 4  # simultaneous requests
PART = 50  # requests between two updates of the picture
TEXT = (
    f"Live in Jupyter: a field for the canary's share. Each change sends one request for each of "
    f"{len(CUSTOMERS)}\ncustomers, always the same ones, and shows the requests, errors and times "
    "of each version."
)
LOOKS = (BLUE, "-"), (ORANGE, "--")  # colour and line style of the stable version and the canary
FAILED = {"color": "white", "edgecolor": "black", "hatch": "////"}


def send(
    router: Router,
    body_of: Callable[[str], dict],
    on_part: Callable[[list[Reply]], object] | None = None,
) -> list[Reply]:
    """Reset the counts of a router and send one request for each of CUSTOMERS.

    Parameters
    ----------
    router : helpers.serving.rollout.router.Router
    body_of : callable
        returns the request of a customer, whose name is the argument
    on_part : callable, optional
        is called with the replies so far after each 50 requests

    Returns
    -------
    list of helpers.serving.rollout.router.Reply
        in the order of CUSTOMERS
    """
    router.clear()
    replies = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(CUSTOMERS), PART):
            part = CUSTOMERS[start : start + PART]
            replies += pool.map(lambda name: router.predict(name, body_of(name)), part)
            if on_part is not None:
                on_part(replies)
    return replies


def describe(router: Router) -> str:
    """Return the requests and errors of each version in one line."""
    counts = router.counts().items()
    return "; ".join(f"{name}: {n.requests} requests, {n.errors} errors" for name, n in counts)


def draw(replies: list[Reply], stable: int | str, canary: int | str) -> Figure:
    """Draw the requests, errors and times of two versions.

    Parameters
    ----------
    replies : list of helpers.serving.rollout.router.Reply
    stable, canary : int or str
        version or label, like the replies' `target`

    Returns
    -------
    matplotlib.figure.Figure
    """
    margins = {"left": 0.12, "right": 0.96, "bottom": 0.23, "top": 0.94, "wspace": 0.45}
    figure, (left, right) = new_figure(270, columns=2, **margins)
    for target, (colour, style) in zip((stable, canary), LOOKS, strict=True):
        own = [reply for reply in replies if reply.target == target]
        good = 1000 * np.sort([reply.seconds for reply in own if reply.ok])
        left.barh(str(target), len(good), color=colour)
        bad = len(own) - len(good)
        left.barh(str(target), bad, left=len(good), linewidth=min(bad, 1), **FAILED)
        if len(good):
            part = np.arange(1, len(good) + 1) / len(good)
            label = f"version {target}" if isinstance(target, int) else target
            right.plot(good, part, style, color=colour, drawstyle="steps-post", label=label)
            right.legend(loc="lower right")
    left.set(xlabel="requests (hatched: errors)", ylabel="version", xlim=(0, len(CUSTOMERS)))
    right.set(xlabel="milliseconds", ylabel="answered within", ylim=(0, 1.02))
    return figure


def canary(router: Router, body_of: Callable[[str], dict]) -> View:
    """Return a widget with a field for the canary's share, a line of text, a table and a picture.

    It opens with the requests of the present share.

    Parameters
    ----------
    router : helpers.serving.rollout.router.Router
        with a canary
    body_of : callable
        returns the request of a customer, whose name is the argument

    Returns
    -------
    helpers.widgets.view.View
        a `Plot`, or a view without a stored picture if the requests could not be sent

    Raises
    ------
    TypeError
        an argument has the wrong type
    """
    if not isinstance(router, Router):
        raise TypeError(f"router must be a Router, not {safe_repr(router)}")
    if not callable(body_of):
        raise TypeError(
            "body_of must be a function of a name that returns a request like "
            f'{{"instances": [[1.0]]}}, not {safe_repr(body_of)}'
        )
    # Unlike a slider of ipywidgets, a field has an accessible name.
    part = ipywidgets.BoundedIntText(
        value=round(router.percent), max=100, step=5, description="canary %"
    )
    words, shown = ipywidgets.HTML(), ipywidgets.HTML()
    drawn: dict[str, str] = {}  # the latest picture and its words

    guarded = one_at_a_time()

    @guarded
    def split(change=None):
        stable, on_trial = router.stable, router.canary  # the canary may end meanwhile

        def show(replies):
            drawn.update(png=png(draw(replies, stable, on_trial)), alt=describe(router))
            # In one value, so that the page never shows a new table beside an old picture.
            # Without times, which the picture shows: a narrow window would cut them off.
            shown.value = router.report(latency=False)._repr_html_() + image(**drawn)
            words.value = f"{len(replies)} of {len(CUSTOMERS)} requests sent"

        try:
            if change is not None:
                router.percent = part.value
            send(router, body_of, show)
            words.value = describe(router)
        except Exception as error:  # the canary has ended, or body_of has raised
            words.value = html.escape(shorten(str(error)))

    part.observe(split, "value")
    if router.canary is None:
        words.value = "No canary is running."
    else:
        split()
    children, text = [part, words, shown], f"{TEXT}\nNow: {router.history[-1]}."
    return Plot(children, text, **drawn) if drawn else View(children, text)
