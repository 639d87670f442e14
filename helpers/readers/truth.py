"""What the readers are compared with: an original export, a live model, or golden answers.

Without any of these, every reader is compared with the first reader that answers. Readers that
agree with each other can still agree on a wrong answer: an export that takes float32 changes the
identifier 16,777,217 in every reader, and the model does not.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from helpers import artifact, readers
from helpers.processes.clean_process import ReaderError
from helpers.readers import optional_readers
from helpers.readers.graph_hints import hints_of
from helpers.readers.search import Call, Found, ask_given, search

NAMES = optional_readers.OPTIONAL | readers.READERS | {"python": "Python"}


class Question(Protocol):
    """What a truth needs to know of the comparison of one function of an export."""

    key: str
    keys: Sequence[str]
    signature: artifact.Signature
    directory: Any
    given: Mapping[str, np.ndarray] | None

    def call(self, where: str | os.PathLike, reader: str) -> Call:
        """Return a function that asks a reader with a set of inputs."""
        ...


@dataclass
class Truth:
    """What the answers of the readers have to be.

    Parameters
    ----------
    whose : str
        In words for a sentence: "not the same numbers as the model".
    reference : str
        What refuses a set of inputs, in words.
    partial : bool
        Whether the readers may have more outputs than the truth.
    told : bool
        Whether the report of what was compared names the truth.
    all_alike : str
        What it means that all readers give the same numbers, and these are not the right ones.
    some_may_fail : bool
        Whether it means the same if some readers fail, and the others agree.
    """

    whose: str
    reference: str
    partial: bool = False
    told: bool = True
    all_alike: str = ""
    some_may_fail: bool = False

    def has(self, keys: Collection[str]) -> bool:
        """Say whether there are right answers for one of these signatures."""
        return True

    def own(self, key: str) -> bool:
        """Say whether a signature has answers of its own, which one of the same function lacks."""
        return False

    def missing(self, asked: Collection[str]) -> list[str]:
        """List the signatures that have right answers and are not among those of the export."""
        return []

    def find(self, question: Question) -> Found:
        """Return sets of inputs with the right answers.

        The result has no sets if the truth refuses all inputs.
        """
        raise NotImplementedError

    def asks(self, question: Question) -> Call | None:
        """Return a function that asks again for an answer. None if the answers are stored."""
        raise NotImplementedError

    def explained(self, found: Found, unequal: Collection[int]) -> tuple[str, str]:
        """Say why the sets with the numbers `unequal` may differ: in a few words, and the cure."""
        return "", ""

    def cure(self, error: str) -> str:
        """Return the cure of an error of a reader that only this truth can know, or ""."""
        return ""

    def notes(self, question: Question, found: Found) -> list[str]:
        """List the limits of the comparison with this truth, in sentences."""
        return []


@dataclass
class OriginalExport(Truth):
    """The answers of one reader to another export with the same signatures.

    Parameters
    ----------
    directory : str or path
    reader : str
        One of helpers.readers.READERS.
    own_inputs : bool
        Whether inputs are made from the signatures of the original. False: from the new ones.
    """

    directory: str | os.PathLike = ""
    reader: str = "python"
    own_inputs: bool = False

    def find(self, question: Question) -> Found:
        """Ask the reader for inputs that the original accepts.

        Raises
        ------
        ReaderError
            If it answers no set of inputs.
        """
        found = self.ask(question)
        if found.error or not found.feeds:
            raise ReaderError(self.reader, found.error or found.refusal)
        return found

    def ask(self, question: Question) -> Found:
        """Ask the reader; the result has no sets if it answers none."""
        return find(self.asks(question), question, self._signature(question))

    def asks(self, question: Question) -> Call:
        """Return a function that asks the reader of the original."""
        return question.call(self.directory, self.reader)

    def _signature(self, question):
        if not self.own_inputs:
            return question.directory, question.signature
        return self.directory, artifact.read(self.directory).signatures[question.key]


def original_export(directory: str | os.PathLike, reader: str, **settings: Any) -> OriginalExport:
    """Return the truth that an original export is, as `reader` reads it."""
    return OriginalExport(
        "the original",
        NAMES[reader],
        told=False,
        directory=directory,
        reader=reader,
        **settings,
    )


def find(ask: Call, question: Question, where: tuple, about: Any = None) -> Found:
    """Ask with the given inputs, or search for inputs that are accepted.

    Parameters
    ----------
    ask : function of (dict of str to array)
    question : Question
    where : (path, helpers.artifact.Signature)
        The export and the signature for which inputs are made.
    about : function of str, optional
        Says whether an error is about the inputs.

    Returns
    -------
    Found
    """
    options = {} if about is None else {"about": about}
    if question.given:
        return ask_given(ask, [question.given], **options)
    return search(ask, where[1], hints_of(*where), **options)
