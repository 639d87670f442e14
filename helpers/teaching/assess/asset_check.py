"""Requirement 4: a file of the export holds the islands, and the answers depend on it."""

import re
import shutil
from collections.abc import Mapping

import numpy as np

from helpers import artifact, readers
from helpers.penguins.data import ISLANDS, take
from helpers.readers.sameness import same
from helpers.teaching.assess.brief import columns
from helpers.teaching.assess.folder import Version
from helpers.teaching.assess.model_checks import (
    COMPUTING,
    NO_ANSWER,
    Found,
    asked,
    complete_rows,
)
from helpers.teaching.assess.report import NotMet, NotTried

MOST_BYTES = 1_000_000  # of an asset that is read as text


def asset(version: Version) -> Found:
    """Requirement 4: exchanged islands in the asset exchange the answers."""
    version.require(1, 2)
    texts = _assets_with_islands(version)
    if not texts:
        raise NotMet(
            f"a text file in assets should hold the islands {', '.join(ISLANDS)}, but none does. "
            "Give the lookup the path of a file with one word on each line"
        )
    rows = columns(complete_rows())
    rows = take(rows, np.isin(rows["island"], (ISLANDS[0], ISLANDS[2])))
    # Requirement 3 tries whether upper and lower case count.
    sent = [rows, rows | {"island": np.char.lower(rows["island"])}]
    before = asked(version, "probabilities", sent, [f"{len(rows['island'])} penguins"] * 2)
    changed = version.path.with_name("changed")
    shutil.copytree(version.path, changed)
    try:
        for path, text in texts.items():
            (changed / path).write_text(_exchanged(text), encoding="utf-8")
        try:
            after, error = readers.run_batches(changed, "probabilities", sent, computing=COMPUTING)
        except readers.ReaderError as failed:
            after, error = [], failed.error
    finally:
        shutil.rmtree(changed)
    if error.startswith(NO_ANSWER):
        raise NotTried(f"with two islands exchanged in {', '.join(texts)}: {error}")
    if not error and all(same(old, new) for old, new in zip(before, after, strict=True)):
        raise NotMet(
            f"the answers should depend on {', '.join(texts)}, but with two islands exchanged in "
            "it, they are the same. Does the model use another list of the islands?"
        )
    what = "fails" if error else "gives other answers"
    return f"with two islands exchanged in {', '.join(texts)}, the model {what}", {}


def _assets_with_islands(version) -> Mapping[str, str]:
    texts = {}
    for file in artifact.read(version.path).files:
        if file.path.startswith("assets/") and file.size <= MOST_BYTES:
            try:
                text = (version.path / file.path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            if all(island.lower() in text.lower() for island in ISLANDS):
                texts[file.path] = text
    return texts


def _exchanged(text):
    first, _, last = ISLANDS

    def other(found):
        word = last if found[0].lower() == first.lower() else first
        for change in (str.lower, str.upper):
            if found[0] == change(found[0]):
                return change(word)
        return word

    return re.sub(f"{first}|{last}", other, text, flags=re.IGNORECASE)
