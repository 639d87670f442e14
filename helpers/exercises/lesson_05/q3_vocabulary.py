"""Changes to the vocabulary of an export, for exercise 3 of lesson 05."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers import readers
from helpers.penguins.data import ISLANDS

ROW = ["Torgersen"]  # the last word of the list, and the last line of the file


def _lookup(folder, vocabulary):
    """Make an export that gives a word its number in the vocabulary. Return its directory."""
    import tensorflow as tf

    lookup = tf.keras.layers.StringLookup(vocabulary=vocabulary)
    lookup(tf.constant(ROW))
    export = tf.keras.export.ExportArchive()
    export.track(lookup)
    export.add_endpoint("number", lookup, [tf.TensorSpec((None,), tf.string, name="island")])
    export.write_out(folder, verbose=False)
    return folder


def events(folder: str) -> dict[str, Callable[[], tuple[Any, Any]]]:
    """Return the changes of the exercise as functions.

    Parameters
    ----------
    folder : str
        Where the functions make their exports.

    Returns
    -------
    dict
        {change, as the notebook writes it: function that makes an export, changes it, and returns
        its answers before and after the change}
    """

    def of_list(change):
        def happen():
            words = list(ISLANDS)
            export = _lookup(Path(tempfile.mkdtemp(dir=folder)) / "listed", words)
            before = _ask(export)
            change(export, words)
            return before, _ask(export)

        return happen

    def of_file(change):
        def happen():
            here = Path(tempfile.mkdtemp(dir=folder))
            words = here / "islands.txt"
            words.write_text("\n".join(ISLANDS) + "\n", encoding="utf-8")
            export = _lookup(here / "filed", str(words))
            before = _ask(export)
            change(export / "assets" / words.name, words)
            return before, _ask(export)

        return happen

    def write(asset, lines):
        asset.write_text("\n".join(lines) + "\n", encoding="utf-8")

    return {
        "filed: islands.txt, which you wrote, is deleted": of_file(
            lambda asset, words: words.unlink()
        ),
        "filed: the lines of its asset are reversed": of_file(
            lambda asset, words: write(asset, ISLANDS[::-1])
        ),
        "filed: a fourth line is added at the end of its asset": of_file(
            lambda asset, words: write(asset, [*ISLANDS, "Paulet"])
        ),
        "filed: its asset is emptied": of_file(lambda asset, words: asset.write_text("")),
        "listed: its folder assets is deleted": of_list(
            lambda export, words: (export / "assets").rmdir()
        ),
        "listed: the list in the notebook is reversed": of_list(
            lambda export, words: words.reverse()
        ),
    }


def _ask(export):
    try:
        return readers.run(export, "number", {"island": ROW})["output_0"].tolist()
    except readers.ReaderError:
        return "error"


def outcome(happen: Callable[[], tuple[Any, Any]]) -> str:
    """Call a function of `events`, and return "same", "other" or "error"."""
    before, after = happen()
    if after == "error":
        return "error"
    return "same" if after == before else "other"
