"""The batteries hold every kind of row that tells a right answer from a friendly one."""

import numpy as np

from helpers.exercises.battery import ROWS, around, batches, numbers, words


def test_numbers_hold_every_kind():
    rows = numbers(3, -1, 1, exactly=(0.8,), ignored=(2,))
    assert rows.shape == (ROWS, 3) and rows.dtype == np.float32
    matter, ignored = rows[:, :2], rows[:, 2]
    assert np.isfinite(matter).all()
    inside = np.abs(matter) <= 1
    assert inside.mean() > 0.4 and (matter > 1).sum() > 50 and (matter < -1).sum() > 50
    assert (np.abs(matter) > 20).sum() > 20, "large"
    assert ((matter != 0) & (np.abs(matter) < 0.001)).sum() > 10, "fractions"
    assert (matter == 0).any() and (matter == np.round(matter)).sum() > 20
    assert np.isnan(ignored).any() and np.isinf(ignored).any()
    exact = np.float32(0.8)
    for value in (exact, np.nextafter(exact, np.float32(1)), np.nextafter(exact, np.float32(0))):
        assert (rows == value).any(), "a constant exactly, and the next numbers beside it"
    assert np.array_equal(rows, numbers(3, -1, 1, (0.8,), (2,)), equal_nan=True)
    assert not np.array_equal(rows, numbers(3, -1, 1, (0.8,), (2,), seed=1), equal_nan=True)


def test_every_constant_stands_between_its_neighbours():
    for constant in (0.5, -3.0, 0.0, 1e6):
        exact, below, above, less, more = around([constant])
        assert less < below < exact < above < more
        assert not [v for v in np.float32([exact, below, above]) if v not in (exact, below, above)]


def test_words_hold_every_variant():
    made = set(words(["Dream", "male"]))
    for variant in ("Dream", "DREAM", "dream", " Dream", "Dream ", "Drea", "Dreams", "DreamDream"):
        assert variant in made, variant
    assert {"", " ", "unknown", "male", "MALE"} <= made
    assert len(words(["Dream"])) == ROWS


def test_batches_have_five_sizes_and_different_rows():
    made = batches({"x": np.arange(300), "y": np.arange(300) * 2})
    assert list(made) == ["0 rows", "1 row", "2 rows", "7 rows", "300 rows"]
    assert [len(batch["x"]) for batch in made.values()] == [0, 1, 2, 7, 300]
    small = np.concatenate([made[name]["x"] for name in ("1 row", "2 rows", "7 rows")])
    assert len(set(small)) == 10
    for batch in made.values():
        assert (batch["y"] == 2 * batch["x"]).all()
