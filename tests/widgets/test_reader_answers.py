"""The table of readers shows what varies, and a page stores only the kind of each answer."""

import re

import numpy as np
import pytest

from helpers.penguins.data import SPECIES
from helpers.penguins.trained import trained_penguin_model
from helpers.readers import verdicts as module
from helpers.readers.verdicts import FAILS, OTHER, SAME, Verdict
from helpers.widgets.reader_answers import LIVE, describe, reader_answers, write

ERROR = "FailedPreconditionError: Could not find variable a/b. This could mean that …"
SURE = np.array([[0.98, 0.01, 0.01], [0.1, 0.2, 0.7]], np.float32)


def found(litert):
    return (
        Verdict("python", SAME, {"y": SURE}),
        Verdict(
            "session",
            FAILS,
            error=ERROR,
        ),
        Verdict("litert", OTHER, {"y": litert}),
    )


@pytest.mark.parametrize(
    ("output", "names", "words"),
    [
        (SURE, SPECIES, "Adelie (98%), Gentoo (70%)"),
        (np.full((1, 3), np.nan), SPECIES, "nan"),
        (np.array([[0.5, np.nan, np.inf]]), SPECIES, "nan"),
        (SURE[:1], (), "0.98, 0.01, 0.01"),
        (SURE[:, :2], SPECIES, "0.98, 0.01, 0.1, 0.2"),  # no probability for each class
        (np.float32(0.5), (), "0.5"),
        (np.array([1e-30, np.nan, -2]), (), "1e-30, nan, -2"),
        (np.arange(7), (), "0, 1, 2, 3, 4, 5 …"),
        (np.array([b"Adelie", "<b>"], object), (), "Adelie, <b>"),
    ],
)
def test_answers_are_described(output, names, words):
    assert describe([output], names) == words


def test_several_outputs_are_described_one_after_the_other():
    assert describe([SURE[:1], np.array([7])], SPECIES) == "Adelie (98%), 7"


def test_wrong_numbers_are_not_stored():
    texts = {
        write(found(litert), "/somewhere/popular", SPECIES)
        for litert in (SURE + 1, np.zeros((2, 3)), np.full((2, 3), np.nan))
    }
    (text,) = texts
    assert text.splitlines() == [
        "popular/, compared with the model",
        "  python   ✓ same numbers: Adelie, Gentoo",
        "  session  ✗ fails: FailedPreconditionError",
        "  litert   ✗ other numbers, no error",
        LIVE,
    ]


def test_right_numbers_are_stored_by_their_kind_only():
    text = write((Verdict("python", SAME, {"y": np.float32(0.5)}),), "mean")
    assert text.splitlines()[1] == "  python   ✓ same numbers"


def test_the_table_shows_each_reader(monkeypatch, tmp_path):
    monkeypatch.setattr(
        "helpers.widgets.reader_answers.verdicts", lambda *_: found(np.zeros((2, 3)))
    )
    view = reader_answers(tmp_path, None, None, SPECIES)
    shown = re.sub(r"<[^>]+>", "", view.children[0].value)
    for words in ("Adelie (98%), Gentoo (70%)", "find variable a/b", "no error: Adelie (0%)"):
        assert words in shown
    assert all(word in shown for word in ("✓ same numbers", "✗ fails", "✗ other numbers"))
    data = view._repr_mimebundle_()
    data = data[0] if isinstance(data, tuple) else data
    assert data["text/plain"] == view.text and "%" not in view.text


def test_the_penguins_of_the_lesson(tmp_path):
    model, rows = trained_penguin_model()
    model.export(tmp_path / "exported", verbose=False)
    view = reader_answers(tmp_path / "exported", rows, model(rows), SPECIES)
    for reader in module.readers.READERS:
        assert f"  {reader:<8} ✓ same numbers: Adelie, Gentoo, Chinstrap\n" in view.text
