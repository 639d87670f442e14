"""The exports of exercise 4: six copies of one export, four of them damaged in different ways."""

import functools
import shutil
from pathlib import Path

import numpy as np

from helpers.exercises.export_checks import SAME
from helpers.exercises.lesson_04.alike_layers import generator
from helpers.inspection.explore import explore

WHOLE, CUT, LOST = "whole", "graph cut", "file lost"
CHANGED, OTHER = "byte changed", "other weights"
KINDS = (WHOLE, CUT, LOST, CHANGED, OTHER)
NAMES = tuple("abcdef")
# On the page. The second whole one has neither fingerprint.pb nor assets.
OF_THE_PAGE = (WHOLE, LOST, OTHER, CUT, CHANGED, WHOLE)
INPUTS, ROWS = 3, 4
GRAPH, FINGERPRINT = "saved_model.pb", "fingerprint.pb"
DATA, INDEX = "variables/variables.data-00000-of-00001", "variables/variables.index"


def kinds_of(seed: int | None) -> dict[str, str]:
    """Return {name: what happened to the copy}, as on the page or drawn for a seed."""
    kinds = OF_THE_PAGE
    if seed is not None:
        chance = generator(seed)
        drawn = [str(kind) for kind in chance.permutation(OF_THE_PAGE)]
        while any(map(str.__eq__, drawn, OF_THE_PAGE)):  # no answer of the page is right
            drawn = [str(kind) for kind in chance.permutation(OF_THE_PAGE)]
        kinds = tuple(drawn)
    return dict(zip(NAMES, kinds, strict=True))


def six_deliveries(
    folder: Path, seed: int | None = None
) -> tuple[dict[str, Path], np.ndarray, np.ndarray]:
    """Make an export with the signature serve, and six copies of it.

    Parameters
    ----------
    folder : Path
        Where the copies are made.
    seed : int, optional
        Another seed draws other weights, and what happened to which copy.

    Returns
    -------
    deliveries : dict of str to Path
        By name.
    rows : ndarray, shape (4, 3)
        What serve gets.
    right : ndarray, shape (4, 1)
        What serve of the whole export answers.
    """
    import tensorflow as tf

    chance = generator(seed)
    layers = [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(8), tf.keras.layers.Dense(1)]
    model = tf.keras.Sequential(layers)
    folder = Path(folder)
    sent = {}
    for name in ("other", "sent"):  # the model keeps the weights of the last one
        model.set_weights([chance.uniform(0.5, 2, w.shape) for w in model.get_weights()])
        sent[name] = folder / name
        model.export(sent[name], verbose=False)
    kernel = model.layers[0].get_weights()[0].tobytes()
    rows = chance.uniform(0.5, 2, (ROWS, INPUTS)).round(1).astype(np.float32)
    right = model(rows).numpy()
    whole = []
    for name, kind in kinds_of(seed).items():
        copy = Path(shutil.copytree(sent["sent"], folder / name))
        if kind == WHOLE:
            whole.append(copy)
        elif kind == CUT:
            data = (copy / GRAPH).read_bytes()
            (copy / GRAPH).write_bytes(data[: int(len(data) * chance.uniform(0.3, 0.9))])
        elif kind == LOST:
            (copy / str(chance.choice([DATA, INDEX]))).unlink()
        elif kind == CHANGED:
            data = bytearray((copy / DATA).read_bytes())
            data[data.index(kernel) + int(chance.integers(len(kernel)))] ^= 1
            (copy / DATA).write_bytes(data)
        else:  # also its fingerprint, so that explore finds nothing
            for file in (DATA, INDEX, FINGERPRINT):
                shutil.copy2(sent["other"] / file, copy / file)
    (whole[-1] / FINGERPRINT).unlink()
    (whole[-1] / "assets").rmdir()
    for made in sent.values():
        shutil.rmtree(made)
    return {name: folder / name for name in NAMES}, rows, right


@functools.cache
def error_of(directory: Path) -> str:
    """Return the type of the error with which an export fails when it is loaded, or ""."""
    import tensorflow as tf

    try:
        tf.saved_model.load(str(directory))
    except Exception as error:
        return type(error).__name__
    return ""


def kind_of(directory: Path, rows: np.ndarray, right: np.ndarray) -> str:
    """Measure what happened to a copy, one of KINDS."""
    found = explore(directory)
    if not found.main:
        return CUT
    if {DATA, INDEX} - {file.path for file in found.files}:
        return LOST
    if error_of(directory):
        return CHANGED
    return WHOLE if np.allclose(_answers(directory, rows), right, atol=SAME) else OTHER


def _answers(directory, rows):
    return _answers_to(directory, tuple(map(tuple, rows.tolist())))


@functools.cache  # no one but the check has these copies
def _answers_to(directory, rows):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(directory))  # its variables go when it goes
    return loaded.serve(np.float32(rows)).numpy()


def why_not(directory: Path, kind: str, rows: np.ndarray, right: np.ndarray) -> str:
    """Say what was measured in a copy, from which its kind follows."""
    files = {file.path: file.size for file in explore(directory).files}
    if kind == CUT:
        return f"Its {GRAPH} ends after {files[GRAPH]:,} bytes, and loading fails."
    if kind == LOST:
        (missing,) = {DATA, INDEX} - files.keys()
        return f"It has no {missing}, and loading fails."
    if kind == CHANGED:
        return f"All its files are there, but loading fails with a {error_of(directory)}."
    answer = _answers(directory, rows)
    if kind == OTHER:
        return (
            f"It loads without an error, but answers {answer[0, 0]:.3g} for the first row, where "
            f"{right[0, 0]:.3g} is right."
        )
    words = (
        "" if FINGERPRINT in files else f" No reader needs {FINGERPRINT}, which it does not have."
    )
    return f"It loads, and gives the right answers for all rows.{words}"
