"""Whether a new version of an export may replace an old one for the clients of the old one.

The form decides first: names, dtypes and shapes of the signatures. Where the requests of the old
clients can still be sent, the same inputs are sent to both versions and the answers are compared.
"""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from helpers import artifact, readers
from helpers.artifact.saved_model import serving_graph
from helpers.readers.compare import compare
from helpers.readers.input_files import WrongOption, sets_by_signature
from helpers.readers.outcomes import FAILURES
from helpers.readers.replacement_report import EXPECTED, OTHER_ANSWERS, Answers, Replacement
from helpers.readers.report import Report
from helpers.readers.sameness import close, same
from helpers.readers.search import Found
from helpers.readers.signature_changes import GRPC, LITERT, PYTHON, changes
from helpers.readers.truth import NAMES, OriginalExport, Question
from helpers.text import printable

CLIENT_OF = {"tensor": PYTHON, "server": GRPC, "litert": LITERT}  # by reader of `run_bare`


@dataclass
class OldVersion(OriginalExport):
    """The old version, for the signatures that its clients can still call."""

    shared: Collection[str] = field(default_factory=tuple)

    def find(self, question: Question) -> Found:
        """Return what the old version answers. Without an answer, nothing can be compared."""
        return self.ask(question)

    def has(self, keys: Collection[str]) -> bool:
        """Say whether a signature can still be called as before."""
        return any(key in self.shared for key in keys)

    def own(self, key: str) -> bool:
        """Say whether a signature is compared with the old version."""
        return key in self.shared


def replace_old(
    new: str | os.PathLike,
    old: str | os.PathLike,
    inputs: Mapping | None = None,
    *,
    retrained: bool = False,
    signature: str | None = None,
    seconds: float = readers.DEADLINE,
    progress: Callable[[str], object] = lambda step: None,
) -> Replacement:
    """Find out whether a new version of an export may replace an old one for its clients.

    Parameters
    ----------
    new, old : str or path
        The two exports.
    inputs : dict of str to array, dict of str to such a dict, or None
        Inputs of the old version, as `compare` takes them. None: inputs made for the old version.
    retrained : bool
        Whether other answers are expected. Then they are told and do not count, unless they are
        NaN or infinite where they were not.
    signature : str or None
        The only signature of the old version that counts. None: all.
    seconds : float
        The time for each answer of a reader.
    progress : function of str
        Is told what is asked next.

    Returns
    -------
    Replacement

    Raises
    ------
    NotAnArtifact
        If one of the two is not an export.
    WrongOption
        If the old version has no such signature, the given inputs fit none, or both are one folder.
    """
    ours, theirs = artifact.read(new), artifact.read(old)
    if ours.directory == theirs.directory:
        raise WrongOption("the new and the old version are the same folder")
    before = theirs.signatures
    if signature is not None:
        if signature not in before:
            keys = ", ".join(map(printable, before)) or "none"
            raise WrongOption(f"no signature {signature!r} in the old version: it has {keys}")
        before = {signature: before[signature]}
    if not before:
        raise WrongOption("the old version has no signatures, so it has no clients")
    after = {key: one for key, one in ours.signatures.items() if signature in (None, key)}
    found = changes(before, after)
    shared = {
        key for key in before if key in after and all(c.calls for c in found if c.signature == key)
    }
    given = _given(inputs, before, shared)
    notes = [*_notes(ours, theirs, before, shared)]
    if not after:
        report = Report(ours.directory.name, ())
    else:
        reader = _first_reader(theirs, before, shared, seconds)
        truth = OldVersion(
            "the old version",
            NAMES[reader],
            partial=True,
            all_alike=EXPECTED if retrained else OTHER_ANSWERS,
            some_may_fail=True,
            directory=theirs.directory,
            reader=reader,
            own_inputs=True,
            shared=shared,
        )
        report = compare(
            ours.directory,
            given,
            truth=truth,
            signature=signature,
            seconds=seconds,
            progress=progress,
        )
    progress("asking Python for both versions")
    answers = tuple(_answers(ours, report, shared, seconds))
    progress("asking the readers for the old version")
    found = [_tried(ours, change, report, shared) for change in found]
    counted, told = _counted(theirs, report, shared, seconds)
    notes += told
    names = ours.directory.name, theirs.directory.name
    if names[0] == names[1]:  # as the folders 1 of two models
        names = _with_parent(ours.directory), _with_parent(theirs.directory)
    return Replacement(names, tuple(found), report, answers, retrained, counted, tuple(notes))


def _with_parent(directory):
    return f"{directory.parent.name}/{directory.name}"


def _given(inputs, before, shared):
    """Return the given inputs for the signatures that can still be called, or None."""
    if not inputs:
        return None
    given = sets_by_signature(inputs, before)
    return {key: one for key, one in given.items() if key in shared} or None


def _first_reader(theirs, before, shared, seconds):
    """Return the first reader that can load the old version."""
    for reader in ("python", "session"):
        try:
            readers.signatures(theirs.directory, reader)
            return reader
        except readers.ReaderError:
            continue
    return "python"


def _tried(ours, change, report, shared):
    """Add to a change of a size what the clients get for the inputs of the old version."""
    if not change.narrowed or change.signature not in shared:
        return change
    failing: set[str] = set()
    for one in report.sets[change.signature]:
        tried = readers.run_bare(ours.directory, change.signature, one.inputs)
        for reader, client in CLIENT_OF.items():
            outputs, error = tried[reader]
            kept = {name: outputs[name] for name in one.outputs if name in outputs}
            if error or any(kept[name].shape != one.outputs[name].shape for name in kept):
                failing.add(client)
    answering = [client for client in CLIENT_OF.values() if client not in failing]
    words = "; ".join(
        f"{verb}: {', '.join(some)}"
        for verb, some in (("still answered", answering), ("refused", sorted(failing)))
        if some
    )
    return replace(change, why=f"{change.why}; tried here: {words}")


def _counted(theirs, report, shared, seconds):
    """Return the rows that are about clients of the old version, and notes about the others."""
    counted, notes = [], []
    for row in report.rows:
        if row.signature not in shared:
            continue
        if row.status in FAILURES and not _can_use(
            theirs, row, report.sets[row.signature], seconds
        ):
            notes.append(
                f"{row.reader} cannot use {printable(row.signature)} of the old version either, so "
                "it has no clients there."
            )
            continue
        counted.append(row)
    return tuple(counted), notes


def _can_use(theirs, row, sets, seconds):
    """Say whether the reader of a row gives the reference's answers for the old version."""
    if row.cure in (OTHER_ANSWERS, EXPECTED) or not sets:
        return True
    try:
        return all(
            same(
                one.outputs,
                readers.run(
                    theirs.directory, row.signature, one.inputs, row.reader, deadline=seconds
                ),
            )
            for one in sets
        )
    except readers.ReaderError:
        return False


def _answers(ours, report, shared, seconds):
    """Yield how the answers of Python differ, from what the comparison has asked."""
    for key, sets in report.sets.items():
        if key not in shared or not sets:
            continue
        try:
            got = [readers.run(ours.directory, key, one.inputs, deadline=seconds) for one in sets]
        except readers.ReaderError:
            continue
        for name in sets[0].outputs:
            pairs = [
                (one.outputs[name], answer[name])
                for one, answer in zip(sets, got, strict=True)
                if name in answer
            ]
            alike = [(left, right) for left, right in pairs if left.shape == right.shape]
            if pairs:
                found = _difference(key, name, alike)
                yield replace(found, reshaped=len(pairs) - len(alike))


def _difference(key, name, pairs):
    values = different = lost = 0
    largest = None
    for left, right in pairs:
        values += left.size
        numbers = all(
            side.dtype.kind in "iufb" or "float" in side.dtype.name for side in (left, right)
        )
        if not numbers:
            different += int(np.sum(left != right))
            continue
        a, b = left.astype(float), right.astype(float)
        lost += int(np.sum(np.isfinite(a) & ~np.isfinite(b)))
        gap = np.abs(a - b)[np.isfinite(a) & np.isfinite(b)]
        largest = max(largest or 0.0, float(gap.max(initial=0)))
        if not close(left, right):
            different += sum(
                not close(one, other)
                for one, other in zip(left.ravel(), right.ravel(), strict=True)
            )
    return Answers(key, name, values, different, lost, largest)


def _notes(ours, theirs, before, shared):
    versions = [
        serving_graph(one.directory).meta_info_def.tensorflow_version for one in (ours, theirs)
    ]
    if versions[0] != versions[1]:
        yield (
            f"TensorFlow {versions[0] or 'of an unknown version'} wrote the new version, and "
            f"{versions[1] or 'an unknown version'} the old one. Try it on the server's version."
        )
    yield (
        "clients call signatures here. A Python program that calls other functions of the export "
        "is not covered."
    )
