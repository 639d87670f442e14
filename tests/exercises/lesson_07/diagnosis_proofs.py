"""Proofs of exercises 1 and 2 of lesson 07: predictions and diagnoses."""

from collections import UserDict
from types import MappingProxyType

import numpy as np

from helpers.exercises.lesson_07.exercises import find_the_faults
from helpers.exercises.lesson_07.faults import FAULTS, NAMES, draw
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings

PREDICTION = {
    "the signature": 1,
    "the restored function": 0,
    "the restored function, after labels.threshold = 0.5": 0,
}


def said(key, label, reason):
    return Mistake(
        lambda _: ({**PREDICTION, key: label},),
        f"{key}: you say {label}, but it is {PREDICTION[key]}. The score of the row is 0.6. "
        + reason,
    )


Q1 = Proofs(
    right=other_mappings(PREDICTION),
    wrong={
        "the signature predicted": said(
            "the signature",
            0,
            "The signature answers 1. It has the first trace, with the threshold 0.5",
        ),
        "the function predicted": said(
            "the restored function",
            1,
            "The restored function answers 0. Saving traced it again, when model.threshold was 0.8",
        ),
        "an attribute that counts": said(
            "the restored function, after labels.threshold = 0.5",
            1,
            "It answers 0 as before. The threshold 0.8 is a constant of its graph.",
        ),
        "one call forgotten": Mistake(
            lambda _: ({"the signature": 1},), "should be a dict with the keys"
        ),
        "a list": Mistake(lambda _: ([1, 0, 0],), "should be a dict with the keys"),
    },
    near=one_wrong(PREDICTION, (0, 1))
    | {
        "True": lambda _: ({**PREDICTION, "the signature": True},),
        "a fraction": lambda _: ({**PREDICTION, "the restored function": 0.0},),
        "one call more": lambda _: ({**PREDICTION, "the server": 1},),
    },
    untouched=(dict.fromkeys(PREDICTION, ...),),
)

SEED = 2
DRAWN = draw(SEED)
TRUTH = {name: sorted(one.faults) for name, one in DRAWN.items()}
(CLEAN,) = (name for name, faults in TRUTH.items() if not faults)
(TWO,) = (name for name, faults in TRUTH.items() if len(faults) == 2)
SINGLE = [name for name, faults in TRUTH.items() if len(faults) == 1]
ABSENT = next(fault for fault in FAULTS if fault not in TRUTH[TWO])


def found(change=lambda truth: truth):
    """The diagnosis for one seed, changed by a function."""

    def answer(_):
        find_the_faults.given(SEED)
        return (change(dict(TRUTH)),)

    return answer


def with_list(name, faults):
    return found(lambda truth: truth | {name: faults})


Q2 = Proofs(
    right={
        "lists": found(),
        "tuples, backwards": found(
            lambda truth: {name: tuple(reversed(truth[name])) for name in reversed(NAMES)}
        ),
        "sets": found(lambda truth: {name: set(faults) for name, faults in truth.items()}),
        "read only": found(
            lambda truth: MappingProxyType({n: frozenset(f) for n, f in truth.items()})
        ),
        "an own class, with texts of NumPy": found(
            lambda truth: UserDict({n: [np.str_(one) for one in f] for n, f in truth.items()})
        ),
    },
    wrong={
        "a fault of the one without a fault": Mistake(
            with_list(CLEAN, ["dtype"]),
            f"diagnosis['{CLEAN}'] should hold the faults of export {CLEAN} only, but holds "
            "'dtype'. Its signature declares int32",
        ),
        "one fault of two": Mistake(
            with_list(TWO, TRUTH[TWO][:1]),
            f"diagnosis['{TWO}'] should hold every fault of export {TWO}, but one is missing. "
            "Question ",
        ),
        "no fault in any": Mistake(
            found(lambda truth: {name: [] for name in truth}), "but one is missing. Question "
        ),
        "a name that is no fault": Mistake(
            with_list(CLEAN, ["broken"]),
            "'broken' is not one of 'only-python', 'dtype', 'cut-off'",
        ),
        "a text in place of a list": Mistake(
            with_list(SINGLE[0], TRUTH[SINGLE[0]][0]), "should be a list of faults, such as"
        ),
        "an export forgotten": Mistake(
            found(lambda truth: {n: f for n, f in truth.items() if n != "c"}),
            "should be a dict with the keys 'a', 'b', 'c', 'd', 'e', but has no 'c'",
        ),
        "None for no fault": Mistake(with_list(CLEAN, None), "or an empty list, but is None"),
    },
    near={
        **{f"a fault too many: {fault}": with_list(CLEAN, [fault]) for fault in FAULTS},
        **{f"one fault too many in {n}": with_list(n, [*TRUTH[n], ABSENT]) for n in (TWO,)},
        **{f"{name} without a fault": with_list(name, []) for name in SINGLE},
        "the other fault of two": with_list(TWO, TRUTH[TWO][1:]),
        "every fault": found(lambda truth: {name: list(FAULTS) for name in truth}),
        "two exports exchanged": found(
            lambda truth: truth | {TWO: truth[CLEAN], CLEAN: truth[TWO]}
        ),
        "the exports of a different seed": found(
            lambda truth: {n: sorted(p.faults) for n, p in draw(SEED + 1).items()}
        ),
        "capitals": with_list(TWO, [fault.upper() for fault in TRUTH[TWO]]),
        "bytes": with_list(TWO, [fault.encode() for fault in TRUTH[TWO]]),
        "one text with a comma": with_list(TWO, [", ".join(TRUTH[TWO])]),
        "True for no fault": with_list(CLEAN, True),
        "one export more": found(lambda truth: truth | {"f": []}),
    },
    untouched=(dict.fromkeys(NAMES, ...),),
)
