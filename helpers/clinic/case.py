"""A case of the error clinic: an error as it is met, and two functions that prove what is said."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.readers import READERS

ALL = tuple(READERS)
GROUPS = ("saving", "loading", "calling", "silent")


@dataclass(frozen=True)
class Works:
    """What a cured form made, and how to see that it works.

    directory : Path of the export
    signature : str, the key to call
    inputs : dict of str to array, for that signature
    wanted : array, what every promised reader must answer, computed without the export
    output : str or None, the output to look at where there are several
    got : array or None, the answer in this program, where the cure is a way of calling
    """

    directory: Path
    signature: str = "serving_default"
    inputs: dict[str, Any] | None = None
    wanted: Any = None
    output: str | None = None
    got: Any = None


@dataclass(frozen=True)
class Wrong:
    """What a silently wrong form answers: `got` where `wanted` is right, both arrays."""

    wanted: Any
    got: Any


@dataclass(frozen=True)
class Case:
    """One error of the clinic.

    key : str, unique, lower case with hyphens
    title : str, the symptom in a few words
    group : one of GROUPS
    exception : str, the type's name; "" when nothing is raised
    met_in : str, where it is met: "saving", "keras" or one of helpers.readers.READERS
    text : str, part of the message as the installed versions print it; what is seen, if silent
    marks : tuple of str, regular expressions that only this error's texts match, older wordings
        of TensorFlow and Keras among them; searched in what the last error of a pasted traceback
        says, as one line, and if no case matches, in the error it came from; () if it says nothing
    cause, experiment, cure : str, one to three sentences each
    reported : tuple of str, threads such as "tensorflow/tensorflow#37339"; may be empty
    broken : function of an empty folder; raises the error, or returns `Wrong` when it is silent
    cured : function of an empty folder; returns `Works`
    promised : tuple of str, the readers in which the cured export must give `wanted`
    """

    key: str
    title: str
    group: str
    exception: str
    met_in: str
    text: str
    marks: tuple[str, ...]
    cause: str
    experiment: str
    cure: str
    reported: tuple[str, ...]
    broken: Callable[[Path], Wrong | None]
    cured: Callable[[Path], Works]
    promised: tuple[str, ...]
