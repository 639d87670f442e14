"""The exercises of lesson 04, inside the export."""

import contextlib
import functools
import random
import shutil
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from unittest import mock

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import ESTIMATE, SAME, row_text
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_04.alike_layers import ASKED_FOR, UNITS, three_alike, weights_in
from helpers.exercises.lesson_04.sizes import (
    QUESTIONS,
    SIZES,
    both_exports,
    nearest_size,
    not_told_apart,
    why_wrong,
)
from helpers.exercises.lesson_04.untrusted_exports import FOUR_TYPES, untrusted_exports
from helpers.exercises.lesson_04.week import DAYS, KINDS, a_week, kind_of, why_not
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong
from helpers.inspection.dangerous_operations import EFFECT
from helpers.inspection.explore import explore
from helpers.text import safe_repr

# The package has a function of the same name.
GATE = import_module("helpers.inspection.gate")
AGAIN = 5  # exports that the learner's gate gets a second time


@exercise(
    "q1",
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
    "q2",
    "estimate",
    hints=[
        "A Dense layer has inputs x units weights in its kernel and one weight for each unit in "
        "its bias.",
        "float32 takes 4 bytes. 1 MB is 1,000,000 bytes. Which of the two ways of exporting stores "
        "each weight twice?",
        "The numbers of the weights are in variables/, the operations in saved_model.pb. How many "
        "operations do two layers need?",
    ],
    given=both_exports,
    fresh=lambda made: made[1],
)
def estimate_the_sizes(estimate):
    """Estimate the sizes of an export before you make it"""
    estimate = answer_types.mapping(estimate, QUESTIONS, "estimate")
    real, layers = estimate_the_sizes.original()
    for question in QUESTIONS[:3]:
        said = answer_types.number(estimate[question], question)
        if question == QUESTIONS[0]:
            require(
                said == int(said),
                f"{question} should be a whole number, because it is a count, but is "
                f"{safe_repr(estimate[question])}.",
            )
        if abs(said - real[question]) > ESTIMATE * real[question]:
            raise NotYet(why_wrong(question, said, real[question], layers))
    said = answer_types.text(estimate[QUESTIONS[3]], QUESTIONS[3], SIZES)
    require(
        said == real[QUESTIONS[3]],
        f"{QUESTIONS[3]}: you say {said!r}, but the file holds operations, shapes and "
        "names, and no weights.",
    )
    tracked, untracked = real[QUESTIONS[1]], real[QUESTIONS[2]]
    return (
        f"{real[QUESTIONS[0]]:,} weights of 4 bytes make {untracked:.2f} MB, and model.export "
        f"stores {tracked:.2f} MB, {tracked / untracked:.2f} times as much. "
        f"{not_told_apart(layers, real[QUESTIONS[0]])} The check refuses this similar answer: "
        f"{nearest_size(layers, real)}."
    )


@exercise(
    "q3",
    "week",
    hints=[
        "differences(week_dir / 'monday', week_dir / 'tuesday') compares two directories.",
        "Ask in this order: are all bytes equal? Are the weights equal? Do the graphs compute the "
        "same?",
        "A number that Python wrote into the graph is part of the graph, not a weight.",
    ],
    given=a_week,
)
def diagnose_a_week(week):
    """Diagnose what was done to an export on each day of a week"""
    folder = diagnose_a_week.original()
    week = answer_types.mapping(week, DAYS, "week")
    for day in DAYS:
        answer_types.text(week[day], day, KINDS)
    real = {day: kind_of(folder, day) for day in DAYS}
    for day, kind in real.items():
        if week[day] != kind:
            reason = why_not(folder, day, week[day])
            raise NotYet(f"{day}: you say {week[day]!r}, but it is not. {reason}")
    retrained = [day for day, kind in real.items() if kind == "retrained"]
    changed = [day for day, kind in real.items() if kind == "other graph"]
    words = ["no day has different weights"]
    if retrained:
        words = [f"only {_have(retrained)} different weights"]
    if changed:
        words.append(f"{_have(changed)} monday's weights and can give different answers")
    return f"{'. '.join(words)}."


def _have(days):
    return f"{' and '.join(days)} {'has' if len(days) == 1 else 'have'}"


@exercise(
    "q4",
    "may_load",
    hints=[
        "explore(directory).operations counts the operations by type, in all functions.",
        "Here, operations of four types use files or Python: WriteFile, ReadFile, PyFunc, "
        "EagerPyFunc. Return False if the export has one of them.",
        "An export that cannot be read has no operations, but it has findings: "
        "explore(directory).findings.",
    ],
    given=untrusted_exports,
)
def check_untrusted_exports(may_load):
    """Check untrusted exports: return True for a harmless export, False for any other"""
    made, trace = check_untrusted_exports.original()
    answer_types.function(may_load, "may_load")
    trace.unlink(missing_ok=True)  # of an attempt before
    for name in made:
        _require_right(may_load, name, "")
    # A function that counts its calls is wrong in another order.
    for name in random.sample(list(made), AGAIN):
        _require_right(may_load, name, " the second time")
    refused = sum(not harmless for _, harmless, _ in made.values())
    return (
        f"your function refused {refused} exports and accepted {len(made) - refused} without a "
        "call of gate, and none of the exports wrote a file meanwhile. Each of the four types of "
        f"operations decides about at least one of them. {_nearest_gate()} For real untrusted "
        f"exports use gate, which knows {len(EFFECT)} types."
    )


def _require_right(may_load, name, when):
    """Require the right answer for a copy of an export, in a new folder with another name."""
    made, trace = check_untrusted_exports.original()
    original, harmless, words = made[name]
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        directory = shutil.copytree(original, Path(folder) / "untrusted")
        with calls_of_gate() as called:
            said = call(may_load, directory)
    if trace.exists():
        raise NotYet(
            f"may_load should not run an export, but ran {name!r}, which {words}, and so wrote "
            f"the file {trace.name!r}. Look at the graph. Do not load or call it."
        )
    require(
        not called,
        f"may_load should be a gate of your own, but called gate for {name!r}. Look at the "
        "operations yourself: explore(directory).operations counts them.",
    )
    said = answer_types.boolean(said, f"the answer of may_load for {name!r}")
    require(
        said == harmless,
        f"may_load should return {harmless} for {name!r}, which {words}, but returned "
        f"{said}{when}.",
    )


@contextlib.contextmanager
def calls_of_gate() -> Iterator[list]:
    """Record the calls of the course's gate in the block: each of them explores the export."""
    calls: list = []

    def recorded(directory):
        calls.append(directory)
        return explore(directory)

    with mock.patch.object(GATE, "explore", recorded):
        yield calls


@functools.cache
def _nearest_gate():
    made, _ = check_untrusted_exports.original()
    found = {name: explore(directory) for name, (directory, *_) in made.items()}

    def gate_of(types, operations=lambda export: export.operations):
        def answers(export):
            accepted = [
                not found[name].findings and not {*types} & operations(found[name]).keys()
                for name in export
            ]
            return {"may_load": np.array(accepted)}

        return answers

    others = {
        f"without `{left_out}`": gate_of({*FOUR_TYPES} - {left_out}) for left_out in FOUR_TYPES
    }
    others["`.main` in place of `.operations`"] = gate_of(FOUR_TYPES, lambda export: export.main)
    names = {"export": np.array(list(made))}
    return nearest_wrong(names, gate_of(FOUR_TYPES), others).replace(" rows", " exports")
