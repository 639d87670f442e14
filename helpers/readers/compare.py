"""Comparing the readers of an export: call every signature in every reader with the same inputs."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from helpers import artifact, readers
from helpers.artifact import graph_digest
from helpers.artifact.saved_model import saved_model
from helpers.readers import litert_limits, old_exports, rounding, varying
from helpers.readers.evidence import Evidence, gather, powers
from helpers.readers.explanations import explained
from helpers.readers.graph_hints import hints_of
from helpers.readers.input_files import WrongOption, sets_by_signature
from helpers.readers.made_inputs import make_inputs
from helpers.readers.outcomes import ANSWERS, FAILS, NOT_TRIED, OTHER, SAME
from helpers.readers.report import Report, Row
from helpers.readers.sameness import difference, differences, rounded_apart, same
from helpers.readers.search import Found, ask_given, search, shows_something
from helpers.readers.spread import shows_too_little
from helpers.text import printable, shorten

MORE_TIME = "Give it more time: --seconds N, or compare(directory, seconds=N)."
__all__ = ["Report", "Row", "compare", "difference", "make_inputs", "same"]
OWN_INPUTS = "Give inputs that the model accepts: --inputs FILE, or compare(directory, inputs=...)."
OTHER_INPUTS = (
    "Give inputs to which the model gives different answers: --inputs FILE, or "
    "compare(directory, inputs=...). The answers of an untrained model may all be the same."
)
NAMES = readers.READERS | {"python": "Python"}
NOT_INSTALLED = re.compile(r"(?:ModuleNotFound|Import)Error: No module named '?([\w.]+)")


def compare(
    directory: str | os.PathLike,
    inputs: Mapping | None = None,
    original: str | os.PathLike | None = None,
    *,
    original_reader: str = "python",
    signature: str | None = None,
    seconds: float = readers.DEADLINE,
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
    signature : str or None
        The key of the only signature to compare. None: all.
    seconds : float
        The time for each answer of a reader.
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
        If the export has no such signature, or the given inputs fit none.
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
    given = sets_by_signature(inputs, asked) if inputs else {}
    rows: dict[str, list[Row]] = {}
    notes = [*old_exports.notes(found.directory)]
    evidence = []
    for keys in _functions(found, asked, given):
        comparison = _Comparison(found, keys, seconds, progress, given.get(keys[0]))
        told = comparison.rows(original, original_reader)
        for key in keys:
            rows[key] = [replace(row, signature=key) for row in told]
            notes += [note for note in comparison.notes(key) if note not in notes]
        evidence.append(comparison.evidence)
    if inputs and (without := [printable(key) for key in asked if key not in given]):
        notes.append(f"the given inputs are not for {', '.join(without)}: inputs were made.")
    if not found.signatures:
        notes.append("no signatures: a server has nothing to call. Export with model.export.")
    in_order = [row for key in asked for row in rows[key]]
    if any((row.reader, row.status) == ("litert", SAME) for row in in_order):
        notes += litert_limits.notes(found.directory)
    return Report(found.directory.name, tuple(in_order), tuple(notes), tuple(evidence))


def _functions(found, asked, given):
    """Group the signatures that call one function with the same names."""
    groups: dict[object, list[str]] = {}
    several = len({(s.inputs, s.outputs) for s in asked.values()}) < len(asked)
    computed = graph_digest.endpoints(saved_model(found.directory)) if several else {}
    for key, signature in asked.items():
        digest = computed[key].digest if key in computed else key
        own = key if key in given else ""
        groups.setdefault((digest, signature.inputs, signature.outputs, own), []).append(key)
    return groups.values()


class _Comparison:
    """The comparison of all readers for one function of an export."""

    def __init__(self, found, keys, seconds, progress, given):
        self.keys, self.key = keys, keys[-1]  # "serving_default" comes after "serve"
        self.signature = found.signatures[self.key]
        self.directory = found.directory
        self.seconds, self.progress, self.given = seconds, progress, given
        self.evidence, self.repeatable, self.shown = Evidence(tuple(keys)), True, {}
        self.rounded: set[str] = set()  # outputs that differ by more than usual, but by rounding
        self.varying: varying.Varying | None = None  # if the answers are not repeatable
        self.flipped: set[tuple[str, str]] = set()  # (output, reader), of whole numbers

    def call(self, where, reader):
        """Return a function that asks a reader with a set of inputs."""

        def ask(feed):
            self.progress(f"asking {reader}: {self.key}")
            return readers.run(where, self.key, feed, reader, deadline=self.seconds)

        return ask

    def find(self, where, reader):
        """Find what a reader accepts; ask twice, to see whether its answers are repeatable."""
        ask = self.call(where, reader)
        if self.given:
            found = ask_given(ask, [self.given])
        else:
            found = search(ask, self.signature, hints_of(self.directory, self.signature))
        if found.feeds and not found.error:
            try:
                again = [ask(feed) for feed in found.feeds]
                self.repeatable = all(map(same, found.answers, again))
                if not self.repeatable:
                    asked = where, self.key, reader, found.feeds
                    self.varying = varying.look(*asked, self.seconds)
            except readers.ReaderError as error:
                found.error = error.error
        return found

    def rows(self, original, original_reader):
        """Return a row for each reader, compared with the original if there is one."""
        rows: dict[str, Row] = {}
        tried: dict[str, Found] = {}  # the readers that do not answer
        reference, whose = None, ""
        if original is not None:
            reference, whose = self.find(original, original_reader), "the original"
            if reference.error or not reference.feeds:
                raise readers.ReaderError(original_reader, reference.error or reference.refusal)
            self._collect(reference, original_reader)
        for reader in readers.READERS:
            if reference is None:
                found = self.find(self.directory, reader)
                if found.error or not found.feeds:
                    tried[reader] = found
                    continue
                reference, whose = found, reader
                self._collect(found, reader)
                rows[reader] = self._row(reader, ANSWERS)
            else:
                rows[reader] = self._compared(reader, reference, whose)
        rows |= {r: self._unanswered(r, found, rows) for r, found in tried.items()}
        return [rows[reader] for reader in readers.READERS]

    def _collect(self, found, reader):
        feeds, answers = found.feeds, found.answers
        self.shown = powers(self.signature, feeds, answers)
        tried = found.shapes, found.sources, found.tried, found.refused
        gathered = gather(self.keys, self.signature, feeds, answers, *tried)
        self.evidence = replace(gathered, reference=NAMES[reader])

    def _row(self, reader, status, largest=None, error="", advice=""):
        return Row(self.key, reader, status, largest, error, advice)

    def _failed(self, reader, error):
        """Make the row of a reader with an error that is not about its inputs."""
        if error.startswith("TimeoutError: "):
            return self._row(reader, NOT_TRIED, None, shorten(error, 160), MORE_TIME)
        if lacking := NOT_INSTALLED.match(error):
            advice = f"Install {lacking[1]} in the environment that runs this command."
            return self._row(reader, NOT_TRIED, None, shorten(error, 160), advice)
        return self._row(reader, FAILS, None, *explained(error))

    def _unanswered(self, reader, found, rows):
        if found.error:
            return self._failed(reader, found.error)
        try:  # an error of loading may have the type of an error about inputs
            readers.signatures(self.directory, reader)
        except readers.ReaderError as error:
            return self._failed(reader, error.error)
        # LiteRT leaves out the assertions of a graph: that it answers proves nothing.
        if reader != "litert" and any(
            row.status != NOT_TRIED for other, row in rows.items() if other != "litert"
        ):
            return self._failed(reader, found.refusal)
        inputs = "the given inputs" if self.given else "all inputs that were made"
        words = f"it refuses {inputs}: {found.refusal}"
        if not self.evidence.sets and not self.evidence.refused:
            refused = tuple(dict.fromkeys(found.refused))
            self.evidence = replace(self.evidence, refused=refused, reference=NAMES[reader])
        return self._row(reader, NOT_TRIED, None, shorten(words, 200), OWN_INPUTS)

    def _compared(self, reader, reference, whose):
        ask = self.call(self.directory, reader)
        try:
            answers = [ask(feed) for feed in reference.feeds]
            if self.varying is not None:
                return self._compared_from_start(reader, self.varying, whose)
        except readers.ReaderError as error:
            return self._failed(reader, error.error)
        if not self.repeatable:
            return self._row(reader, ANSWERS)
        largest = max(map(difference, reference.answers, answers), default=0.0)
        unequal = _unequal(reference.answers, answers)
        if unequal and not self._only_rounded(reference, answers, unequal):
            return self._other(reader, largest, unequal, whose)
        if not shows_something(self.shown):
            return self._row(reader, NOT_TRIED, largest, self._nothing(), OTHER_INPUTS)
        pair = reference.answers, answers
        if shows_too_little(self.signature, self.shown, reference.feeds, *pair):
            words = "the answers vary by less than rounding may, so the comparison shows nothing"
            return self._row(reader, NOT_TRIED, largest, words, OTHER_INPUTS)
        for left, right in zip(reference.answers, answers, strict=True):
            self.flipped |= {(n, reader) for n in left if rounded_apart(left[n], right[n])}
        return self._row(reader, SAME, largest)

    def _other(self, reader, largest, unequal, whose):
        told = shorten(", ".join(unequal.values()), 300)
        words = f"no error, but not the same numbers as {whose}: {told}"
        row = self._row(reader, OTHER, largest, words, _why_other(self.directory, self.key))
        return replace(row, unequal=tuple(unequal))

    def _only_rounded(self, reference, answers, unequal):
        self.progress(f"measuring the rounding: {self.key}")
        asked = self.directory, self.key, reference.feeds, reference.answers, answers, [*unequal]
        if rounding.explains(*asked, self.seconds):
            self.rounded = self.rounded | unequal.keys()
            return True
        return False

    def _compared_from_start(self, reader, varies, whose):
        """Compare what does not vary at random, in a reader that is started anew."""
        answers = varies.started(self.directory, reader)
        pairs = map(varies.comparable, (varies.answers, answers))
        largest = max(map(difference, *pairs), default=0.0)
        if unequal := varies.unequal(answers):
            return self._other(reader, largest, unequal, whose)
        if varies.random:
            return self._row(reader, ANSWERS)
        return self._row(reader, SAME, largest)

    def _nothing(self):
        empty = all(not output.values for output in self.evidence.outputs)
        if empty:
            return "the answers are empty, so nothing was compared"
        return "the answers are the same for all inputs tried, as if the inputs did not count"

    def notes(self, key):
        """Yield the limits of the comparison for one of the signatures."""
        for tensor in self.signature.inputs:
            if tensor.shape and len(tensor.shape) > 1 and tensor.shape[0] is not None:
                yield (
                    f"{key} takes exactly {tensor.shape[0]} rows of {tensor.name}; a reader may "
                    "refuse any other number or answer wrongly. To accept any number, export with "
                    "None as the number of rows, as model.export does."
                )
        for output, reader in sorted(self.flipped):
            yield (
                f"{key}: {reader} rounds some whole numbers of {printable(output)} in the other "
                "direction: at most one of 1,000, and the difference is 1."
            )
        for name in sorted(self.rounded):
            yield (
                f"{key}: some values of {printable(name)} differ by more than the tolerance, but "
                "by no more than a change of the inputs and weights by a millionth explains."
            )
        if self.varying is not None:
            yield replace(self.varying, key=key).note()
        elif not self.repeatable:
            yield f"{key} answers differently each time: there is nothing to compare."
        elif shows_something(self.shown):
            for output in self.evidence.outputs:
                if output.power in ("empty", "constant"):
                    words = {"empty": "is empty", "constant": "is the same"}[output.power]
                    yield (
                        f"{key}: {printable(output.name)} {words} for all inputs tried, so it was "
                        "not compared properly."
                    )


def _unequal(reference, answers):
    """Return how each output differs in the first set of inputs that shows it, by its name."""
    found = {}
    for left, right in zip(reference, answers, strict=True):
        for one in differences(left, right):
            found.setdefault(one.output, f"{printable(one.output)} {one.words}")
    return found


def _why_other(directory, key):
    restored, read = artifact.restored_and_read(directory, key)
    if set(read) <= set(restored):
        return ""
    return (
        "The signature reads variables that only Python fills. Two things cause this: "
        "tf.saved_model.save with a Keras model, or @tf.function above the call method of a model "
        "that has no build method. Export with model.export(directory) or an ExportArchive, and "
        "remove @tf.function from call."
    )
