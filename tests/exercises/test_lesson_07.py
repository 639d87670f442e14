"""Lesson 07: right answers, named mistakes, untouched; and what the checks rest on."""

import hashlib
import json
import random
import shutil
import time
import zlib

import numpy as np

from helpers.exercises import exercise_server, served
from helpers.exercises.guarding import CAUSES, MODEL
from helpers.exercises.lesson_07 import LEFT, RIGHT, X, q1, q5
from helpers.serving.experiment import compare
from tests.exercises.proofs import Mistake, Proofs, prove

SCORES, TOTALS, PACKED = ([8.25, 5.25], [15.25, 26.25], [-0.25, -3.25])


def same(*answers):
    return lambda _: answers


def by_grpc(_):
    """The three answers, asked for with the protocol's messages."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    with grpc.insecure_channel(q1.given().grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

        def call(signature, output, **inputs):
            request = predict_pb2.PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = "doors", signature
            for name, value in inputs.items():
                dtype = tf.string if name == "row_bytes" else tf.float32
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value, dtype))
            return tf.make_ndarray(stub.Predict(request, timeout=30).outputs[output])

        return (
            call("serving_default", "score", x=X),
            call("both", "total", left=LEFT, right=RIGHT),
            call("packed", "score", row_bytes=[np.float32(row).tobytes() for row in X]),
        )


Q1 = Proofs(
    right={
        "over gRPC": by_grpc,
        "lists": same(SCORES, TOTALS, PACKED),
        "columns, rounded": same([[8.25], [5.25]], np.float32(TOTALS), [[-0.2500001], [-3.25]]),
    },
    wrong={
        "serving_default for packed": Mistake(
            same(SCORES, TOTALS, SCORES), "packed: [8.25, 5.25] is what is wanted for scores"
        ),
        "gap for total": Mistake(
            same(SCORES, [13.25, 22.25], PACKED), "is the output gap; the output total is wanted"
        ),
        "rows swapped": Mistake(
            same(SCORES[::-1], TOTALS, PACKED), "[5.25, 8.25] are the right numbers in the wrong"
        ),
        "64-bit bytes": Mistake(
            same(SCORES, TOTALS, [1e8, 2.0, 1e-8, 3.0]), "Were the bytes of 64-bit floats?"
        ),
        "the whole answer": Mistake(
            same((200, {"predictions": SCORES}), TOTALS, PACKED),
            "scores: the two numbers from the answer are wanted",
        ),
        "both outputs": Mistake(
            same(SCORES, [TOTALS, [13.25, 22.25]], PACKED),
            "totals: one number for each of the two rows is wanted",
        ),
        "left and right swapped with x": Mistake(
            same(SCORES, [7.25, 2.25], PACKED), "the server answers something else"
        ),
    },
    untouched=(..., ..., ...),
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
    return Mistake(same(TRUTH | {event: said}), f"{event}: you say {said!r}")


Q2 = Proofs(
    right={
        "in another order": same(dict(reversed(TRUTH.items()))),
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
    },
    untouched=(dict.fromkeys(TRUTH, ...),),
)


def next_number(base):
    return 1 + max(int(path.name) for path in base.iterdir() if path.name.isdigit())


def renamed_copy(export_dir, base):
    copy = base / ".incoming"
    shutil.copytree(export_dir, copy)
    copy.rename(base / str(next_number(base)))


def numbered_by_time(export_dir, base):
    copy = base.parent / "incoming"
    shutil.copytree(export_dir, copy)
    copy.rename(base / str(time.time_ns()))


def with_zeros(export_dir, base):
    copy = shutil.copytree(export_dir, base / f"tmp{next_number(base)}")
    shutil.move(copy, base / f"{next_number(base):08d}")


def slowly(export_dir, target):
    """As a large model is copied."""
    target.mkdir()
    for path in sorted(export_dir.iterdir()):
        time.sleep(0.1)
        (shutil.copytree if path.is_dir() else shutil.copy)(path, target / path.name)


def in_place(export_dir, base):
    slowly(export_dir, base / str(next_number(base)))


def old_ones_first(export_dir, base):
    for path in base.iterdir():
        shutil.rmtree(path)
    time.sleep(0.2)
    shutil.copytree(export_dir, base / "incoming")
    (base / "incoming").rename(base / "10")


def one_more_than_there_are(export_dir, base):
    copy = shutil.copytree(export_dir, base / "incoming")
    copy.rename(base / str(1 + sum(path.name.isdigit() for path in base.iterdir())))


def sorted_as_texts(export_dir, base):
    last = max(path.name for path in base.iterdir() if path.name.isdigit())
    copy = shutil.copytree(export_dir, base / "incoming")
    copy.rename(base / str(int(last) + 1))


def every_folder_is_a_number(export_dir, base):
    number = max(int(path.name) for path in base.iterdir()) + 1
    shutil.copytree(export_dir, base / str(number))


def nested(export_dir, base):
    outer = base / "incoming"
    outer.mkdir()
    shutil.copytree(export_dir, outer / "export")
    outer.rename(base / str(next_number(base)))


def moved(export_dir, base):
    export_dir.rename(base / str(next_number(base)))


def linked(export_dir, base):
    (base / str(next_number(base))).symlink_to(export_dir, target_is_directory=True)


Q3 = Proofs(
    right={
        "a hidden copy in base": same(renamed_copy),
        "the time as number": same(numbered_by_time),
        "leading zeros, shutil.move": same(with_zeros),
    },
    wrong={
        "copied in place": Mistake(same(in_place), "a version must appear there in one step"),
        "old versions deleted first": Mistake(same(old_ones_first), "requests failed while you"),
        "counts the versions": Mistake(
            same(one_more_than_there_are), "In base there is 1, 3, 9, notes"
        ),
        "9 sorts after 10": Mistake(same(sorted_as_texts), "of your sorted_as_texts", "raised"),
        "takes every folder for a version": Mistake(
            same(every_folder_is_a_number), "invalid literal for int()", "raised"
        ),
        "one folder too many": Mistake(
            same(nested), "saved_model.pb must lie in the folder of the version itself"
        ),
        "moves the export": Mistake(same(moved), "export_dir has gone"),
        "a link": Mistake(same(linked), "follows no link out of its folder"),
        "overwrites what is loaded": Mistake(
            same(lambda made, base: shutil.copytree(made, base / "9", dirs_exist_ok=True)),
            "a version that is loaded is not read again",
        ),
        "does nothing": Mistake(same(lambda made, base: None), "In base there is 1, 9, notes"),
        "a name that is no number": Mistake(
            same(lambda made, base: shutil.copytree(made, base / "v10")),
            "A version is a folder whose name is a number",
        ),
    },
    untouched=(...,),
)


def number_of(user):
    return int(hashlib.md5(user.encode()).hexdigest(), 16)


def counting():
    asked = []

    def every_tenth(user, percent):
        asked.append(user)
        return len(asked) * percent % 100 < percent

    return every_tenth


Q4 = Proofs(
    right={
        "MD5, 100 buckets": same(lambda user, percent: number_of(user) % 100 < percent),
        "a seeded generator": same(
            lambda user, percent: random.Random(user).random() < percent / 100
        ),
        "a checksum": same(
            lambda user, percent: zlib.crc32(user.encode()) % 10_000 < percent * 100
        ),
        "a bool of NumPy": same(
            lambda user, percent: np.less(number_of(user) % 1000 / 10, percent)
        ),
    },
    wrong={
        "hash()": Mistake(
            same(lambda user, percent: hash(user) % 100 < percent), "asked in another process"
        ),
        "chance": Mistake(
            same(lambda user, percent: random.random() < percent / 100), "asked a second time"
        ),
        "every tenth request": Mistake(lambda _: (counting(),), "asked a second time"),
        "a bucket too many": Mistake(
            same(lambda user, percent: number_of(user) % 100 <= percent),
            "in the canary at 0 %; about 0 are wanted",
        ),
        "10 % whatever is asked": Mistake(
            same(lambda user, percent: number_of(user) % 10 == 0), "about 0 are wanted"
        ),
        "new buckets for every percentage": Mistake(
            same(lambda user, percent: number_of(f"{user}{percent}") % 100 < percent),
            "those who are in must stay in",
        ),
        "the sum of the letters": Mistake(
            same(lambda user, percent: sum(map(ord, user)) % 100 < percent), "are in the canary at"
        ),
        "the last digits": Mistake(
            same(
                lambda user, percent: (
                    (int(user[-2:]) if user[-1].isdigit() else number_of(user)) % 100 < percent
                )
            ),
            "numbers of which each ends in 7",
        ),
        "1 and 0": Mistake(
            same(lambda user, percent: int(number_of(user) % 100 < percent)),
            "is to return True or False",
        ),
    },
    untouched=(...,),
)


def margin(more, least):
    """A guard that waits for `least` requests and ends at `more` errors above the stable rate."""

    def guard(router):
        stable, canary = router.statistics()
        if canary.requests >= least and canary.error_rate > stable.error_rate + more:
            router.rollback()

    return guard


def significant(router):
    good = [(one.requests - one.errors, one.requests) for one in router.statistics()]
    result = compare(*good, alpha=0.01)
    if result.differs and result.difference < 0:
        router.percent = 0


def twice_as_many(router):
    stable, canary = router.statistics()
    if canary.requests > 50 and canary.error_rate > 2 * stable.error_rate:
        router.rollback()


def counted(router):
    (n, errors), (m, others) = router.counts().values()
    if m >= 100 and others / m - errors / n > 0.08:
        router.rollback()


def any_error(router):
    if router.statistics()[1].errors:
        router.rollback()


def fixed_limit(router):
    if router.statistics()[1].error_rate > 0.2:
        router.rollback()


def more_errors(router):
    stable, canary = router.statistics()
    if canary.errors > stable.errors:
        router.rollback()


def any_difference(router):
    stable, canary = router.statistics()
    result = compare((stable.errors, stable.requests), (canary.errors, canary.requests), alpha=0.01)
    if result.differs:
        router.rollback()


def wrong_way(router):
    stable, canary = router.statistics()
    if canary.requests > 50 and canary.error_rate > stable.error_rate + 0.1:
        router.promote()


def ended_by(guard, words, outcome="not yet"):
    return Mistake(same("several rows", guard), words, outcome)


Q5 = Proofs(
    right={
        "a test, percent to 0": same("several rows", significant),
        "a small margin": same("several rows", margin(0.05, 100)),
        "twice the stable rate": same("several rows", twice_as_many),
        "from the counts": same("several rows", counted),
    },
    wrong={
        "blames the words": Mistake(
            same("words", significant),
            "Version 1 answers it with status 400, and version 2 with 400",
        ),
        "blames the sign": Mistake(
            same("negative numbers", significant), "with status 200, and version 2 with 200"
        ),
        "blames the size": Mistake(same("large numbers", significant), "and version 2 with 200"),
        "a cause of one's own": Mistake(same("bad luck", significant), "'bad luck' is not one of"),
        "any error": ended_by(any_error, "as good as the stable version"),
        "a limit, whoever erred": ended_by(fixed_limit, "which both versions refuse"),
        "too early": ended_by(margin(0, 1), "your guard ended it after 100 requests"),
        "errors, not rates": ended_by(more_errors, "it still gets users"),
        "never": ended_by(lambda router: None, "after 3,000 requests it still gets users"),
        "any difference": ended_by(any_difference, "a canary that repairs"),
        "promotes it": ended_by(wrong_way, "everyone gets version 2 now"),
        "raises": ended_by(lambda router: router.statistic(), "AttributeError", "raised"),
    },
    untouched=(..., ...),
)


def test_the_rows_of_exercise_1_tell_the_signatures_apart():
    assert np.allclose(served.doors(X, LEFT, RIGHT), [SCORES, TOTALS, PACKED])


def test_what_is_served_answers_as_the_check_expects(lesson):
    """The numbers of exercise 1 are those of the server."""
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == "passed"
    found = exercise_server.ask("doors:predict", {"instances": X})
    assert np.allclose(found[1]["predictions"], np.array(SCORES)[:, None])


def test_outcomes_are_found_out_with_the_server():
    assert served.outcomes() == TRUTH


def test_only_several_rows_are_refused_by_the_canary_alone(lesson):
    lesson.exercises["q5"].given()
    for cause, rows in CAUSES.items():
        old, new = (
            exercise_server.ask(f"{MODEL}/versions/{number}:predict", {"instances": rows})[0]
            for number in (1, 2)
        )
        assert (old == 200 and new != 200) == (cause == "several rows"), cause


def test_the_given_requests_show_the_cause(lesson):
    """Of each kind there are enough among those that the canary gets."""
    router, requests = lesson.exercises["q5"].given()
    assert json.loads(json.dumps(requests)), "a learner can send them"
    own = [rows for customer, rows in requests if router.route(customer).role == "canary"]
    assert sum(len(rows) > 1 for rows in own) >= 5 <= sum(len(rows) == 1 for rows in own)
    assert any(len(rows) == 1 and min(rows[0]) < 0 for rows in own if "three" not in rows[0])
    assert q5 is lesson.exercises["q5"]


def test_a_server_that_died_is_started_again(lesson):
    before = exercise_server.server()
    before.stop()
    assert exercise_server.server() is not before
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == "passed", "at its old address"


globals().update(prove("07_serving", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}))
