"""Lesson 02: right answers, named mistakes, untouched."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.tensor import BoundedTensorSpec

from helpers.exercises import learner_code
from helpers.exercises.lesson_02 import guard_checks
from helpers.exercises.outcomes import RAISED
from tests.exercises.lesson_02 import answers
from tests.exercises.lesson_02.exports import Spec, just, trained
from tests.exercises.lesson_02.guarded_means import Q4, means
from tests.exercises.lesson_02.judged_exports import Q2
from tests.exercises.lesson_02.sorted_exports import Q3
from tests.exercises.proofs import Mistake, Proofs, prove


@pytest.fixture(autouse=True)
def short_deadline(request, monkeypatch):
    """Stop the endless loop after a second; the other answers may need longer on a slow machine."""
    if "endless" in request.node.name:
        monkeypatch.setattr(learner_code, "SECONDS", 1)


BOUNDED = BoundedTensorSpec((None, 4), tf.float32, 0.0, 1.0, name="readings")

Q1 = Proofs(
    right={
        "as asked": just(Spec((None, 4), tf.float32, name="readings")),
        "a list and a text": just(Spec([None, 4], "float32", "readings")),
        "a TensorShape": just(Spec(tf.TensorShape((None, 4)), name="readings")),
        "a dtype of NumPy": just(Spec((None, 4), np.float32, name="readings")),
        "from another spec": just(Spec.from_spec(Spec((None, 4)), name="readings")),
    },
    wrong={
        "no name": Mistake(just(Spec((None, 4))), 'but has no name. Write name="readings".'),
        "another name": Mistake(
            just(Spec((None, 4), name="Readings")), "but has the name 'Readings'"
        ),
        "64 bits": Mistake(
            just(Spec((None, 4), tf.float64, "readings")),
            "should declare float32, which the station sends, but declares float64",
        ),
        "whole numbers": Mistake(
            just(Spec((None, 4), tf.int32, "readings")),
            "should declare float32, which the station sends, but declares int32",
        ),
        "one row": Mistake(just(Spec((1, 4), name="readings")), "but declares (1, 4)"),
        "no dimension for the rows": Mistake(
            just(Spec((4,), name="readings")), "but declares (4,)"
        ),
        "rows and columns swapped": Mistake(
            just(Spec((4, None), name="readings")), "but declares (4, None)"
        ),
        "any width": Mistake(
            just(Spec((None, None), name="readings")), "its shape (None, None) takes rows of 5"
        ),
        "any shape": Mistake(
            just(Spec(None, name="readings")), "its shape (unknown) takes rows of 5"
        ),
        "texts": Mistake(just(Spec((None, 4), tf.string, "readings")), "declares string"),
        "a name that no graph takes": Mistake(
            just(Spec((None, 4), name="my readings")), "spec_1 should make an export possible"
        ),
        "the list of specs": Mistake(
            just([Spec((None, 4), name="readings")]),
            "spec_1 should be one tf.TensorSpec, but is [TensorSpec",
        ),
        "a shape": Mistake(just((None, 4)), "spec_1 should be one tf.TensorSpec, but is (None, 4)"),
        "a ragged one": Mistake(just(tf.RaggedTensorSpec((None, 4))), "but is RaggedTensorSpec"),
        "values from 0 to 1": Mistake(just(BOUNDED), "of type BoundedTensorSpec"),
        "the class": Mistake(just(Spec), "spec_1 should be one tf.TensorSpec, but is <class"),
        "ten million characters": Mistake(just("x" * 10**7), "spec_1 should be one tf.TensorSpec"),
    },
    untouched=(...,),
)

Q5 = Proofs(
    right={
        "a build of its own": just(answers.OwnBuild),
        "a build that only prevents the trial run": just(answers.EmptyBuild),
        "layers built in the constructor": just(answers.BuiltInConstructor),
        "a plain call": just(answers.Layers),
        "a plain call and a method beside it": just(answers.MethodBeside),
        "a functional model": just(answers.functional),
    },
    wrong={
        "as it was": Mistake(just(answers.Forecast), "Write a build method, which builds the"),
        "called once": Mistake(
            just(answers.CalledOnce), "first and 6 for 5 rows.\nThe loss does not"
        ),
        "without the input_signature": Mistake(
            just(answers.NoSignature), "first and 0 for 5 rows, because without an input_signature"
        ),
        "built for another width": Mistake(
            just(answers.ForAnotherWidth),
            "self.wide should be built for the 4 readings, but is built for 10 numbers. "
            "Write self.wide.build((None, 4)).",
        ),
        "deep built for the readings": Mistake(
            just(answers.DeepForReadings),
            "self.deep should be built for the 8 numbers that self.hidden returns, but is built "
            "for 4 numbers",
        ),
        "wide and deep exchanged": Mistake(
            just(answers.Exchanged),
            "self.wide should have a kernel of shape (4, 1), as in Forecast",
        ),
        "the difference": Mistake(just(answers.Difference), "should compute self.wide(readings) +"),
        "without relu": Mistake(just(answers.Linear), "should compute self.wide(readings) +"),
        "four hidden units": Mistake(just(answers.FourUnits), "of the shapes (4, 1), (1,), (4, 8)"),
        "the mean of the batch": Mistake(
            just(answers.MeanOfBatch), "should compute self.wide(readings) +"
        ),
        "without the wide layer": Mistake(
            just(answers.sequential), "but its weights have the shapes (4, 8), (8,), (8, 1), (1,)"
        ),
        "an error of its own": Mistake(just(answers.WrongProduct), "InvalidArgument", RAISED),
        "layers made in call": Mistake(
            just(answers.LayersInCall), "created on the first call", RAISED
        ),
        "no weights": Mistake(just(answers.Summed), "no trainable weights"),
        "an unused layer": Mistake(
            just(answers.HalfFrozen), "the answer does not depend on these weights"
        ),
        "out of the graph": Mistake(just(answers.Numpy), "not a TensorFlow operation"),
        "one number for all rows": Mistake(just(answers.OneNumber), "of shape ()"),
        "an instance": Mistake(
            lambda _: (answers.OwnBuild(),), "should be the class, but is a model"
        ),
        "a tf.Module": Mistake(just(tf.Module), "should return a Keras model"),
        "not a class": Mistake(
            just("Repaired"), "should be a class, or a function that returns a model"
        ),
        "a layer that does not learn": Mistake(just(answers.Frozen), "trainable = False"),
        "one model for all": Mistake(just(answers.shared()), "a new model at each call"),
        "no graphs": Mistake(just(answers.WithoutGraphs), "called run_functions_eagerly"),
        "an endless loop": Mistake(just(answers.Endless), "loop that never ends"),
        "an end to the program": Mistake(just(answers.Leaves), "SystemExit: bye", RAISED),
        "an unprintable exception": Mistake(
            just(answers.unprintable), "Unprintable: (its message", RAISED
        ),
    },
    untouched=(...,),
)

TABLE = {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}
globals().update(prove("02_one_signature", TABLE, lambda: {"model": trained()}))


def test_a_model_is_not_checked_without_graphs(lesson):
    tf.config.run_functions_eagerly(True)
    try:
        result = lesson.exercises["q5"].grade(answers.Forecast)
    finally:
        tf.config.run_functions_eagerly(False)
    assert "tf.config.run_functions_eagerly should be off, but is on" in result.message


def test_a_graph_that_never_ends_for_another_width_is_ended(lesson, tmp_path, monkeypatch):
    def endless(readings):
        wide = tf.shape(readings)[1] > 4
        (count,) = tf.while_loop(lambda n: wide | (n < 1), lambda n: [n + 1], [tf.constant(0)])
        return {"mean": tf.reduce_mean(readings, axis=1) * tf.cast(count, tf.float32)}

    monkeypatch.setattr(guard_checks, "COMPUTING", 1)
    result = lesson.exercises["q4"].grade(*means(endless)(tmp_path / "export"))
    assert "mean fails for 7 x 5 readings: TimeoutError: no answer after 1 second" in result.message
