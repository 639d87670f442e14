"""Test the exercises of lesson 07: right answers, mistakes, no answer, and their helpers."""

import errno
import hashlib
import json
import random
import shutil
import subprocess
import tempfile
import time
import zlib
from unittest import mock

import numpy as np
import pytest

from helpers.exercises.lesson_07 import exercise_server, q5_guard, served_models
from helpers.exercises.lesson_07.exercises import (
    LEFT,
    RIGHT,
    X,
    call_three_signatures,
    guard_the_canary,
)
from helpers.exercises.lesson_07.q3_publish import watched
from helpers.exercises.lesson_07.q5_guard import CAUSES, MODEL
from helpers.serving.rollout.plan import compare
from tests.exercises.proofs import Mistake, Proofs, prove

SCORES, TOTALS, PACKED = ([8.25, 5.25], [15.25, 26.25], [-0.25, -3.25])


def same(*answers):
    return lambda _: answers


def by_grpc(_):
    """Return the three answers, with requests over gRPC."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    with grpc.insecure_channel(call_three_signatures.given().grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

        def call(signature, output, **inputs):
            request = predict_pb2.PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = "scoring", signature
            for name, value in inputs.items():
                dtype = tf.string if name == "row_bytes" else tf.float32
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value, dtype))
            return tf.make_ndarray(stub.Predict(request, timeout=120).outputs[output])

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
            same(SCORES, TOTALS, SCORES), "packed: [8.25, 5.25] is the right answer for scores"
        ),
        "gap for total": Mistake(
            same(SCORES, [13.25, 22.25], PACKED),
            "totals should be the output total, but [13.25, 22.25] is",
        ),
        "rows swapped": Mistake(
            same(SCORES[::-1], TOTALS, PACKED), "[5.25, 8.25] has the right numbers in the wrong"
        ),
        "64-bit bytes": Mistake(
            same(SCORES, TOTALS, [1e8, 2.0, 1e-8, 3.0]), "did you send the bytes of 64-bit floats?"
        ),
        "the whole answer": Mistake(
            same((200, {"predictions": SCORES}), TOTALS, PACKED),
            "scores should be the two numbers in the response",
        ),
        "both outputs": Mistake(
            same(SCORES, [TOTALS, [13.25, 22.25]], PACKED),
            "totals should have one number for each of the two rows",
        ),
        "left and right swapped with x": Mistake(
            same(SCORES, [7.25, 2.25], PACKED), "totals should be the answer of the server"
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


def in_place(export_dir, base):
    shutil.copytree(export_dir, base / str(next_number(base)))


def by_command(export_dir, base):
    subprocess.run(["cp", "-r", export_dir, base / str(next_number(base))], check=True)


def graph_first(export_dir, base):
    target = base / str(next_number(base))
    target.mkdir()
    shutil.copy(export_dir / "saved_model.pb", target)
    shutil.copytree(export_dir, target, dirs_exist_ok=True)


def graph_last(export_dir, base):
    target = base / str(next_number(base))
    shutil.copytree(export_dir, target, ignore=shutil.ignore_patterns("saved_model.pb"))
    shutil.copy(export_dir / "saved_model.pb", target)


def across_disks(export_dir, base):
    """Simulate two disks, between which shutil.move copies instead of renaming."""
    copy = shutil.copytree(export_dir, base.parent / "incoming")
    other_disk = OSError(errno.EXDEV, "Invalid cross-device link")
    with mock.patch("os.rename", side_effect=other_disk):
        shutil.move(copy, base / str(next_number(base)))


def the_highest_only(export_dir, base):
    renamed_copy(export_dir, base)
    for path in base.iterdir():
        if path.name.isdigit() and int(path.name) < next_number(base) - 2:
            shutil.rmtree(path)


def tidied_up(export_dir, base):
    renamed_copy(export_dir, base)
    (base / "notes").rmdir()


def renamed_and_marked(export_dir, base):
    """Add a file that is not part of the export after the version has appeared."""
    renamed_copy(export_dir, base)
    (base / str(next_number(base) - 1) / "published.txt").write_text("today")


def old_ones_first(export_dir, base):
    for path in base.iterdir():
        shutil.rmtree(path)
    time.sleep(1)  # on a busy machine too, the server notices that no version is left
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
        "with a mark afterwards": same(renamed_and_marked),
    },
    wrong={
        "copied in place": Mistake(same(in_place), "should be complete when it appears"),
        "copied by cp": Mistake(same(by_command), "should be complete when it appears"),
        "the graph first": Mistake(same(graph_first), "should be complete when it appears"),
        "the graph last": Mistake(same(graph_last), "a version must appear there in one step"),
        "moved from another disk": Mistake(
            same(across_disks), "shutil.move from one disk to another"
        ),
        "old versions deleted first": Mistake(
            same(old_ones_first), "requests failed, the first with"
        ),
        "old versions deleted afterwards": Mistake(
            same(the_highest_only), "1 was in base and has gone"
        ),
        "other things deleted": Mistake(same(tidied_up), "notes was in base and has gone"),
        "everything deleted": Mistake(
            same(lambda made, base: shutil.rmtree(base)), "base itself has gone"
        ),
        "None": Mistake(same(None), "publish should be a function, but is None"),
        "counts the versions": Mistake(
            same(one_more_than_there_are), "base contains 1, 3, 9, notes"
        ),
        "9 sorts after 10": Mistake(same(sorted_as_texts), "of your sorted_as_texts", "raised"),
        "takes every folder for a version": Mistake(
            same(every_folder_is_a_number), "invalid literal for int()", "raised"
        ),
        "one folder too many": Mistake(
            same(nested), "saved_model.pb must be in the folder of the version itself"
        ),
        "moves the export": Mistake(same(moved), "export_dir has gone"),
        "a link": Mistake(same(linked), "does not follow a link out of its folder"),
        "overwrites what is loaded": Mistake(
            same(lambda made, base: shutil.copytree(made, base / "9", dirs_exist_ok=True)),
            "does not read a loaded version again",
        ),
        "does nothing": Mistake(same(lambda made, base: None), "base contains 1, 9, notes"),
        "a name that is no number": Mistake(
            same(lambda made, base: shutil.copytree(made, base / "v10")),
            "A version is a folder whose name is a number",
        ),
    },
    untouched=(...,),
)


def number_of(user):
    return int(hashlib.md5(user.encode()).hexdigest(), 16)


# The cells of a notebook. The check runs them again in another process.
FIRST_CELL = """\
import datetime, functools, hashlib, os, random, time, zlib
from time import strftime

import numpy as np


def number_of(user):
    return int(hashlib.md5(user.encode()).hexdigest(), 16)
"""
KERNEL: dict = {}  # the names of the notebook


def rule(cell):
    """A rule that a cell of the notebook defines: a definition, or an expression."""
    if "in_canary" not in cell:
        cell = f"in_canary = {cell}"

    def answer(_):
        KERNEL.clear()
        KERNEL["In"] = ["", FIRST_CELL, cell]
        for source in KERNEL["In"]:
            exec(source, KERNEL)
        return (KERNEL["in_canary"],)

    return answer


def salted(salt):
    """A rule whose buckets depend on `salt`, an expression."""
    return rule(f"lambda user, percent: number_of(str({salt}) + user) % 10_000 < percent * 100")


COUNTING = """\
asked = []
def in_canary(user, percent):
    asked.append(user)
    return len(asked) * percent % 100 < percent
"""
# These always choose the same users, but in this process only.
REMEMBERING = """\
seen = {}
def in_canary(user, percent):
    return seen.setdefault(user, random.random() * 100) < percent
"""
FIRST_TO_COME = """\
class Remembering:
    def __init__(self):
        self.seen = {}
    def __call__(self, user, percent):
        return self.seen.setdefault(user, len(self.seen) * 7919 % 10_000) < percent * 100
in_canary = Remembering()
"""
CACHED = """\
@functools.cache
def chance(user):
    return random.random()
in_canary = lambda user, percent: chance(user) * 100 < percent
"""
IN_A_GLOBAL = """\
kept = {}
def in_canary(user, percent):
    if user not in kept:
        kept[user] = number_of(user) % 10_000
    return kept[user] < percent * 100
"""
SALT_DRAWN_ONCE = """\
SALT = str(random.random())
def in_canary(user, percent):
    return number_of(SALT + user) % 10_000 < percent * 100
"""
MEMORY, LATER = "has another memory and another hash()", "at another time on another day"

Q4 = Proofs(
    right={
        "MD5, 10,000 buckets": rule(
            "lambda user, percent: number_of(user) % 10_000 < percent * 100"
        ),
        "remembers what it can compute": rule(IN_A_GLOBAL),
        "a seeded generator": rule(
            "lambda user, percent: random.Random(user).random() < percent / 100"
        ),
        "a checksum": rule(
            "lambda user, percent: zlib.crc32(user.encode()) % 10_000 < percent * 100"
        ),
        "a bool of NumPy": rule(
            "lambda user, percent: np.less(number_of(user) % 10_000 / 100, percent)"
        ),
    },
    wrong={
        "hash()": Mistake(
            rule("lambda user, percent: hash(user) % 10_000 < percent * 100"),
            "hash() of a text has another salt in each process",
        ),
        "chance": Mistake(
            same(lambda user, percent: random.random() < percent / 100), "but a second time"
        ),
        "every tenth request": Mistake(rule(COUNTING), "but a second time"),
        "chance, remembered": Mistake(rule(REMEMBERING), MEMORY),
        "the first to come, remembered": Mistake(rule(FIRST_TO_COME), MEMORY),
        "chance, cached": Mistake(rule(CACHED), MEMORY),
        "the place in memory": Mistake(
            rule("lambda user, percent: number_of(str(id(user))) % 10_000 < percent * 100"),
            "id() is a place in memory",
        ),
        "the process": Mistake(salted("os.getpid()"), "Each process has another number"),
        "the hour": Mistake(salted("datetime.datetime.now().hour"), LATER),
        "the day": Mistake(salted("datetime.date.today()"), LATER),
        "the week": Mistake(salted("int(time.time() / 604800)"), LATER),
        "the month, by an imported name": Mistake(salted("strftime('%B')"), LATER),
        "whole percents only": Mistake(
            same(lambda user, percent: number_of(user) % 10_000 < int(percent) * 100),
            "about 100 should be in the canary at 0.5 %, but 0 are",
        ),
        "100 buckets": Mistake(
            same(lambda user, percent: number_of(user) % 100 < percent),
            "about 100 should be in the canary at 0.5 %, but ",
        ),
        "English names only": Mistake(
            same(lambda user, percent: zlib.crc32(user.encode("ascii")) % 10_000 < percent * 100),
            "UnicodeEncodeError",
            "raised",
        ),
        "None": Mistake(same(None), "in_canary should be a function, but is None"),
        "no cell defines it": Mistake(
            same(lambda user, percent: number_of(user) % 10_000 < percent * 100),
            "should have a name",
        ),
        "a bucket too many": Mistake(
            same(lambda user, percent: number_of(user) % 100 <= percent),
            "about 0 should be in the canary at 0 %",
        ),
        "10 % whatever is asked": Mistake(
            same(lambda user, percent: number_of(user) % 10 == 0), "about 0 should be in the canary"
        ),
        "new buckets for every percentage": Mistake(
            same(lambda user, percent: number_of(f"{user}{percent}") % 100 < percent),
            "all users in the canary must stay in it",
        ),
        "the sum of the letters": Mistake(
            same(lambda user, percent: sum(map(ord, user)) % 100 < percent),
            "should be in the canary at",
        ),
        "the last digits": Mistake(
            same(
                lambda user, percent: (
                    (int(user[-2:]) if user[-1].isdigit() else number_of(user)) % 100 < percent
                )
            ),
            "numbers that end in 7",
        ),
        "1 and 0": Mistake(
            same(lambda user, percent: int(number_of(user) % 100 < percent)),
            "should return True or False",
        ),
    },
    near={
        "hash of a pair": rule(
            'lambda user, percent: hash((user, "spring")) % 10_000 < percent * 100'
        ),
        "a salt that is drawn once": rule(SALT_DRAWN_ONCE),
        "the name of the user of the computer": salted("__import__('getpass').getuser()"),
        "the working directory": salted("os.getcwd()"),
        "the day of the week": salted("time.localtime().tm_yday"),
        "a little too many": rule("lambda user, percent: number_of(user) % 10_000 < percent * 115"),
        "a little too few": rule("lambda user, percent: number_of(user) % 10_000 < percent * 85"),
        "at most instead of below": rule(
            "lambda user, percent: number_of(user) % 1000 <= percent * 10"
        ),
    },
    untouched=(...,),
)


def margin(more, least):
    """Return a guard that waits for `least` requests and accepts `more` as a difference."""

    def guard(router):
        stable, canary = router.statistics()
        if canary.requests >= least and canary.error_rate > stable.error_rate + more:
            router.rollback()

    return guard


def spread(stable, canary):
    return sum(v.error_rate * (1 - v.error_rate) / v.requests for v in (stable, canary)) ** 0.5


def as_the_hint_says(router):
    stable, canary = router.statistics()
    more = canary.error_rate - stable.error_rate
    if canary.requests >= 50 and more > 3 * spread(stable, canary):
        router.rollback()


def significant(level, ends):
    """Return a guard that ends a canary whose error rate is significantly higher."""

    def guard(router):
        stable, canary = router.statistics()
        arms = [(one.errors, one.requests) for one in (stable, canary)]
        result = compare(*arms, alpha=level)
        if result.differs and result.difference > 0:
            ends(router)

    return guard


def to_zero(router):
    router.percent = 0


def counted(router):
    (n, errors), (m, others) = router.counts().values()
    if m >= 100 and others / m - errors / n > 0.12:
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


def times(more, least):
    def guard(router):
        stable, canary = router.statistics()
        if canary.requests >= least and canary.error_rate > more * stable.error_rate:
            router.rollback()

    return guard


def of_another_router(_):
    """Return a guard that reads its argument, but ends the canary of `orders`."""
    orders, _ = guard_the_canary.given()

    def guard(router):
        if router.statistics()[1].errors:
            orders.rollback()

    return "several rows", guard


def of_a_router_that_has_ended(_):
    orders, _ = guard_the_canary.given()
    orders.rollback()
    return "several rows", lambda router: orders.rollback()


def ended_by(guard, words, outcome="not yet"):
    return Mistake(same("several rows", guard), words, outcome)


Q5 = Proofs(
    right={
        "three spreads": same("several rows", as_the_hint_says),
        "a test, percent to 0": same("several rows", significant(0.001, to_zero)),
        "a margin": same("several rows", margin(0.1, 100)),
        "from the counts": same("several rows", counted),
    },
    wrong={
        "blames the words": Mistake(
            same("words", margin(0.1, 100)),
            "version 1 answers it with status 400, and version 2 with 400",
        ),
        "blames the sign": Mistake(
            same("negative numbers", margin(0.1, 100)), "with status 200, and version 2 with 200"
        ),
        "blames the size": Mistake(
            same("large numbers", margin(0.1, 100)), "and version 2 with 200"
        ),
        "a cause that is not a choice": Mistake(
            same("bad luck", margin(0.1, 100)), "but is 'bad luck'"
        ),
        "any error": ended_by(any_error, "as good as the stable version"),
        "a fixed limit": ended_by(fixed_limit, "which both versions refuse"),
        "too early": ended_by(margin(0, 1), "at most 2 of 20 trials, but ended it in "),
        "a small margin": ended_by(
            margin(0.05, 100),
            "3 in 10. It should end the canary in at most 2 of 20 trials, but ended it in 7",
        ),
        "half as many again": ended_by(times(1.5, 100), "at most 2 of 20 trials"),
        "a test at each look": ended_by(
            significant(0.05, lambda router: router.rollback()), "and a guard compares them often"
        ),
        "ends another router's canary": Mistake(of_another_router, "but it changed another router"),
        "and has ended it before": Mistake(
            of_a_router_that_has_ended, "but it changed another router"
        ),
        "errors, not rates": ended_by(more_errors, "the canary still gets users"),
        "never": ended_by(lambda router: None, "after 1,500 requests the canary still gets users"),
        "any difference": ended_by(
            any_difference, "the canary fixes an error of the stable version"
        ),
        "promotes it": ended_by(wrong_way, "all users get version 2 now"),
        "raises": ended_by(lambda router: router.statistic(), "AttributeError", "raised"),
    },
    untouched=(..., ...),
)


def test_the_signatures_give_different_numbers_for_the_rows_of_exercise_1():
    assert np.allclose(served_models.scoring(X, LEFT, RIGHT), [SCORES, TOTALS, PACKED])


def test_the_server_gives_the_answers_that_the_check_expects(lesson):
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == "passed"
    found = exercise_server.ask("scoring:predict", {"instances": X})
    assert np.allclose(found[1]["predictions"], np.array(SCORES)[:, None])


def test_the_server_gives_the_outcomes_of_exercise_2():
    assert served_models.outcomes() == TRUTH


def test_only_several_rows_are_refused_by_the_canary_alone(lesson):
    lesson.exercises["q5"].given()
    for cause, rows in CAUSES.items():
        old, new = (
            exercise_server.ask(f"{MODEL}/versions/{number}:predict", {"instances": rows})[0]
            for number in (1, 2)
        )
        assert (old == 200 and new != 200) == (cause == "several rows"), cause


def test_the_given_requests_show_the_cause(lesson):
    """The canary gets enough requests with one row, with several, and with negative numbers."""
    router, requests = lesson.exercises["q5"].given()
    assert json.loads(json.dumps(requests)), "a learner can send them"
    own = [rows for customer, rows in requests if router.route(customer).role == "canary"]
    assert sum(len(rows) > 1 for rows in own) >= 5 <= sum(len(rows) == 1 for rows in own)
    assert any(len(rows) == 1 and min(rows[0]) < 0 for rows in own if "three" not in rows[0])
    assert guard_the_canary is lesson.exercises["q5"]


def test_the_guard_of_the_hint_ends_few_good_canaries_of_other_users():
    for nonsense in (0.05, 0.3):
        routers = (
            q5_guard.run(as_the_hint_says, nonsense, {"canary": 0, "stable": 0}, seed)[0]
            for seed in range(1000, 1030)
        )
        assert sum(router.canary is None for router in routers) <= 1


def test_orders_is_a_new_router_each_time(lesson):
    exercise = lesson.exercises["q5"]
    (first, requests), server = exercise.given(), exercise_server.server()
    for customer, rows in requests[:20]:
        first.predict(customer, {"instances": rows})
    first.rollback()
    requests.clear()
    second, requests = exercise.given()
    assert (second.canary, second.percent, second.counts()) == (2, 20, {}) and len(requests) == 200
    assert exercise_server.server() is server
    assert len(list(exercise.original().parent.iterdir())) == 1, "served once"


@pytest.mark.parametrize("key", ["q1", "q5"])
def test_an_interrupted_start_can_be_repeated(lesson, tmp_path, monkeypatch, key):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    exercise = lesson.exercises[key]
    for name in ("serve_model", "scan_folders", "ask"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(exercise_server, name, interrupted)
            exercise.maker(tmp_path / "given")
            exercise_server.ask("scoring")
    exercise.maker(tmp_path / "given")
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == "passed"
    assert lesson.exercises["q5"].given()[0].predict("ann", served_models.ROW).ok


def test_an_interrupted_server_leaves_no_folder(tmp_path, monkeypatch):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(exercise_server, "_state", {})
    monkeypatch.setattr(exercise_server, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exercise_server.server()
    assert not list(tmp_path.iterdir())


def test_watched_keeps_the_first_state_of_a_version(tmp_path):
    (tmp_path / "1").mkdir()
    with watched(tmp_path) as first:
        for name in ("1", "2", "notes"):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "early").write_text("e")
        end = time.monotonic() + 60
        while not first and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(0.01)
        (tmp_path / "2" / "late").write_text("l")
    assert first.keys() == {"2"} and "late" not in first["2"]


def test_a_server_that_has_ended_is_started_again(lesson):
    before = exercise_server.server()
    before.stop()
    assert exercise_server.server() is not before
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == "passed", "at its old address"


TABLE = {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}
globals().update(prove("07_serving", TABLE, lambda: KERNEL))
