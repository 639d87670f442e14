"""Comparing the readers of an export: call every signature in every reader with the same inputs."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from helpers import artifact, readers
from helpers.artifact import graph_digest
from helpers.artifact.saved_model import saved_model
from helpers.readers import (
    compiled_programs,
    litert_limits,
    old_exports,
    optional_readers,
    xla,
)
from helpers.readers.comparison import Comparison
from helpers.readers.golden_files import Golden
from helpers.readers.input_files import WrongOption, sets_by_signature
from helpers.readers.made_inputs import make_inputs
from helpers.readers.outcomes import FAILS, SAME
from helpers.readers.report import Report, Row
from helpers.readers.sameness import difference, same
from helpers.readers.truth import Truth
from helpers.readers.truth_choice import choose
from helpers.text import printable

__all__ = ["Report", "Row", "compare", "difference", "make_inputs", "same"]


def compare(
    directory: str | os.PathLike,
    inputs: Mapping | None = None,
    original: str | os.PathLike | None = None,
    *,
    original_reader: str = "python",
    model: Any = None,
    golden: str | os.PathLike | Golden | bool | None = None,
    truth: Truth | None = None,
    signature: str | None = None,
    seconds: float = readers.DEADLINE,
    also: Sequence[str] = (),
    progress: Callable[[str], object] = lambda step: None,
) -> Report:
    """Call every signature of an export in every reader, and compare the answers.

    Parameters
    ----------
    directory : str or path
        The export.
    inputs : dict of str to array, dict of str to such a dict, or None
        The inputs by name, used for every signature that has these inputs; or one such dict for
        each signature, by its key. None: inputs made from the spec and the graph.
    original : str, path or None
        An export with the same signatures. Every reader is compared with what `original_reader`
        reads from it. None: every reader is compared with the first reader that answers.
    original_reader : str
        One of helpers.readers.READERS.
    model : Keras model, tf.Module, function, dict of str to function, or None
        The live model. Every reader is compared with what it answers. A dict has a function for
        each signature. The function of other objects is found by `model_calls.functions`.
    golden : path, dict of str to list of GoldenSet, False or None
        A file of golden answers, with which every reader is compared. None: those that the export
        keeps in assets.extra, unless inputs or something else to compare with are given. False:
        not these either.
    truth : Truth or None
        Something else to compare with.
    signature : str or None
        The key of the only signature to compare. None: all.
    seconds : float
        The time for each answer of a reader.
    also : sequence of str
        Optional readers that are asked, too: keys of helpers.readers.optional_readers.OPTIONAL. One
        that is not installed counts as not tried properly.
    progress : function of str
        Is told what is asked next.

    Returns
    -------
    Report
        Signatures that call one function are asked once.

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export.
    WrongOption
        If the export has no such signature, the given inputs fit none, the model or the golden
        answers are for none, more than one thing is given to compare with, or there is no such
        optional reader.
    ReaderError
        If `original_reader` gets no answer from the original.
    """
    found = artifact.read(directory)
    asked = found.signatures
    if signature is not None:
        if signature not in asked:
            keys = ", ".join(map(printable, asked)) or "none"
            raise WrongOption(f"no signature {signature!r} in this export: it has {keys}")
        asked = {signature: asked[signature]}
    rows: dict[str, list[Row]] = {}
    about_platforms, limit = compiled_programs.notes_and_limit(found.directory, asked)
    notes = [
        *old_exports.notes(found.directory),
        *xla.notes(found.directory),
        *about_platforms,
    ]
    evidence, sets = [], {}
    truth, told = choose(
        found,
        asked,
        inputs,
        original=original,
        original_reader=original_reader,
        model=model,
        golden=golden,
        truth=truth,
        signature=signature,
    )
    notes += told
    given = sets_by_signature(inputs, asked, checked=model is None) if inputs else {}
    asked_too = optional_readers.chosen(also)
    comparisons = [
        Comparison(found, keys, seconds, progress, given.get(keys[0]), truth, asked_too)
        for keys in _functions(found, asked, given, truth)
    ]
    # One reader after the other, because a large export is loaded for one reader at a time.
    asking = [comparison.ask_readers() for comparison in comparisons]
    while asking:
        asking = [one for one in asking if next(one, None)]
    for comparison in comparisons:
        for key in comparison.keys:
            rows[key] = [replace(row, signature=key) for row in comparison.rows]
            sets[key] = comparison.sets
            notes += [note for note in comparison.notes(key) if note not in notes]
        evidence.append(comparison.evidence)
    for key in truth.missing(asked) if truth else ():
        words = f"the export has no signature {printable(key)}, and there are answers for it"
        rows[key] = [Row(key, reader, FAILS, None, words) for reader in readers.READERS]
    if inputs and (without := [printable(key) for key in asked if key not in given]):
        notes.append(f"the given inputs are not for {', '.join(without)}: inputs were made.")
    if not found.signatures:
        notes.append("no signatures: a server has nothing to call. Export with model.export.")
    in_order = [row for key in rows for row in rows[key]]
    in_order.sort(key=lambda row: [*asked, *rows].index(row.signature))
    if any((row.reader, row.status) == ("litert", SAME) for row in in_order):
        notes += litert_limits.notes(found.directory)
    name = found.directory.name
    return Report(name, tuple(in_order), tuple(notes), tuple(evidence), sets, limit)


def _functions(found, asked, given, truth):
    """Group the signatures that call one function with the same names."""
    groups: dict[object, list[str]] = {}
    several = len({(s.inputs, s.outputs) for s in asked.values()}) < len(asked)
    computed = graph_digest.endpoints(saved_model(found.directory)) if several else {}
    for key, signature in asked.items():
        digest = computed[key].digest if key in computed else key
        own = key if key in given or (truth and truth.own(key)) else ""
        groups.setdefault((digest, signature.inputs, signature.outputs, own), []).append(key)
    return groups.values()
