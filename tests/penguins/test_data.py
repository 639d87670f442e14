"""The penguins: the file and its README, the columns, the folds."""

import csv
import hashlib
import re
from collections import Counter

import numpy as np
import pytest

from helpers.penguins import data as penguin_data
from helpers.penguins.data import ISLANDS, SEXES, SPECIES, folds, penguins, take

README = (penguin_data.PENGUINS.parent / "README.md").read_text(encoding="utf-8")


def test_the_file_is_the_one_that_its_readme_describes():
    content = penguin_data.PENGUINS.read_bytes()
    assert hashlib.sha256(content).hexdigest().startswith(re.search("`([0-9a-f]{16})`", README)[1])
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert re.findall(r"^\| `(\w+)` \|", README, re.M) == list(rows[0])
    for name in rows[0]:
        counts = Counter(row[name] for row in rows)
        described = re.search(rf"^\| `{name}` \| (.+) \| (\d+) \|$", README, re.M)
        assert int(described[2]) == counts["NA"]
        for value, count in re.findall(r"(\w+) \((\d+)(?: rows)?\)", described[1]):
            assert counts[value] == int(count)


def test_penguins_are_the_columns_of_the_file():
    rows = penguins()
    assert {column.shape for column in rows.values()} == {(344,)}
    texts = {name for name, column in rows.items() if column.dtype.kind == "U"}
    assert texts == {"species", "island", "sex"}
    assert all(rows[name].dtype == np.float32 for name in rows.keys() - texts)
    first, fourth = take(rows, 0), take(rows, 3)
    assert [first[name].item() for name in ("species", "island", "sex")] == [
        "Adelie",
        "Torgersen",
        "male",
    ]
    assert first["bill_length_mm"] == np.float32(39.1) and first["body_mass_g"] == 3750
    assert fourth["sex"] == "" and np.isnan(fourth["body_mass_g"])
    assert set(rows["species"]) == set(SPECIES) and set(rows["island"]) == set(ISLANDS)
    assert set(rows["sex"]) == {*SEXES, ""}
    assert penguin_data.complete(rows).sum() == 333


@pytest.mark.parametrize("count", [2, 5, 10])
def test_every_fold_has_its_share_of_every_species(count):
    species = penguins()["species"]
    fold = folds(species, count)
    np.testing.assert_array_equal(fold, folds(species, count))
    assert set(fold) == set(range(count)) and (fold != folds(species, count, seed=1)).any()
    for name in SPECIES:
        shares = np.bincount(fold[species == name], minlength=count)
        assert shares.max() - shares.min() <= 1
    assert np.ptp(np.bincount(fold)) <= 1


@pytest.mark.parametrize("count", [0, 1, 345])
def test_impossible_folds_are_refused(count):
    with pytest.raises(ValueError, match=f"count={count}: from 2 folds to 344"):
        folds(penguins()["species"], count)
