"""What may happen to the vocabulary of an export: exercise 3 of lesson 05 does all of it."""

import tempfile
from pathlib import Path

from helpers import readers
from helpers.penguins.data import ISLANDS

ROW = ["Torgersen"]  # the last word of the list, and the last line of the file


def _lookup(folder, vocabulary):
    """An export that gives a word its number in the vocabulary."""
    import tensorflow as tf

    lookup = tf.keras.layers.StringLookup(vocabulary=vocabulary)
    lookup(tf.constant(ROW))
    export = tf.keras.export.ExportArchive()
    export.track(lookup)
    export.add_endpoint("number", lookup, [tf.TensorSpec((None,), tf.string, name="island")])
    export.write_out(folder, verbose=False)
    return folder


def events(folder):
    """{what happens, as the notebook writes it: function that makes it happen to an export of a
    vocabulary below `folder` and returns the two answers, before and after}."""

    def of_list(change):
        def happen():
            words = list(ISLANDS)
            export = _lookup(Path(tempfile.mkdtemp(dir=folder)) / "listed", words)
            return _ask(export), (change(export, words), _ask(export))[1]

        return happen

    def of_file(change):
        def happen():
            here = Path(tempfile.mkdtemp(dir=folder))
            words = here / "islands.txt"
            words.write_text("\n".join(ISLANDS) + "\n", encoding="utf-8")
            export = _lookup(here / "filed", str(words))
            return _ask(export), (change(export / "assets" / words.name, words), _ask(export))[1]

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


def outcome(happen):
    before, after = happen()
    return "error" if after == "error" else "same" if after == before else "other"
