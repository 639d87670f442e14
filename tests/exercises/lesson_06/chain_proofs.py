"""Proofs of exercise 1 of lesson 06: what a traceback of two errors says."""

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_06 import tracebacks
from helpers.exercises.lesson_06.exercises import read_a_chain
from tests.exercises.proofs import Mistake, Proofs, other_mappings

RIGHT = {"first error": "TypeError", "line": 11, "case": "tensor-dtype"}


def given():
    """Print the traceback, as the cell of the exercise does, and return what is right about it."""
    return tracebacks.chain_of(read_a_chain.given())


def said(**changes):
    """The right reading with other values. `first` stands for the first error."""
    values = {"first error": changes.pop("first")} if "first" in changes else {}

    def answer(_):
        given()
        return ({**RIGHT, **values, **changes},)

    return answer


def of_the_chain(choose):
    """The right reading with the line that `choose` takes from the chain."""

    def answer(_):
        return ({**RIGHT, "line": choose(given())},)

    return answer


def after_given(answer):
    def answered(folder):
        given()
        return answer(folder)

    return answered


Q1 = Proofs(
    right={name: after_given(answer) for name, answer in other_mappings(RIGHT).items()}
    | {
        "the type with its module": said(first="builtins.TypeError"),
        "a number of NumPy": said(line=np.int64(11)),
        "a tensor": said(line=tf.constant(11)),
    },
    wrong={
        "the last error": Mistake(
            said(first="KeyError"),
            "first error: you say 'KeyError', but this is the last error. Python prints the first",
        ),
        "another error": Mistake(
            said(first="ValueError"),
            "you say 'ValueError', but it should be the type of the error above the sentence",
        ),
        "the line of the handler": Mistake(
            of_the_chain(lambda chain: sorted(chain.others)[1]),
            "is below except, so it raised the last error",
        ),
        "the line that called the function": Mistake(
            of_the_chain(lambda chain: min(chain.others)),
            "called the function ask, and a line of ask failed",
        ),
        "the line that began": Mistake(
            of_the_chain(lambda chain: max(chain.others)),
            "began all calls, and the error arose further down",
        ),
        "a line of TensorFlow": Mistake(
            said(line=1500), "but the traceback has no line 1500 of shop.py"
        ),
        "another case": Mistake(
            said(case="shape-refused"),
            "'shape-refused' is \"The export refuses a shape\". Here the shape fits, but",
        ),
        "a case's title": Mistake(
            said(case="A tensor with the wrong dtype"),
            "case should be the name of a case of the clinic",
        ),
        "without the case": Mistake(
            after_given(lambda _: ({"first error": "TypeError", "line": 11},)),
            "case",
        ),
    },
    near={
        "one line above": said(line=10),
        "one line below": said(line=12),
        "a line as a text": said(line="11"),
        "a line with a fraction": said(line=11.0),
        "True for the line": said(line=True),
        "the message with the type": said(first="TypeError: Binding inputs"),
        "the type in small letters": said(first="typeerror"),
        "the type as a class": said(first=TypeError),
        "the case in capitals": said(case="TENSOR-DTYPE"),
        "a more special case": said(case="string-input"),
        "a case of a cell": said(case="name-not-defined"),
        "one key more": after_given(lambda _: ({**RIGHT, "last error": "TypeError"},)),
    },
    untouched=(dict.fromkeys(RIGHT, ...),),
)
