"""The model of exercise 3, whose export changes whole numbers, and the checks of a repair."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import Artifact, Signature
from helpers.exercises.export_checks import in_words
from helpers.exercises.outcomes import require
from helpers.exercises.same_answers import nearest_wrong, require_same_answers

BELTS = (97, 61, 83, 53, 71)
NUMBERS = (1_000_001, 16_777_216, 16_777_218, 16_777_219, 33_554_434)


def _numbers():
    """Make whole numbers of 32 bits: small, around the limits of float32, large and negative."""
    chance = np.random.default_rng(0)
    parts = [
        np.arange(-20, 60),
        2**24 + np.arange(-20, 60),
        2**25 + np.arange(-20, 20),
        chance.integers(-(2**31), 2**31, 98),
        [-(2**31), 2**31 - 1],
    ]
    return chance.permutation(np.concatenate(parts)).astype(np.int32)


IDS = _numbers()


def sorter(folder: Path, seed: int | None = None) -> tuple[Any, Path]:
    """Return a Keras model and the folder of its export, in which `ids` is float32.

    Parameters
    ----------
    folder : Path
    seed : int, optional
        It chooses the number of belts.

    Returns
    -------
    model : tf.keras.Model
        ids (n,) int32 -> the number of the belt (n,) int32, with the attribute `belts`
    folder : Path
    """
    import tensorflow as tf

    belts = BELTS[(seed or 0) % len(BELTS)]

    class Sorter(tf.keras.Model):
        def call(self, ids):
            return ids % belts

    model = Sorter()
    model.belts = belts
    model(tf.constant([1]))
    model.export(folder, verbose=False)
    return model, folder


def same_answer(call: tuple[Any, Path, int]) -> bool:
    """Return whether an export gives the model's answer for a number: (model, folder, number)."""
    of_model, of_export = _both(*call)
    return bool(of_model == of_export)


def reasons(calls: Mapping[str, tuple[Any, Path, int]]) -> dict[tuple[str, bool], str]:
    """Return {(number, wrong prediction): why it is wrong, with both answers}."""
    why = {}
    for name, (model, directory, number) in calls.items():
        of_model, of_export = _both(model, directory, number)
        kept = int(np.float32(number))
        words = f"float32 holds {number:,} exactly"
        if kept != number:
            words = f"As float32, {number:,} becomes {kept:,}"
        why[name, bool(of_model != of_export)] = (
            f"{words}. The model answers {of_model}, and the export answers {of_export:g}."
        )
    return why


def _both(model, directory, number):
    (of_model,) = np.asarray(model(np.array([number], np.int32)))
    (of_export,) = readers.run(directory, "serving_default", {"args_0": [number]})["output_0"]
    return of_model, of_export


def require_sorted(found: Artifact, signature: Signature, model: Any) -> None:
    """Require that a signature gives the model's answers for 300 whole numbers in each reader."""
    require(
        len(signature.outputs) == 1,
        f"{signature.key} should have one output, the belt, but has "
        f"{in_words(len(signature.outputs))}.",
    )
    output = signature.outputs[0].name

    def right(ids):
        return {output: np.asarray(model(ids))}

    require_same_answers(found, signature.key, {"ids": IDS}, right, who="sorter")


def nearest_dtype(model: Any) -> str:
    """Say which other dtype of the input is nearest to a right one, and where it differs."""

    def belt(ids):
        return {"belt": np.asarray(model(ids.astype(np.int32)))}

    others = {f"`{dtype}` for ids": _through(belt, dtype) for dtype in ("float32", "float16")}
    return nearest_wrong({"ids": IDS}, belt, others)


def _through(belt, dtype):
    def other(ids):
        largest = np.finfo(dtype).max
        kept = np.clip(ids.astype(np.float64), -largest, largest).astype(dtype)
        return belt(np.clip(kept.astype(np.float64), -(2**31), 2**31 - 1))

    return other
