"""Comparing readers whose answers vary from call to call: by a state, or by random numbers.

A reader that is started anew has the state of the export. If its answers are the same after two
starts, also without the seeds of random numbers, they depend on the calls before, and the same
calls give the same in every reader. If they are not, they are drawn at random, and each reader
draws its own. Then the other outputs are compared, and the shapes.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.readers.sameness import differences, same
from helpers.text import printable

Answers = Sequence[Mapping[str, np.ndarray]]
ROUNDS = 2  # how often a started reader is called with each set of inputs


@dataclass(frozen=True)
class Varying:
    """The answers of a reference that does not give the same answer again.

    Parameters
    ----------
    key : str
        The signature.
    feeds : list of dict of str to array
        The inputs of each call, in order.
    answers : list of dict of str to array
        What the reference answers to them after a start.
    random : frozenset of str
        The outputs that are other after another start. Empty if the state explains all.
    shaped : frozenset of str
        The outputs of `random` that have the same shapes after another start.
    deadline : float
        Seconds, for the calls of a reader.
    """

    key: str
    feeds: Sequence[Mapping[str, np.ndarray]]
    answers: Answers
    random: frozenset[str]
    shaped: frozenset[str]
    deadline: float

    @property
    def stateful(self) -> bool:
        """Whether the answers depend on nothing but the inputs and the calls before."""
        return not self.random

    def started(self, directory: str | os.PathLike, reader: str) -> Answers:
        """Start a reader anew and call it as the reference was. Raises ReaderError."""
        return readers.run_from_start(directory, self.key, self.feeds, reader, self.deadline)

    def unequal(self, answers: Answers) -> dict[str, str]:
        """Say how the answers of a started reader differ, where they cannot be random.

        Parameters
        ----------
        answers : list of dict of str to array
            What `started` returned.

        Returns
        -------
        dict of str to str
            By the name of the output.
        """
        found: dict[str, str] = {}
        for left, right in zip(self.answers, answers, strict=True):
            for one in differences(self._comparable(left), self._comparable(right)):
                found.setdefault(one.output, f"{printable(one.output)} {one.words}")
            for name in self.shaped & left.keys() & right.keys():
                if left[name].shape != right[name].shape:
                    shapes = f"{right[name].shape}, not {left[name].shape}"
                    found.setdefault(name, f"{printable(name)} has the shape {shapes}")
        return found

    def comparable(self, answers: Answers) -> list[dict[str, np.ndarray]]:
        """Return the answers without the outputs that are random."""
        return [self._comparable(answer) for answer in answers]

    def _comparable(self, answer):
        return {name: value for name, value in answer.items() if name not in self.random}

    def note(self) -> str:
        """Say what varies, and what was compared."""
        key = printable(self.key)
        if self.stateful:
            return (
                f"{key} keeps a state: its answers depend on the calls before. Each reader was "
                f"started anew and called {len(self.feeds)} times."
            )
        if self.random >= self.answers[0].keys():
            return f"{key} answers differently each time: there is nothing to compare."
        names = ", ".join(map(printable, sorted(self.random)))
        return f"{key}: {names} differs each time, so only the other outputs were compared."


def look(
    directory: str | os.PathLike,
    key: str,
    reader: str,
    feeds: Sequence[Mapping[str, np.ndarray]],
    deadline: float,
) -> Varying:
    """Find out what varies in the answers of a reader, with two starts.

    Parameters
    ----------
    directory : str or path
        An export.
    key : str
        The signature.
    reader : str
        One of helpers.readers.READERS.
    feeds : sequence of dict of str to array
        Sets of inputs that the reader accepts.
    deadline : float
        Seconds, for the calls after each start.

    Returns
    -------
    Varying

    Raises
    ------
    ReaderError
        If the reader does not answer.
    """
    calls = [feed for _ in range(ROUNDS) for feed in feeds]
    first = readers.run_from_start(directory, key, calls, reader, deadline)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "unseeded"
        where = copy if readers.write_unseeded(directory, copy) else directory
        second = readers.run_from_start(where, key, calls, reader, deadline)
    pairs = [*zip(first, second, strict=True)]
    random = frozenset(
        name
        for name in first[0]
        if not all(same({name: left[name]}, {name: right[name]}) for left, right in pairs)
    )
    # The number of the drawn values may be drawn, too.
    shaped = frozenset(
        name
        for name in random
        if all(left[name].shape == right[name].shape for left, right in pairs)
    )
    return Varying(key, calls, first, random, shaped, deadline)
