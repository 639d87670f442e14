"""Answers to the exercises 1 and 2 of lesson 08: three calls, and a prediction."""

from collections import UserList
from decimal import Decimal

import numpy as np

from helpers.exercises.lesson_08 import served_models
from helpers.exercises.lesson_08.exercises import LEFT, RIGHT, X, call_three_signatures
from helpers.exercises.lesson_08.q2_reasons import REASONS
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings

SCORES, TOTALS, PACKED = ([8.25, 5.25], [16.25, 28.25], [-0.25, -3.25])
COLUMNS = [[[number] for number in answer] for answer in (SCORES, TOTALS, PACKED)]


def same(*answers):
    return lambda _: answers


def ask_by_grpc(server):
    """Return the three answers, with requests over gRPC."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    _, variant = call_three_signatures.original()
    with grpc.insecure_channel(server.grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

        def call(signature, output, **inputs):
            request = predict_pb2.PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = "scoring", signature
            for name, value in inputs.items():
                dtype = tf.string if name == variant.packed else tf.float32
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value, dtype))
            return tf.make_ndarray(stub.Predict(request, timeout=120).outputs[output])

        return (
            call("serving_default", "score", **{variant.rows: X}),
            call("both", "total", left=LEFT, right=RIGHT),
            call("packed", "score", **{variant.packed: [np.float32(row).tobytes() for row in X]}),
        )


def by_grpc(_):
    return ask_by_grpc(call_three_signatures.given())


def tensors(_):
    import tensorflow as tf

    return tf.constant(COLUMNS[0]), tf.constant(TOTALS), tf.constant(PACKED, tf.float64)


def values_of_a_message(_):
    """Return the numbers of a response over gRPC as the message holds them."""
    import tensorflow as tf

    protos = [tf.make_tensor_proto(answer) for answer in (SCORES, TOTALS, PACKED)]
    for proto, answer in zip(protos, (SCORES, TOTALS, PACKED), strict=True):
        proto.float_val.extend(answer)
    return tuple(proto.float_val for proto in protos)


def containing_itself():
    endless = []
    endless += [endless, endless]
    return endless


def instead(position, answer):
    """The right answers, with another one at a position."""
    answers = [SCORES, TOTALS, PACKED]
    answers[position] = answer
    return same(*answers)


Q1 = Proofs(
    right={
        "over gRPC": by_grpc,
        "lists": same(SCORES, TOTALS, PACKED),
        "columns, rounded": same([[8.25], [5.25]], np.float32(TOTALS), [[-0.2500001], [-3.25]]),
        "columns for all": same(*COLUMNS),
        "tensors": tensors,
        "numbers of NumPy": same(
            tuple(map(np.float64, SCORES)), list(map(np.float32, TOTALS)), np.array(PACKED)
        ),
        "values of a message": values_of_a_message,
    },
    wrong={
        "serving_default for packed": Mistake(
            instead(2, SCORES), "packed: [8.25, 5.25] is the right answer for scores"
        ),
        "gap for total": Mistake(
            instead(1, [12.25, 20.25]), "totals: [12.25, 20.25] is the output gap"
        ),
        "left and right exchanged": Mistake(
            instead(1, [25.25, 46.25]),
            "totals: [25.25, 46.25] is the answer with left and right exchanged",
        ),
        "left twice": Mistake(instead(1, [7.25, 10.25]), "is the answer for left alone"),
        "rows in the wrong order": Mistake(
            instead(0, SCORES[::-1]), "[5.25, 8.25] has the right numbers in the wrong"
        ),
        "columns exchanged": Mistake(
            instead(2, [-4.25, -7.25]), "is the answer for rows whose two columns are exchanged"
        ),
        "64-bit bytes": Mistake(
            instead(2, [1e8, 2.0, 1e-8, 3.0]), "did you send the bytes of 64-bit floats?"
        ),
        "the whole answer": Mistake(
            instead(0, (200, {"predictions": SCORES})), "Take the two numbers out of the response"
        ),
        "both outputs": Mistake(
            instead(1, [TOTALS, [12.25, 20.25]]),
            "totals should have one number for each of the two rows",
        ),
        "two rows of two": Mistake(
            instead(0, [SCORES, SCORES]), "the shape should be (2,) or (2, 1), but is (2, 2)"
        ),
        "texts": Mistake(
            instead(0, ["8.25", "5.25"]), "scores should be an array of numbers, but is ['8.25'"
        ),
        "a list that contains itself": Mistake(
            instead(0, containing_itself()), "scores should be an array of numbers, but is [[...]"
        ),
        "other rows": Mistake(
            instead(1, [7.25, 2.25]), "totals should be the answer of the server"
        ),
    },
    untouched=(..., ..., ...),
    near={
        "scores in one row": instead(0, [SCORES]),
        "one number": instead(0, 8.25),
        "a little too large": instead(0, [8.25, 5.26]),
        "one total a little too small": instead(1, [16.24, 28.25]),
        "without the bias": instead(2, [4.0, 1.0]),
        "not a number": instead(1, [float("nan"), 28.25]),
        "texts of bytes": instead(2, [b"-0.25", b"-3.25"]),
        "complex numbers": instead(0, [8.25 + 1j, 5.25]),
        "Booleans": instead(1, [True, True]),
        "objects": instead(0, [Decimal("8.25"), None]),
        "nothing": instead(0, []),
        "a list of an unknown type": instead(0, UserList(["8.25"])),
    },
)

TRUTH = {
    "a whole export arrives as v3": 2,
    "a whole export arrives as 003": 3,
    "3 arrives without its saved_model.pb": 2,
    "3 arrives, made with tf.saved_model.save(keras_model)": "error",
    "3 arrives, its input is called rows and not x": 3,
    "2 is deleted": 1,
}
BY_HAND, V3, LOST, RENAMED, GONE = (list(TRUTH)[place] for place in (3, 0, 2, 4, 5))


def otherwise(event, said):
    return Mistake(same(TRUTH | {event: said}), REASONS[event][said])


Q2 = Proofs(
    right={
        **other_mappings(TRUTH),
        "numbers of NumPy": same(
            {event: said if said == "error" else np.int64(said) for event, said in TRUTH.items()}
        ),
    },
    wrong={
        "every folder is a version": otherwise(V3, 3),
        "a broken version does harm": otherwise(LOST, "error"),
        "what loads can answer": otherwise(BY_HAND, 3),
        "what cannot answer is not loaded": otherwise(BY_HAND, 2),
        "a name matters to the row form": otherwise(RENAMED, "error"),
        "a version once unloaded does not come back": otherwise(GONE, "error"),
        "a version as text": Mistake(same(TRUTH | {V3: "2"}), "'2' is not one of 1, 2, 3, 'error'"),
        "one is missing": Mistake(same({V3: 2}), "a dict with the keys"),
        "and says what was measured": Mistake(
            same(TRUTH | {V3: 3}), "Measured: version 2 is AVAILABLE, and the request gets status"
        ),
    },
    untouched=(dict.fromkeys(TRUTH, ...),),
    near={**one_wrong(TRUTH, served_models.LATEST), "True for 1": same(TRUTH | {GONE: True})},
)
