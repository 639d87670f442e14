"""The exercises of lesson 04, inside the export."""

import contextlib
import functools
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import SAME, require_prediction, row_text
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_04 import changed_exports
from helpers.exercises.lesson_04.alike_layers import ASKED_FOR, UNITS, three_alike, weights_in
from helpers.exercises.lesson_04.deliveries import (
    KINDS,
    NAMES,
    OTHER,
    WHOLE,
    error_of,
    kind_of,
    six_deliveries,
    why_not,
)
from helpers.exercises.lesson_04.made_once import made_once
from helpers.exercises.lesson_04.offered_exports import offered_exports, own_exports
from helpers.exercises.lesson_04.pairs import KINDS as CHANGES
from helpers.exercises.lesson_04.pairs import SMALL, pairs
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong
from helpers.inspection.explore import explore
from helpers.text import safe_repr

# The package has functions of the same names.
GATE = import_module("helpers.inspection.gate")
DIFFERENCES = import_module("helpers.inspection.differences")
AGAIN = 3  # exports that the learner's function gets a second time


@exercise(
    "q1",
    "prediction",
    hints=[
        "Look at the picture of the files: which of them does every reader need?",
        "Of tags and version, readers compare only one, and tf.saved_model.load without tags= "
        "compares neither.",
        "Readers open a folder. Without variables.index, they cannot find the weights.",
    ],
)
def predict_who_can_use_it(prediction):
    """Predict who can still use an export after each of six changes"""
    changes = changed_exports.CHANGES
    why = {
        (name, said): changed_exports.measured(name)[1]
        for name in changes
        for said in changed_exports.OUTCOMES
    }
    require_prediction(
        prediction,
        {name: name for name in changes},
        changed_exports.OUTCOMES,
        changed_exports.outcome,
        why,
    )
    return (
        "each change was made in a copy of an export, and Python and the session loader of a "
        "server have called it. Only the tag divides them. The check refuses a similar wrong "
        "answer, too: 'none' for the tag train, which a server refuses and Python does not look at."
    )


@exercise(
    "q2",
    "bias",
    hints=[
        "explore(found_dir).variables has the name, shape and key of each variable. Loop over them "
        "and print.",
        "One of them is called middle/bias. The checkpoint needs its .key, which is longer than "
        "what is printed.",
        "tf.train.load_checkpoint(found_dir / 'variables' / 'variables').get_tensor(key) reads it.",
    ],
    given=three_alike,
)
def read_one_weight(bias):
    """Find one weight by its name, and read it without loading the model"""
    weights = weights_in(read_one_weight.original())
    require(
        not isinstance(bias, str | bytes | Path),
        "bias should be the four numbers themselves, which get_tensor(key) reads, but is "
        f"{safe_repr(bias)}.",
    )
    found = answer_types.array(bias, "bias")
    asked = f"{ASKED_FOR}/bias"
    expected = weights[asked]
    for name, weight in weights.items():
        if name != asked and _equal(found, weight):
            raise NotYet(
                f"bias should hold the numbers of {asked}, but holds the numbers of {name}. Look "
                "at the names."
            )
    require(
        found.shape == expected.shape,
        f"bias should have shape {expected.shape}, for a layer of {UNITS} units, but has shape "
        f"{found.shape}.",
    )
    require(
        _equal(found, expected),
        f"bias should hold the numbers of {asked}, but is {safe_repr(found)}. No weight of the "
        "export that given() returned last has these numbers.",
    )
    others = {name: w for name, w in weights.items() if w.shape == expected.shape and name != asked}
    nearest = min(others, key=lambda name: np.max(np.abs(others[name] - expected)))
    return (
        "the key says only where the weight is stored. saved_model.pb has the name for each key. "
        f"{len(others)} other weights have shape {expected.shape}. The check refuses all of them. "
        f"The most similar one is {nearest}: {row_text(others[nearest])}."
    )


def _equal(found, weight):
    return found.shape == weight.shape and np.allclose(found, weight, rtol=0, atol=SAME)


@exercise(
    "q3",
    "what_changed",
    hints=[
        "explore(old_dir).operations is a Counter. Two of them can be compared with ==.",
        "Loop over explore(old_dir).variables. Read each key from both exports with "
        "tf.train.load_checkpoint(...).get_tensor(key). Leave out the keys of the second copies, "
        "which begin with _all_variables.",
        "np.array_equal finds every difference. np.allclose ignores small ones. Return 'weights' "
        "at the first difference, and 'nothing' after the loop.",
    ],
)
def compare_two_exports(what_changed):
    """Compare two exports: the operations first, then the numbers of the weights"""
    answer_types.function(what_changed, "what_changed")
    made = made_once(pairs)
    for pair in made.values():
        _require_right_kind(what_changed, pair, "")
    for name in drawn_again({name: pair.kind for name, pair in made.items()}):
        _require_right_kind(what_changed, made[name], " the second time")
    return (
        f"your function is right about {len(made)} pairs of exports, without a call of "
        "differences. The check refuses a similar wrong answer, too: np.allclose in place of "
        f"np.array_equal. It does not notice that one number differs by {SMALL:.6f} of itself."
    )


def _require_right_kind(what_changed, pair, when):
    """Require the right answer for copies of a pair of exports, in a new folder."""
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        old = Path(shutil.copytree(pair.old, Path(folder) / "first"))
        new = Path(shutil.copytree(pair.new, Path(folder) / "second"))
        with recorded(DIFFERENCES, "Differences") as called:
            said = call(what_changed, old, new)
    require(
        not called,
        "what_changed should compare the exports itself, but called differences. Compare the "
        "operations that explore counts, and the numbers that get_tensor(key) reads.",
    )
    said = answer_types.text(said, "the answer of what_changed", CHANGES)
    require(
        said == pair.kind,
        f"what_changed should return {pair.kind!r} for these two exports, but returned {said!r}"
        f"{when}: {pair.words}.",
    )


@exercise(
    "q4",
    "diagnosis",
    hints=[
        "Load each copy in a loop, with show_error(). Which errors do you see?",
        "Of the copies that load, compare serve(rows) with right. Write loaded = "
        "tf.saved_model.load(directory) on its own line: without the object, its weights are "
        "deleted, and a whole copy fails with an AssertionError.",
        "A DataLossError means that a byte has changed. For the other errors, look at the files "
        "with explore.",
    ],
    given=six_deliveries,
)
def diagnose_six_deliveries(diagnosis):
    """Diagnose which of six copies of an export are damaged, and how"""
    deliveries, rows, right = diagnose_six_deliveries.original()
    said = answer_types.mapping(diagnosis, NAMES, "diagnosis")
    for name in NAMES:
        answer_types.text(said[name], name, KINDS)
    real = {name: kind_of(deliveries[name], rows, right) for name in NAMES}
    for name, kind in real.items():
        if said[name] != kind:
            reason = why_not(deliveries[name], kind, rows, right)
            raise NotYet(f"{name}: you say {said[name]!r}, but it is not. {reason}")
    damaged = [deliveries[name] for name, kind in real.items() if kind != WHOLE]
    seen = sum(bool(explore(directory).findings) for directory in damaged)
    failing = sum(bool(error_of(directory)) for directory in damaged)
    (other,) = (name for name, kind in real.items() if kind == OTHER)
    return (
        f"{len(damaged)} copies are damaged. explore finds {seen} of them, and loading fails for "
        f"{failing}. Only the answers of {other} show that it has other weights. The check "
        f"refuses a similar wrong answer, too: 'whole' for {other}, which loads without an error."
    )


@exercise(
    "q5",
    "may_load",
    hints=[
        "explore(directory).operations counts the operations by type, in all functions. Collect "
        "the types of all exports in own_dirs in one set.",
        "`a <= b` says whether each element of the set a is in the set b.",
        "An export that cannot be read has no operations, but it has findings: "
        "explore(directory).findings.",
    ],
    given=own_exports,
)
def accept_known_operations(may_load):
    """Accept only exports that can be read and have no unknown type of operation"""
    made, trace = made_once(offered_exports)
    answer_types.function(may_load, "may_load")
    trace.unlink(missing_ok=True)  # of an attempt before
    for name in made:
        _require_right(may_load, name, "")
    for name in drawn_again({name: accepted for name, (_, accepted, _) in made.items()}):
        _require_right(may_load, name, " the second time")
    refused = sum(not accepted for _, accepted, _ in made.values())
    return (
        f"your function refused {refused} exports and accepted {len(made) - refused} without a "
        "call of gate, and none of the exports wrote a file meanwhile. "
        f"{_nearest_list()} An export that misuses SaveV2 would pass. The next section shows "
        "gate, which would refuse it."
    )


def _require_right(may_load, name, when):
    """Require the right answer for a copy of an export, in a new folder with another name."""
    made, trace = made_once(offered_exports)
    original, accepted, words = made[name]
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        directory = Path(shutil.copytree(original, Path(folder) / "untrusted"))
        with recorded(GATE, "Verdict") as called:
            said = call(may_load, directory)
    if trace.exists():
        raise NotYet(
            f"may_load should not run an export, but ran {name!r}, which {words}, and so wrote "
            f"the file {trace.name!r}. Look at the graph. Do not load or call it."
        )
    require(
        not called,
        f"may_load should use an allow list of your own, but called gate for {name!r}. Look at "
        "the operations yourself: explore(directory).operations counts them.",
    )
    said = answer_types.boolean(said, f"the answer of may_load for {name!r}")
    require(
        said == accepted,
        f"may_load should return {accepted} for {name!r}, which {words}, but returned "
        f"{said}{when}.",
    )


def drawn_again(answers: Mapping[str, object]) -> list[str]:
    """Draw some exports for a second round, in which a function that counts its calls is wrong.

    Parameters
    ----------
    answers : mapping of str to object
        The right answer for each export, in the order of the first round.

    Returns
    -------
    list of str
        Names. Each has another right answer than the export at its place in the first round.
    """
    first = [*answers.values()][:AGAIN]
    return [
        random.choice([name for name, right in answers.items() if right != at_its_place])
        for at_its_place in first
    ]


@contextlib.contextmanager
def recorded(module: Any, name: str) -> Iterator[list]:
    """Record how often a function of the course makes its result in the block.

    Parameters
    ----------
    module : module
        Of the function.
    name : str
        The class of its result.
    """
    made, calls = getattr(module, name), []

    def make(*arguments, **named):
        calls.append(name)
        return made(*arguments, **named)

    with mock.patch.object(module, name, make):
        yield calls


@functools.cache
def _nearest_list():
    made, _ = made_once(offered_exports)
    found = {name: explore(directory) for name, (directory, *_) in made.items()}
    own = [{*explore(directory).operations} for directory in accept_known_operations.original()]

    def answers_of(accepts):
        return lambda export: {"may_load": np.array([accepts(found[name]) for name in export])}

    everything = set().union(*own)
    right = answers_of(lambda e: not e.findings and {*e.operations} <= everything)
    others = {
        "without `findings`": answers_of(lambda e: {*e.operations} <= everything),
        "`.main` in place of `.operations`": answers_of(
            lambda e: not e.findings and {*e.main} <= everything
        ),
        "the types of one export of your team": answers_of(
            lambda e: not e.findings and any({*e.operations} <= types for types in own)
        ),
    }
    words = nearest_wrong({"export": np.array(list(made))}, right, others)
    for name, (*_, what) in made.items():  # the learner has not seen the names
        words = words.replace(f"for export={name!r}", f"for one that {what}")
    return words.replace(" rows", " exports")
