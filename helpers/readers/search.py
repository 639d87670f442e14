"""Finding sets of inputs that a reader accepts, and whose answers show something."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from helpers import artifact
from helpers.errors.cure import SHAPE, entry
from helpers.processes.clean_process import ReaderError
from helpers.readers.evidence import CONSTANT, EMPTY, VARIES, powers
from helpers.readers.made_inputs import (
    Hint,
    Trial,
    make,
    rare_trials,
    shape_of,
    source,
    trials,
)
from helpers.text import printable, shorten

SECONDS = 20  # for sets of inputs beyond the usual ones
# An error of one of these types, or with these words, is about the inputs.
ABOUT_INPUTS = re.compile(
    r"(InvalidArgumentError|OutOfRangeError): |RuntimeError: .*failed to (prepare|invoke)|"
    r"RuntimeError: (tflite|.*(out of bounds|failed to reshape))|ValueError: Cannot (set|feed)|"
    r"(Type|Value)Error: (input |\S+ takes the inputs )"
)

Answer = Mapping[str, np.ndarray]
Call = Callable[[Mapping[str, np.ndarray]], Answer]


@dataclass
class Found:
    """The sets of inputs that a reader accepts, with its answers.

    Parameters
    ----------
    feeds, answers : list of dict of str to array
    shapes : dict of str to list of shapes
        All that were tried and accepted, by the name of the input.
    sources : dict of str to str
        Where the values of each input come from, in all sets that were tried and accepted.
    tried : int
        The number of these sets. Those that add nothing are not in `feeds`.
    refused : list of str
        The sets that the reader refuses, in words.
    refusal : str
        The error of the first set that it refuses.
    error : str
        An error that is not about the inputs. Empty if there is none.
    """

    feeds: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    shapes: dict = field(default_factory=dict)
    sources: dict = field(default_factory=dict)
    tried: int = 0
    refused: list = field(default_factory=list)
    refusal: str = ""
    error: str = ""


def is_about_inputs(error: str) -> bool:
    """Say whether a reader refuses its inputs, and not the export.

    Parameters
    ----------
    error : str
        "Type: message".

    Returns
    -------
    bool
        False for a known error with another cause.
    """
    if not ABOUT_INPUTS.match(error):
        return False
    known = entry(error)
    return known is None or known.key == SHAPE or error.startswith(("TypeError", "ValueError"))


def search(
    call: Call,
    signature: artifact.Signature,
    hints: Mapping[str, Hint],
    about: Callable[[str], bool] = is_about_inputs,
) -> Found:
    """Try made inputs in a reader until every output shows something.

    Parameters
    ----------
    call : function of (dict of str to array)
        Asks the reader. Raises ReaderError.
    signature : helpers.artifact.Signature
    hints : dict of str to Hint
        What the graph tells about the values of an input, by its name.
    about : function of str
        Says whether an error is about the inputs.

    Returns
    -------
    Found
        A signature with an open number of rows needs more than one number of rows. If the reader
        refuses all but one, `error` is set.
    """
    found = _search(call, signature, hints, about)
    if hints and not found.feeds and not found.error:
        # What the graph tells is not all that it requires.
        without = _search(call, signature, {}, about)
        return without if without.feeds else found
    return found


def _search(call, signature, hints, about):
    found, plan = Found(), trials(signature)
    rows_needed = {
        trial.rows for trial in plan[: 1 if len(plan) < 2 else 4] if trial.values == "usual"
    }
    kept: list[Trial] = []
    accepted: list[tuple[Trial, Answer]] = []
    shown: dict[str, int] = {}
    refusals: dict[int, str] = {}  # by number of rows
    spare: list[tuple[Answer, Answer]] = []  # sets whose answer holds nothing
    end = time.monotonic() + SECONDS
    rare = rare_trials(signature)
    for trial in [*plan, *rare]:
        lacks = bool(rows_needed - {one.rows for one in kept})
        if trial in rare and (kept or spare) and not lacks:
            continue
        if not _useful(trial, kept, lacks, rows_needed, shown):
            continue
        if time.monotonic() > end and (kept or spare or found.refused):
            break
        feed = make(signature, trial, hints)
        try:
            answer = call(feed)
        except ReaderError as error:
            if not accepted and not about(error.error):
                found.error = error.error
                return found
            found.refused.append(_words(signature, trial, hints))
            found.refusal = found.refusal or error.error
            refusals[trial.rows] = error.error
            if about(error.error):
                continue
            if lacks:
                found.error = error.error
            break  # the reader does not answer larger or other inputs any more
        accepted.append((trial, feed))
        if _holds_nothing(answer):
            spare.append((feed, answer))
            continue
        now = powers(signature, [*found.feeds, feed], [*found.answers, answer])
        better = any(now[name] > shown.get(name, -1) for name in now)
        if better or not kept or (lacks and trial.rows not in {one.rows for one in kept}):
            kept.append(trial)
            found.feeds.append(feed)
            found.answers.append(answer)
            shown = now
    if not kept:
        found.feeds, found.answers = map(list, zip(*spare[:2], strict=True)) if spare else ([], [])
    missing = rows_needed - {one.rows for one in kept}
    if kept and missing and not found.error:
        found.error = next((refusals[rows] for rows in missing if rows in refusals), "")
    found.tried = len(accepted)
    for t in signature.inputs:
        found.shapes[t.name] = list(dict.fromkeys(feed[t.name].shape for _, feed in accepted))
        kinds = dict.fromkeys(_source(t, trial, hints) for trial, _ in accepted)
        found.sources[t.name] = ", ".join(kinds)
    return found


def _useful(trial, kept, lacks, rows_needed, shown):
    """Say whether a trial can add something to those that are kept."""
    if not kept:
        return True
    if lacks:
        # The number of rows that is missing, with values of a kind that the reader accepts.
        return trial.rows not in {one.rows for one in kept} and trial.values == kept[0].values
    if trial.rows == 1 and trial.size in {one.size for one in kept}:
        return False  # one row shows less than several
    return min(shown.values(), default=VARIES) < VARIES


def _holds_nothing(answer):
    """Say whether all outputs are empty or NaN, as those of a model whose input is too short."""
    return bool(answer) and all(
        not value.size or (value.dtype.kind == "f" and np.isnan(value).all())
        for value in answer.values()
    )


def shows_something(shown: Mapping[str, int]) -> bool:
    """Say whether an output has values that are not the same for all inputs.

    Parameters
    ----------
    shown : dict of str to int
        The powers of the outputs, by name. Without outputs there is nothing that could vary.
    """
    return not shown or any(power not in (EMPTY, CONSTANT) for power in shown.values())


def ask_given(
    call: Call,
    feeds: Sequence[Mapping[str, np.ndarray]],
    about: Callable[[str], bool] = is_about_inputs,
) -> Found:
    """Ask a reader with given sets of inputs.

    Parameters
    ----------
    call : function of (dict of str to array)
    feeds : sequence of dict of str to array
    about : function of str
        Says whether an error is about the inputs.

    Returns
    -------
    Found
        Without sets if the reader refuses one, or fails.
    """
    found = Found(tried=len(feeds))
    for name in feeds[0]:
        found.sources[name] = "given"
        found.shapes[name] = list(dict.fromkeys(np.shape(feed[name]) for feed in feeds))
    try:
        found.answers = [call(feed) for feed in feeds]
        found.feeds = list(feeds)
    except ReaderError as error:
        if about(error.error):
            found.refused, found.refusal = ["the given inputs"], error.error
        else:
            found.error = error.error
    return found


def _words(signature, trial, hints):
    shapes = [
        f"{printable(t.name)} {shape_of(t, trial)} of {_source(t, trial, hints)}"
        for t in signature.inputs
    ]
    return shorten(", ".join(shapes), 120)


def _source(tensor, trial, hints):
    return hints[tensor.name].source if tensor.name in hints else source(tensor, trial.values)
