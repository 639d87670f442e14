"""Call an export in six ways, without the checks and casts that the course adds to a call.

`readers.run` compares names and casts dtypes before it asks a reader. Here each reader gets the
inputs as they are, so that the result shows what the reader itself checks.
"""

import os
from dataclasses import dataclass

import numpy as np

from helpers import readers
from helpers.display.html_table import table
from helpers.readers.inputs import as_arrays
from helpers.text import in_columns

BARE_READERS = {
    "signature": "signature, array",
    "tensor": "signature, tf.Tensor",
    "function": "restored function",
    "session": "session (Python)",
    "server": "server (C++)",
    "litert": "LiteRT",
}


@dataclass(frozen=True)
class Answer:
    """The answer of one reader to one call.

    Parameters
    ----------
    outputs : dict of str to array
        By name. Empty if the call failed.
    error : str
        "Type: message". Empty if the reader answered.
    """

    outputs: dict[str, np.ndarray]
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return "error"
        return ", ".join(f"{np.round(value.flat[0]):g}" for value in self.outputs.values())


@dataclass(frozen=True)
class Table:
    """Several calls side by side: a row for each reader, and a column for each call.

    Parameters
    ----------
    columns : dict of str to (dict of str to Answer)
        What `call_everywhere` returned, by the words above the column.
    """

    columns: dict[str, dict[str, Answer]]

    def rows(self) -> list[list[str]]:
        """Return the texts of all cells, with the name of the reader first in each row."""
        return [
            [words, *(_cell(answers, reader) for answers in self.columns.values())]
            for reader, words in BARE_READERS.items()
        ]

    def __str__(self) -> str:
        return in_columns([["reader", *self.columns], *self.rows()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return table(["reader", *self.columns], self.rows())


def call_everywhere(
    directory: str | os.PathLike, key: str, /, **inputs: object
) -> dict[str, Answer]:
    """Call one signature of an export in every reader of BARE_READERS, each with the same inputs.

    Parameters
    ----------
    directory : str or path
        The export. The restored function has the name of the signature.
    key : str
        The signature.
    **inputs : array
        By name. No name, dtype or shape is compared with the signature before the call.

    Returns
    -------
    dict of str to Answer
        By reader, a key of BARE_READERS.

    Raises
    ------
    NotAnArtifact
        The directory is not a SavedModel.
    ReaderError
        The process that calls the readers does not answer.
    """
    found = readers.run_bare(directory, key, as_arrays(inputs))
    return {reader: Answer(*answer) for reader, answer in found.items()}


def side_by_side(**columns: dict[str, Answer]) -> Table:
    """Show several results of `call_everywhere` as one table.

    Parameters
    ----------
    **columns : dict of str to Answer
        What each column shows, by its heading. An underscore becomes a blank.

    Returns
    -------
    Table
        A cell holds the first number of each output, rounded, or "error". "other number" means
        that the first reader gave a different number. What it is changes from run to run.
    """
    return Table({name.replace("_", " "): answers for name, answers in columns.items()})


def _cell(answers, reader):
    first, answer = next(iter(answers.values())), answers[reader]
    if first.error or answer.error or _equal(first.outputs, answer.outputs):
        return str(answer)
    return "other number"


def _equal(left, right):
    return left.keys() == right.keys() and all(
        left[name].shape == right[name].shape
        and np.allclose(left[name], right[name], equal_nan=True)
        for name in left
    )
