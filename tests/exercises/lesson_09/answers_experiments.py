"""Answers to exercise 3 of lesson 09: what five experiments show."""

from helpers.exercises.lesson_09.q3_experiments import BETTER, BROKEN, EQUAL, VERDICTS, WORSE
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings

TRUTH = {"a": EQUAL, "b": BROKEN, "c": BETTER, "d": EQUAL, "e": WORSE}


def same(*answers):
    return lambda _: answers


def otherwise(name, said, words):
    return Mistake(same(TRUTH | {name: said}), words)


Q3 = Proofs(
    right=other_mappings(TRUTH),
    wrong={
        "the split is not looked at": otherwise("b", BETTER, "in place of two halves"),
        "a broken split without a difference": otherwise("b", EQUAL, "their difference says"),
        "the higher rate of few users": otherwise("d", BETTER, "so the difference can be chance"),
        "a difference that chance explains": otherwise("a", BETTER, "between -1.96 and 1.96"),
        "a loss read as a gain": otherwise("e", BETTER, "so this is no chance"),
        "every difference is chance": otherwise("c", EQUAL, "so this is no chance"),
        "a small difference of the counts": otherwise("c", BROKEN, "between -3 and 3, so it can"),
        "few users are a broken split": otherwise("d", BROKEN, "between -3 and 3, so it can"),
        "another word": otherwise("a", "equal", "'equal' is not one of 'canary is better'"),
        "one is missing": Mistake(same({"a": EQUAL}), "a dict with the keys 'a', 'b'"),
    },
    untouched=(dict.fromkeys(TRUTH, ...),),
    near={
        **one_wrong(TRUTH, VERDICTS),
        "all equal": same(dict.fromkeys(TRUTH, EQUAL)),
        "by the rates alone": same(TRUTH | {"b": BETTER, "d": BETTER}),
        "in a list": same([*TRUTH.values()]),
        "pairs": same([*TRUTH.items()]),
    },
)
