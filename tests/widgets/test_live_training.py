"""The widget that fits a line: the functions by calling them, the view by moving its sliders."""

from helpers.display import PICTURE_WIDTH
from helpers.widgets.live_training import TEXT, describe, fit_line, live_training


def test_fit_line_learns_the_line():
    slope, intercept, losses = fit_line(learning_rate=0.05, steps=400)
    assert abs(slope - 2) < 0.1
    assert abs(intercept - 1) < 0.1
    assert losses[-1] < 0.02 < losses[0]


def test_a_small_rate_does_not_arrive():
    assert fit_line(learning_rate=0.001, steps=100)[2][-1] > 0.5


def test_describe_writes_the_sign_once():
    assert describe(2.0, -1.0, [0.5]) == "y = 2.00x - 1.00, loss 0.500"


def test_it_opens_with_a_training_and_its_picture():
    view = live_training()
    _, _, words, shown, _ = view.children
    assert words.value.startswith("y = ") and view.alt == f"The points and {words.value}"
    assert view.png in shown.value
    data, metadata = view._repr_mimebundle_()
    assert data["text/plain"] == TEXT and data["image/png"] == view.png
    assert metadata["image/png"] == {"alt": view.alt, "width": PICTURE_WIDTH}


def test_each_choice_trains_again_and_shows_each_part():
    view = live_training()
    rate, steps, words, shown, _ = view.children
    seen = []
    words.observe(lambda change: seen.append(change["new"]), "value")
    steps.value = 400
    assert words.value.startswith("y = ")
    assert len(seen) > 5
    before = words.value
    rate.value = 0.001
    assert words.value != before
    assert f'alt="The points and {words.value}"' in shown.value  # the last part is drawn


def test_lists_have_a_name_and_real_units():
    rate, steps, *_ = live_training().children
    assert (rate.description, steps.description) == ("rate", "steps")
    assert rate.label == "0.05" and "0.001" in rate._options_labels
