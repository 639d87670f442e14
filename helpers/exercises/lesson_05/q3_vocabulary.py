"""Changes to the vocabulary of an export, for exercise 3 of lesson 05."""

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.penguins.data import ISLANDS
from helpers.text import shorten

KEY = "columns"
ASKED = "Torgersen"  # the last word of ISLANDS
SAME, OTHER, ERROR = OUTCOMES = ("same", "other", "error")


def vocabularies(folder: Path, seed: int | None = None) -> Path:
    """Make the two exports of the exercise and the file `islands.txt`.

    Both exports have the signature `columns`, which gives a word its columns.

    Parameters
    ----------
    folder : Path
    seed : int, optional
        Another seed gives the words another order.

    Returns
    -------
    Path
        The folder, with `listed`, `filed` and `islands.txt` in it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    words = _order(seed)
    _export(folder / "listed", words)
    _export(folder / "filed", str(_write(folder / "islands.txt", words)))
    return folder


def _order(seed):
    """Put ASKED last, or in the middle for odd seeds, or first for even ones."""
    if seed is None:
        return list(ISLANDS)
    others = [word for word in ISLANDS if word != ASKED]
    words = np.random.default_rng(abs(seed)).permutation(others).tolist()
    words.insert(seed % 2, ASKED)
    return words


def _write(path, words):
    path.write_text("\n".join(words) + "\n", encoding="utf-8")
    return path


def _export(folder, vocabulary):
    """Make an export that gives a word its columns, as in PenguinModel. Return its directory."""
    import tensorflow as tf

    lookup = tf.keras.layers.StringLookup(vocabulary=vocabulary, output_mode="one_hot")
    lookup(tf.constant([ASKED]))
    export = tf.keras.export.ExportArchive()
    export.track(lookup)
    spec = tf.TensorSpec((None,), tf.string, name="island")
    export.add_endpoint(KEY, lambda island: {KEY: lookup(island)[:, 1:]}, [spec])
    export.write_out(folder, verbose=False)
    return folder


# Each change gets a folder as `vocabularies` makes it, and its words. It returns nothing.


def _delete_the_file(here, words):
    (here / "islands.txt").unlink()


def _reverse_the_asset(here, words):
    _write(here / "filed" / "assets" / "islands.txt", words[::-1])


def _add_a_line(here, words):
    _write(here / "filed" / "assets" / "islands.txt", [*words, "Paulet"])


def _empty_the_asset(here, words):
    (here / "filed" / "assets" / "islands.txt").write_text("")


def _delete_the_folder(here, words):
    shutil.rmtree(here / "listed" / "assets", ignore_errors=True)


def _reverse_the_list(here, words):
    words.reverse()


# These need an export that was made from the very file or list that they change. For the others a
# copy will do, which takes less time.
OF_THEIR_OWN = _delete_the_file, _reverse_the_list

# {change, as the notebook writes it: (what it does, why the columns are what they are)}
CHANGES: dict[str, tuple[Callable[[Path, list], None], str]] = {
    "filed: islands.txt, which you wrote, is deleted": (
        _delete_the_file,
        "The export has a copy of the file in its folder assets, and reads only this copy.",
    ),
    "filed: the lines of its asset are reversed": (
        _reverse_the_asset,
        "The line of a word in the asset is the word's column, and no program compares the asset "
        "with the one of the training.",
    ),
    "filed: a fourth line is added at the end of its asset": (
        _add_a_line,
        "The words before the new line keep their lines, and no program counts the lines.",
    ),
    "filed: its asset is emptied": (
        _empty_the_asset,
        "A table without a line cannot be made, so the export cannot be loaded.",
    ),
    "listed: its folder assets is deleted": (
        _delete_the_folder,
        "The words are in saved_model.pb, and the folder assets of this export was empty.",
    ),
    "listed: the list in the notebook is reversed": (
        _reverse_the_list,
        "The layer copied the words when it was made, and the export has them in saved_model.pb.",
    ),
}


@cache
def tried(name: str, original: Path) -> tuple[str, dict[tuple[str, str], str]]:
    """Try a change on exports of its own.

    Parameters
    ----------
    name : str
        A key of CHANGES.
    original : Path
        What `vocabularies` made. It stays as it is.

    Returns
    -------
    outcome : {"same", "other", "error"}
    why : dict of (str, str) to str
        For this change and each wrong outcome: the reason, with what was measured.
    """
    change, because = CHANGES[name]
    words = (original / "islands.txt").read_text(encoding="utf-8").split()
    export = name.split(":")[0]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        directory = here / export
        if change in OF_THEIR_OWN:
            written = _write(here / "islands.txt", words)
            _export(directory, words if export == "listed" else str(written))
        else:
            shutil.copytree(original / export, directory)
        before, _ = _ask(directory)
        change(here, words)
        os.utime(directory / "saved_model.pb")  # so that the reader loads the export again
        after, error = _ask(directory)
    outcome = ERROR if error else SAME if after == before else OTHER
    measured = f"{ASKED} was {before} and is {after}."
    why = {}
    for said in OUTCOMES:
        if outcome == ERROR:
            seen = f"{ASKED} was {before}, and now the reader says: {error}"
        elif said == ERROR:
            seen = f"The reader gave no error: {measured}"
        else:
            seen = measured
        why[name, said] = f"{seen} {because}"
    return outcome, why


def _ask(directory):
    """Return the columns of ASKED and "", or None and the error of the Python reader."""
    try:
        columns = readers.run(directory, KEY, {"island": [ASKED]})[KEY]
    except readers.ReaderError as error:
        return None, shorten(str(error), 200)
    return columns[0].astype(int).tolist(), ""
