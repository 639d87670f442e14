"""One function of an export in every reader: what they are asked, and the row of each."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from helpers import artifact, readers
from helpers.readers import (
    last_step,
    optional_readers,
    rounding,
    varying,
    xla,
)
from helpers.readers.evidence import Evidence, gather, powers
from helpers.readers.explanations import explained
from helpers.readers.golden_files import GoldenSet
from helpers.readers.model_calls import as_declared
from helpers.readers.outcomes import ANSWERS, FAILS, NOT_TRIED, OTHER, SAME
from helpers.readers.report import Row
from helpers.readers.sameness import difference, differences, rounded_apart, same
from helpers.readers.search import Found, shows_something
from helpers.readers.spread import shows_too_little
from helpers.readers.truth import NAMES, OriginalExport, Truth, find
from helpers.text import printable, shorten

MORE_TIME = "Give it more time: --seconds N, or compare(directory, seconds=N)."
OWN_INPUTS = "Give inputs that the model accepts: --inputs FILE, or compare(directory, inputs=...)."
OTHER_INPUTS = (
    "Give inputs to which the model gives different answers: --inputs FILE, or "
    "compare(directory, inputs=...). The answers of an untrained model may all be the same."
)
NOT_INSTALLED = re.compile(r"(?:ModuleNotFound|Import)Error: No module named '?([\w.]+)")


def _gave_nothing(row):
    """Whether a reader gave no answers that were compared with others."""
    return row.status in (FAILS, NOT_TRIED) and row.difference is None


class Comparison:
    """The comparison of all readers for one function of an export."""

    def __init__(self, found, keys, seconds, progress, given, truth, also, copy=None):
        self.found, self.keys, self.key = found, keys, keys[-1]  # "serving_default" after "serve"
        self.signature = found.signatures[self.key]
        self.directory, self.is_copy = copy or found.directory, copy is not None
        self.seconds, self.progress, self.given = seconds, progress, given
        self.also, self.readers = also, (*readers.READERS, *also)
        self.evidence, self.repeatable, self.shown = Evidence(tuple(keys)), True, {}
        self.truth: Truth | None = truth if truth and truth.has(keys) else None
        self.without = truth if truth and not self.truth else None
        self.sets: list[GoldenSet] = []
        self.answers: dict[str, list] = {}  # by reader, to the sets of the truth
        self.told: list[str] = []
        self.rows: list[Row] = []
        self.rounded: set[str] = set()  # outputs that differ by more than usual, but by rounding
        self.varying: varying.Varying | None = None  # if the answers are not repeatable
        self.flipped: set[tuple[str, str]] = set()  # (output, reader), of whole numbers

    def call(self, where, reader):
        """Return a function that asks a reader with a set of inputs."""

        def ask(feed):
            self.progress(f"asking {reader}: {self.key}")
            if reader in optional_readers.OPTIONAL:
                return optional_readers.run(where, self.keys, feed, reader, self.seconds)
            return readers.run(where, self.key, feed, reader, deadline=self.seconds)

        return ask

    def find(self, reader):
        """Find what a reader accepts, and see whether its answers are repeatable."""
        ask = self.call(self.directory, reader)
        found = find(ask, self, (self.directory, self.signature))
        return self._repeated(ask, found, self.directory, reader)

    def _repeated(self, ask, found, directory=None, reader=""):
        """Ask twice; if the answers differ, find out what varies in this reader of an export."""
        if found.feeds and not found.error:
            try:
                again = [ask(feed) for feed in found.feeds]
                self.repeatable = all(map(same, found.answers, again))
                if not self.repeatable and reader in readers.READERS:
                    asked = directory, self.key, reader, found.feeds
                    self.varying = varying.look(*asked, self.seconds)
            except readers.ReaderError as error:
                found.error = error.error
        return found

    def ask_readers(self) -> Iterator[str]:
        """Make a row for each reader, compared with the truth if there is one.

        Yields the name of each reader when it has been asked. The rows are there at the end.
        """
        rows: dict[str, Row] = {}
        tried: dict[str, Found] = {}  # the readers that do not answer
        reference, whose, refusal = None, "", ()
        if self.truth is not None:
            found = self.truth.find(self)
            reference, whose = found, self.truth.whose
            if ask := self.truth.asks(self):
                exported = isinstance(self.truth, OriginalExport)
                place = (self.truth.directory, self.truth.reader) if exported else ()
                reference = self._repeated(ask, found, *place)
            if found.error or not found.feeds:
                refusal, reference = self._refusal(found), None
            else:
                self._collect(reference, self.truth.reference)
                self.told = self.truth.notes(self, found)
            yield self.truth.reference
        for reader in self.readers:
            if lacking := optional_readers.missing(reader):
                rows[reader] = self._row(reader, NOT_TRIED, None, lacking)
            elif reference is not None:
                rows[reader] = self._compared(reader, reference, whose)
            elif (found := self.find(reader)).error or not found.feeds:
                tried[reader] = found
            else:
                reference, whose = found, reader
                self._collect(found, NAMES[reader])
                rows[reader] = self._row(reader, ANSWERS)
            yield reader
        rows |= {r: self._unanswered(r, found, rows) for r, found in tried.items()}
        self.answered = [reader for reader, row in rows.items() if row.status in (SAME, ANSWERS)]
        rows |= optional_readers.with_precision(rows, self.directory, self.keys, self.seconds)
        if reference is not None and self.truth is not None:
            rows = self._all_alike(rows)
        others = [row for reader, row in rows.items() if reader != whose]
        if reference is not None and self.truth is None and all(map(_gave_nothing, others)):
            self.evidence = replace(self.evidence, alone=True)
        if refusal:
            self.sets, self.evidence = [], replace(self.evidence, truth="")
            rows = {r: self._without_truth(row, *refusal) for r, row in rows.items()}
        self.rows = [rows[reader] for reader in self.readers]
        if reference is not None and self._is_constant() and not self.is_copy:
            yield from self._ask_before_the_last_step()

    def _is_constant(self):
        """Whether the answers are the same for all inputs, and in all readers."""
        answers = {row.status for row in self.rows} <= {ANSWERS, NOT_TRIED}
        outputs = any(output.values for output in self.evidence.outputs)
        return self.repeatable and answers and outputs and not shows_something(self.shown)

    def _ask_before_the_last_step(self):
        """Compare what goes into the last operation, where that shows something."""
        original = self.truth
        if original is not None and not isinstance(original, OriginalExport):
            return  # a live model and golden answers have no values before the last step
        with tempfile.TemporaryDirectory() as folder:
            copy, old = Path(folder) / "copy", Path(folder) / "original"
            try:
                steps = last_step.write(self.directory, self.key, copy)
                if not steps:
                    return
                if original is not None:
                    if not last_step.write(original.directory, self.key, old):
                        return
                    original = replace(original, directory=old)
                options = self.seconds, self.progress, self.given, original, self.also
                inner = Comparison(self.found, self.keys, *options, copy)
                yield from inner.ask_readers()
            except (OSError, readers.ReaderError):  # no links on Windows; no answer to compare with
                return
        if not inner.repeatable or not shows_something(inner.shown):
            return
        same_before = {row.reader: row for row in inner.rows if row.status in (ANSWERS, SAME)}
        self.rows = [
            replace(
                row, status=SAME, difference=same_before[row.reader].difference, error="", cure=""
            )
            if row.error == self._nothing() and row.reader in same_before
            else row
            for row in self.rows
        ]
        self.shown = inner.shown
        self.evidence = replace(inner.evidence, before=", ".join(steps))

    def _all_alike(self, rows):
        """Say so if all readers give the same numbers, and these are not the right ones."""
        got = list(self.answers.values())
        judged = {
            reader: row
            for reader, row in rows.items()
            if not (self.truth.some_may_fail and row.status == FAILS)
        }
        if any(row.status != OTHER or row.cure for row in judged.values()) or not all(
            same(*pair) for answers in got[1:] for pair in zip(got[0], answers, strict=True)
        ):
            return rows
        alike = self.truth.all_alike
        return rows | {reader: replace(row, cure=alike) for reader, row in judged.items()}

    def _without_truth(self, row, words, cure):
        """Take back what was only compared between readers, because the truth does not answer."""
        if row.status not in (SAME, ANSWERS):
            return row
        return replace(row, status=NOT_TRIED, error=shorten(words, 200), cure=cure)

    def _refusal(self, found):
        """Say why the truth does not answer, and what to do."""
        if found.error:
            return f"{self.truth.whose} cannot be asked: {found.error}", ""
        inputs = "the given inputs" if self.given else "all inputs that were made"
        return f"{self.truth.whose} refuses {inputs}: {found.refusal}", OWN_INPUTS

    def _collect(self, found, reference):
        feeds, answers = found.feeds, found.answers
        self.shown = powers(self.signature, feeds, answers)
        tried = found.shapes, found.sources, found.tried, found.refused
        gathered = gather(self.keys, self.signature, feeds, answers, *tried)
        truth = self.truth.whose if self.truth and self.truth.told else ""
        self.evidence = replace(gathered, reference=reference, truth=truth)
        if self.repeatable:
            dtypes = {tensor.name: tensor.dtype for tensor in self.signature.inputs}
            given = (
                {n: as_declared(np.asarray(v), dtypes.get(n, "")) for n, v in feed.items()}
                for feed in feeds
            )
            self.sets = [GoldenSet(*pair) for pair in zip(given, answers, strict=True)]

    def _row(self, reader, status, largest=None, error="", advice=""):
        return Row(self.key, reader, status, largest, error, advice)

    def _failed(self, reader, error):
        """Make the row of a reader with an error that is not about its inputs."""
        if error.startswith("TimeoutError: "):
            return self._row(reader, NOT_TRIED, None, shorten(error, 160), MORE_TIME)
        if lacking := NOT_INSTALLED.match(error):
            advice = f"Install {lacking[1]} in the environment that runs this command."
            return self._row(reader, NOT_TRIED, None, shorten(error, 160), advice)
        if xla.is_off(error):
            return self._compiled(reader, error)
        if reader in optional_readers.OPTIONAL:
            told, cure = optional_readers.explained(reader, error, self.directory, self.key)
            return self._row(reader, FAILS, None, told, cure)
        told, cure = explained(error)
        cure = (self.truth.cure(error) if self.truth else "") or cure
        return self._row(reader, FAILS, None, told, cure)

    def _unanswered(self, reader, found, rows):
        if found.error:
            return self._failed(reader, found.error)
        try:  # an error of loading may have the type of an error about inputs
            home = optional_readers if reader in optional_readers.OPTIONAL else readers
            home.signatures(self.directory, reader)
        except readers.ReaderError as error:
            return self._failed(reader, error.error)
        # The others leave out the assertions of a graph: that they answer proves nothing.
        proving = [row for other, row in rows.items() if other in ("python", "session")]
        if reader != "litert" and any(row.status != NOT_TRIED for row in proving):
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
            if self.varying is not None and reader in readers.READERS:
                return self._compared_from_start(reader, self.varying, whose)
        except readers.ReaderError as error:
            if xla.is_off(error.error):
                return self._compiled(reader, error.error, reference)
            return self._failed(reader, error.error)
        if not self.repeatable:
            return self._row(reader, ANSWERS)
        if self.truth is not None and self.truth.partial:
            answers = [
                {name: value for name, value in got.items() if name in right}
                for right, got in zip(reference.answers, answers, strict=True)
            ]
        self.answers[reader] = answers
        largest = max(map(difference, reference.answers, answers), default=0.0)
        unequal = _unequal(reference.answers, answers)
        if unequal and not self._only_rounded(reference, answers, unequal):
            return self._other(
                reader, largest, unequal, whose, *self._explained(reference, answers)
            )
        if not shows_something(self.shown):
            return self._row(reader, NOT_TRIED, largest, self._nothing(), OTHER_INPUTS)
        pair = reference.answers, answers
        if shows_too_little(self.signature, self.shown, reference.feeds, *pair):
            words = "the answers vary by less than rounding may, so the comparison shows nothing"
            return self._row(reader, NOT_TRIED, largest, words, OTHER_INPUTS)
        for left, right in zip(reference.answers, answers, strict=True):
            self.flipped |= {(n, reader) for n in left if rounded_apart(left[n], right[n])}
        return self._row(reader, SAME, largest)

    def _other(self, reader, largest, unequal, whose, why="", cure=""):
        told = shorten(", ".join(unequal.values()), 300)
        words = f"no error, but not the same numbers as {whose}: {told}"
        words, cure = f"{words} ({why})" if why else words, cure or self._why_other(reader)
        return replace(self._row(reader, OTHER, largest, words, cure), unequal=tuple(unequal))

    def _only_rounded(self, reference, answers, unequal):
        if not isinstance(self.truth, OriginalExport | None):
            return False  # a whole number of a model that becomes a float is a fault, not rounding
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

    def _explained(self, reference, answers):
        """Return what the truth says of the sets of inputs with other answers."""
        if self.truth is None:
            return "", ""
        pairs = enumerate(zip(reference.answers, answers, strict=True))
        return self.truth.explained(reference, [n for n, pair in pairs if not same(*pair)])

    def _compiled(self, reader, error, reference=None):
        """Make the row of a function that only runs compiled, where XLA is off."""

        def with_xla(feed):
            self.progress(f"asking {reader} with XLA on: {self.key}")
            return readers.run_with_xla(self.directory, self.key, feed, deadline=self.seconds)

        proved = reference is not None and self.repeatable
        sets = (reference.feeds, reference.answers) if proved else ()
        return self._row(reader, FAILS, None, xla.told(error), xla.cure(with_xla, *sets))

    def _why_other(self, reader):
        if reader in optional_readers.OPTIONAL:
            return " ".join(optional_readers.facts(reader, self.directory, self.signature))
        return _why_other(self.directory, self.key)

    def _nothing(self):
        empty = all(not output.values for output in self.evidence.outputs)
        if empty:
            return "the answers are empty, so nothing was compared"
        return "the answers are the same for all inputs tried, as if the inputs did not count"

    def notes(self, key):
        """Yield the limits of the comparison for one of the signatures."""
        yield from self.told
        if self.without is not None:
            whose = self.without.whose
            yield f"{printable(key)} was compared between the readers only, not with {whose}."
        for tensor in self.signature.inputs:
            if tensor.shape and len(tensor.shape) > 1 and tensor.shape[0] is not None:
                yield (
                    f"{key} takes exactly {tensor.shape[0]} rows of {tensor.name}; a reader may "
                    "refuse any other number or answer wrongly. To accept any number, export with "
                    "None as the number of rows, as model.export does."
                )
        asked = [reader for reader in optional_readers.OPTIONAL if reader in self.answered]
        facts = [optional_readers.facts(one, self.directory, self.signature) for one in asked]
        yield from dict.fromkeys(fact for some in facts for fact in some)
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
