"""Golden answers as the truth for the readers of an export."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers import artifact
from helpers.readers.golden_files import ANY, FOLDER, Golden, GoldenSet, kept_in, read_golden
from helpers.readers.input_files import WrongOption
from helpers.readers.model_calls import as_declared
from helpers.readers.search import Call, Found
from helpers.readers.truth import Question, Truth
from helpers.text import printable

ALL_ALIKE = (
    "All readers give the same numbers, so the export computes something else than the golden "
    "answers. Only if the golden answers are out of date, write them again: --write-golden FILE."
)
REFUSED = re.compile(
    r"(Type|Value)Error: (\S+ takes the inputs |input .+ (cannot be given|cannot hold))"
)


@dataclass
class GoldenAnswers(Truth):
    """Answers that are known to be right.

    Parameters
    ----------
    sets : dict of str to list of GoldenSet
        By the key of the signature.
    """

    sets: Golden = field(default_factory=dict)

    def has(self, keys: Collection[str]) -> bool:
        """Say whether there are golden answers for one of these signatures."""
        return any(key in self.sets for key in keys)

    def own(self, key: str) -> bool:
        """Say whether a signature has golden answers: each has its own."""
        return key in self.sets

    def missing(self, asked: Collection[str]) -> list[str]:
        """List the signatures with golden answers that the export does not have."""
        return [key for key in self.sets if key not in asked]

    def find(self, question: Question) -> Found:
        """Return the inputs and answers of the signature."""
        key = next(key for key in question.keys if key in self.sets)
        dtypes = {tensor.name: tensor.dtype for tensor in question.signature.outputs}
        found = Found()
        for one in self.sets[key]:
            found.feeds.append(dict(one.inputs))
            answer = {
                name: as_declared(np.asarray(array), dtypes.get(name, ""))
                for name, array in one.outputs.items()
            }
            found.answers.append(answer)
        found.tried = len(found.feeds)
        for name in found.feeds[0]:
            shapes = [np.shape(feed[name]) for feed in found.feeds if name in feed]
            found.shapes[name], found.sources[name] = list(dict.fromkeys(shapes)), "golden"
        return found

    def asks(self, question: Question) -> Call | None:
        """Return None: the answers are stored."""
        return None

    def cure(self, error: str) -> str:
        """Return what it means that the signature does not take the golden inputs."""
        if not REFUSED.match(error):
            return ""
        return (
            "The export does not take the golden inputs, and breaks clients that send the same. "
            "Export with the names and dtypes of the golden inputs. If other ones are right, write "
            "the golden answers again."
        )

    def notes(self, question: Question, found: Found) -> list[str]:
        """Name the outputs without golden answers, and sizes that they do not try."""
        key, told = printable(question.key), []
        known = {name for answer in found.answers for name in answer}
        if left := [t.name for t in question.signature.outputs if t.name not in known]:
            names = ", ".join(map(printable, left))
            told.append(f"{key}: there are no golden answers for {names}.")
        for tensor in question.signature.inputs:
            sizes = {shape[:1] for shape in found.shapes.get(tensor.name, ())}
            if tensor.shape and tensor.shape[0] is None and len(sizes) == 1:
                (size,) = sizes
                rows = f"{size[0]} row" + ("" if size[0] == 1 else "s") if size else "one number"
                told.append(f"{key}: the golden answers are for {rows}, so nothing else was tried.")
                break
        return told


def golden_answers(
    golden: str | os.PathLike | Mapping[str, list[GoldenSet]],
    asked: Mapping[str, artifact.Signature],
    chosen: str | None,
) -> GoldenAnswers:
    """Return the truth that golden answers are.

    Parameters
    ----------
    golden : path, or dict of str to list of GoldenSet
        A file, or what `read_golden` returned.
    asked : dict of str to helpers.artifact.Signature
        The signatures that are compared.
    chosen : str or None
        The only signature to compare. None: also those that the export does not have.

    Raises
    ------
    WrongOption
        If the file cannot be read, or is for none of the signatures.
    """
    sets = dict(golden) if isinstance(golden, Mapping) else read_golden(golden)
    if not any(sets.values()):
        raise WrongOption("there are no golden answers to compare with")
    for one in sets.pop(ANY, []):
        names = set(one.inputs)
        fitting = [key for key, s in asked.items() if {t.name for t in s.inputs} == names]
        if not fitting:
            given = ", ".join(map(printable, names)) or "none"
            raise WrongOption(f"golden answers to the inputs {given}, which no signature takes")
        for key in fitting:
            sets[key] = [*sets.get(key, []), one]
    if chosen is not None:
        if chosen not in sets:
            keys = ", ".join(map(printable, sets)) or "none"
            raise WrongOption(f"no golden answers for {printable(chosen)}: they are for {keys}")
        sets = {chosen: sets[chosen]}
    return GoldenAnswers(
        "the golden answers", "the golden file", partial=True, all_alike=ALL_ALIKE, sets=sets
    )


def kept_answers(
    directory: Path, asked: Mapping[str, artifact.Signature], chosen: str | None
) -> tuple[GoldenAnswers | None, list[str]]:
    """Return the golden answers that an export keeps in assets.extra, and notes about them."""
    file = kept_in(directory)
    if file is None:
        return None, []
    sets = read_golden(file)
    if chosen is not None and chosen not in sets and ANY not in sets:
        return None, []
    return golden_answers(sets, asked, chosen), [
        f"the golden answers are those that the export keeps: {FOLDER}/{file.name}."
    ]
