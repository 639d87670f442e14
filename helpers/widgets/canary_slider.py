"""Split customers between two versions and watch: how many each gets, what fails, how fast."""

from concurrent.futures import ThreadPoolExecutor

import ipywidgets
import numpy as np

from helpers.display.palette import BLUE, ORANGE
from helpers.display.plot_style import new_figure
from helpers.serving.rollout.router import Router
from helpers.text import safe_repr, shorten
from helpers.widgets.view import View, picture

CUSTOMERS = [f"customer-{number:03d}" for number in range(200)]
AT_ONCE = 4  # customers who ask at the same time
PART = 50  # customers between two pictures
INTRODUCTION = f"Move the slider: {len(CUSTOMERS)} customers ask once each."
TEXT = (
    f"Live in Jupyter: a slider for the canary's part. Each move sends one request for each of "
    f"{len(CUSTOMERS)}\ncustomers, always the same ones, and shows for each version the requests, "
    "the errors and the times."
)
LOOKS = (BLUE, "-"), (ORANGE, "--")  # of the stable version and the canary
FAILED = {"color": "white", "edgecolor": "black", "hatch": "////"}


def send(router, body_of, on_part=None):
    """One request for each of CUSTOMERS, counted from zero; the replies, in their order.

    router : Router
    body_of : function of a customer's name, gives the request as a dict
    on_part : function of the replies so far, called after each part, or None
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


def describe(router):
    """What each version got, in one line."""
    counts = router.counts().items()
    return "; ".join(f"{name}: {n.requests} requests, {n.errors} errors" for name, n in counts)


def draw(replies, stable, canary):
    """Answers and errors of the two versions, and their times; a matplotlib Figure.

    replies : list of helpers.serving.rollout.router.Reply
    stable, canary : int or str, version or label, as the replies' `target`
    """
    margins = {"left": 0.1, "right": 0.98, "bottom": 0.22, "top": 0.95, "wspace": 0.3}
    figure, (left, right) = new_figure(2.4, columns=2, **margins)
    for target, (colour, style) in zip((stable, canary), LOOKS, strict=True):
        own = [reply for reply in replies if reply.target == target]
        good = 1000 * np.sort([reply.seconds for reply in own if reply.ok])
        left.barh(str(target), len(good), color=colour)
        left.barh(str(target), len(own) - len(good), left=len(good), **FAILED)
        if len(good):
            part = np.arange(1, len(good) + 1) / len(good)
            right.plot(good, part, style, color=colour, drawstyle="steps-post", label=str(target))
            right.legend(loc="lower right")
    left.set(xlabel="requests (hatched: errors)", ylabel="version", xlim=(0, len(CUSTOMERS)))
    right.set(xlabel="milliseconds", ylabel="answered within", ylim=(0, 1.02))
    return figure


def canary(router, body_of):
    """The widget: a slider for the canary's part, a line, a table and a picture.

    router : helpers.serving.rollout.router.Router, with a canary
    body_of : function of a customer's name, gives the request as a dict
    """
    if not isinstance(router, Router):
        raise TypeError(f"a Router is wanted, not {safe_repr(router)}")
    if not callable(body_of):
        raise TypeError(
            f'a function of a name that gives a request, like {{"instances": [[1.0]]}}, is '
            f"wanted, not {safe_repr(body_of)}"
        )
    part = ipywidgets.IntSlider(
        value=round(router.percent),
        max=100,
        step=5,
        description="canary %",
        continuous_update=False,
    )
    words, rows, image = ipywidgets.Label(INTRODUCTION), ipywidgets.HTML(), ipywidgets.HTML()

    def split(_):
        stable, on_trial = router.stable, router.canary  # the canary may end while they ask

        def show(replies):
            words.value = f"{len(replies)} of {len(CUSTOMERS)} asked"
            rows.value = router.report()._repr_html_()
            image.value = picture(draw(replies, stable, on_trial), describe(router))

        try:
            router.percent = part.value
            send(router, body_of, show)
            words.value = describe(router)
        except Exception as error:  # no canary any more, or what body_of raises
            words.value = shorten(str(error))

    part.observe(split, "value")
    return View([part, words, rows, image], f"{TEXT}\nNow: {router.history[-1]}.")
