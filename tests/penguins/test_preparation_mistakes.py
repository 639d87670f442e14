"""The mistakes of lesson 05 in preparing rows: what each changes, and what it costs."""

import numpy as np

from helpers.penguins.data import MEASUREMENTS, penguins
from helpers.penguins.hand_preparation import by_hand
from helpers.penguins.preparation_mistakes import in_capitals, in_kilograms, lose_a_fifth, slips


def test_every_slip_costs_what_the_picture_shows(five):
    right = {words: five.right(*slip).mean() for words, slip in slips(by_hand).items()}
    lost_mean = right.pop("a fifth lost, mean instead")
    assert lost_mean > 0.89
    assert lost_mean - right["a fifth lost, 0 instead"] > 0.1
    assert right["body mass in kilograms"] == min(right.values()) < 0.5
    assert max(right.values()) == right["words in capitals"] < five.right(by_hand).mean() - 0.05


def test_slips_change_what_they_say_and_nothing_else():
    rows = penguins()
    for change, names in (
        (in_kilograms, {"body_mass_g"}),
        (in_capitals, {"island", "sex"}),
        (lose_a_fifth, set(MEASUREMENTS)),
    ):
        changed = change(rows)
        for name in rows:
            kind = {"equal_nan": rows[name].dtype.kind == "f"}
            assert np.array_equal(changed[name], rows[name], **kind) == (name not in names)
    lost = lose_a_fifth(rows)
    for name in MEASUREMENTS:
        assert 0.15 < np.isnan(lost[name]).mean() < 0.25
