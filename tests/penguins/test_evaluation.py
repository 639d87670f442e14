"""How good a model is on penguins that it has not seen, and how sure that is."""

import numpy as np
import pytest

from helpers.penguins.data import folds, penguins
from helpers.penguins.evaluation import (
    HeldOut,
    interval,
    interval_of_gain,
    most_frequent,
    nearest_mean,
)
from helpers.penguins.hand_preparation import by_hand, new_network


@pytest.mark.weekly
def test_no_penguin_is_judged_by_a_model_that_has_seen_it(five):
    rows, met = penguins() | {"number": np.arange(344)}, []

    def note(asked, known):
        if len(asked["number"]) < len(known["number"]):
            assert not set(asked["number"]) & set(known["number"])
            assert len(asked["number"]) + len(known["number"]) == 344
            met.extend(asked["number"])
        return by_hand(asked, known)

    nearest_mean(rows, note)
    assert sorted(met) == list(range(344))
    met.clear()
    HeldOut(rows, note, new_network).right(note)
    assert sorted(met) == list(range(344))


def test_the_model_beats_both_rules(five):
    """The claim of lesson 05. 340 of 344 against 331: the lower end of the interval is 0.7 points,
    and stays above 0 with another penguin or two on the wrong side."""
    rows = penguins()
    right, rival = five.right(by_hand), nearest_mean(rows, by_hand)
    assert right.mean() > 0.98 and interval(right)[0] > 0.96
    assert most_frequent(rows).mean() == pytest.approx(152 / 344)
    low, high = interval_of_gain(right, rival)
    assert 0.003 < low < right.mean() - rival.mean() < high < 0.06
    # Only the rows on which they differ count: drawn as often as there are rows, they say so, too.
    gains, rng = right.astype(int) - rival, np.random.default_rng(0)
    drawn = [gains[rng.integers(0, 344, 344)].mean() for _ in range(2000)]
    assert np.percentile(drawn, [2.5, 97.5]) == pytest.approx((low, high), abs=0.005)


@pytest.mark.weekly
@pytest.mark.parametrize("seed", [1, 2])
def test_it_beats_them_in_other_folds_too(monkeypatch, seed):
    monkeypatch.setattr(
        "helpers.penguins.evaluation.folds", lambda species: folds(species, seed=seed)
    )
    rows = penguins()
    right = HeldOut(rows, by_hand, new_network).right(by_hand)
    assert interval_of_gain(right, nearest_mean(rows, by_hand))[0] > 0.002


def test_the_rival_is_not_made_of_straw():
    """With fewer columns, with all four measurements, with words scaled: nearest mean does no
    better than with the model's own features."""
    rows = penguins()
    rival = nearest_mean(rows, by_hand).sum()
    four = [name for name in rows if name.endswith(("_mm", "_g"))]

    def with_four(asked, known):
        numbers, seen = (np.stack([t[name] for name in four], axis=1) for t in (asked, known))
        return np.nan_to_num((numbers - np.nanmean(seen, axis=0)) / np.nanstd(seen, axis=0))

    def scaled(asked, known):
        seen = by_hand(known, known)
        return (by_hand(asked, known) - seen.mean(axis=0)) / seen.std(axis=0)

    for prepare in (with_four, scaled, lambda *both: by_hand(*both)[:, :2]):
        assert nearest_mean(rows, prepare).sum() <= rival


def test_intervals_are_the_known_ones():
    eight_of_ten = np.array([True] * 8 + [False] * 2)
    assert interval(eight_of_ten) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert interval(np.ones(10, bool)) == pytest.approx((0.7225, 1), abs=1e-4)
    same = interval_of_gain(eight_of_ten, eight_of_ten)
    assert same == (0, 0)
    low, high = interval_of_gain(np.ones(100, bool), np.arange(100) >= 10)
    assert (low, high) == pytest.approx((0.1 - 1.96 * 0.03, 0.1 + 1.96 * 0.03))
