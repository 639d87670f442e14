"""Claims of lesson 09 that no cell of its page shows hold for the installed versions."""

import http.client
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact, readers
from helpers.serving.launch.process import start
from helpers.serving.rollout.plan import Plan, compare, users_needed
from helpers.serving.rollout.proportions import NORMAL
from helpers.serving.rollout.router import Router
from helpers.serving.rollout.simulation import simulate

ORDERS = tf.TensorSpec((None, 2), tf.float32, name="orders")
CONFIG = """model_config_list {{ config {{ name: "delivery" base_path: "{base}"
    model_platform: "tensorflow" {policy} }} }}"""


def export(folder, function):
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("estimate", function, [ORDERS])
    archive.write_out(str(folder), verbose=False)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The base path of two versions, which answer 1 and 2."""
    base = tmp_path_factory.mktemp("delivery")
    for number in (1, 2):
        export(base / str(number), lambda orders, n=number: {"minutes": 0 * orders[:, 0] + n})
    return base


def answer(server, path, rows=((12.0, 2.0),)):
    connection = http.client.HTTPConnection(server.rest.removeprefix("http://"))
    body = json.dumps({"instances": rows})
    connection.request("POST", f"/v1/models/delivery{path}:predict", body)
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read())


def serving(folder, base, policy):
    config = folder / "models.config"
    config.write_text(CONFIG.format(base=base.as_posix(), policy=policy))
    return start(model_config_file=config)


def test_only_the_highest_version_is_loaded_without_a_policy(base, tmp_path):
    with serving(tmp_path, base, "") as server:
        assert answer(server, "/versions/1")[0] == 404
        assert answer(server, "/versions/2") == (200, {"predictions": [2.0]})


def test_with_all_versions_a_request_without_a_version_gets_the_highest(base, tmp_path):
    with serving(tmp_path, base, "model_version_policy { all { } }") as server:
        server.wait_for("delivery", 1)  # it starts when one version is loaded
        assert answer(server, "/versions/1") == (200, {"predictions": [1.0]})
        found = {answer(server, "")[1]["predictions"][0] for _ in range(20)}
        assert found == {2.0}, "the server does not split traffic"
        mistakes = {answer(server, f"/versions/{number}", [["far", 2]])[0] for number in (1, 2)}
        assert mistakes == {400}, "both refuse a mistake of the caller"


def test_python_has_another_hash_of_a_text_in_each_process():
    command = [sys.executable, "-c", "print(hash('ann'))"]
    found = {subprocess.run(command, capture_output=True, text=True).stdout for _ in range(3)}
    assert len(found) == 3


def test_a_fixed_limit_ends_a_good_canary_when_callers_make_mistakes():
    router = Router(
        "http://127.0.0.1:9", "delivery", stable=1, canary=2, percent=50, max_error_rate=0.05
    )
    for number in range(400):  # every tenth request is wrong, for both versions
        router.record(router.route(f"user-{number}"), 0.001, "wrong" if number % 10 == 0 else "")
    assert router.canary is None and "automatically" in router.history[-1]


def test_a_canary_of_10_percent_needs_about_three_times_as_many_customers():
    halves, small = users_needed(0.10, 0.02), users_needed(0.10, 0.02, share=0.1)
    assert halves == (3841, 3841)
    assert 2.5 < small.total / halves.total < 3.2


def test_one_look_is_wrong_in_5_percent_and_ten_looks_in_almost_20():
    plans = {looks: Plan(0.10, 0.02, looks=looks, corrected=False) for looks in (1, 10)}
    found = {n: simulate(plan, 0.1, 0.1, experiments=20_000).found for n, plan in plans.items()}
    assert 0.045 < found[1] < 0.055 and 0.17 < found[10] < 0.21
    corrected = Plan(0.10, 0.02, looks=10)
    assert simulate(corrected, 0.1, 0.1, experiments=20_000).found < 0.055
    assert corrected.thresholds == sorted(corrected.thresholds, reverse=True)


def test_after_an_early_stop_the_measured_difference_is_too_large():
    plan, chance, stopped = Plan(0.10, 0.02, looks=5), np.random.default_rng(1), []
    due = plan.schedule[1]
    for _ in range(400):
        stable, canary = chance.binomial(due.stable, 0.10), chance.binomial(due.canary, 0.12)
        decision = plan.look(2, (int(stable), due.stable), (int(canary), due.canary))
        if decision.stop:
            stopped.append(decision.comparison.difference)
    assert len(stopped) > 10 and np.mean(stopped) > 0.025


def test_no_difference_shown_is_not_equal():
    found = compare((10, 100), (12, 100))
    assert not found.differs and found.low < -0.05 and found.high > 0.05


def test_the_z_of_a_split_stays_between_minus_3_and_3_by_chance():
    canary = np.random.default_rng(0).binomial(10_000, 0.5, 20_000)
    z = (canary - (10_000 - canary)) / 10_000**0.5
    assert abs(z.std() - 1) < 0.02 and np.mean(np.abs(z) > 3) < 0.005
    assert 2 * NORMAL.cdf(-5) < 1e-6


def test_chance_moves_the_mean_of_n_rows_by_one_over_the_root_of_n():
    rows = np.random.default_rng(0).gamma(3, 8, (20_000, 200))
    assert abs((rows.mean(axis=1).std() / rows.std()) * 200**0.5 - 1) < 0.05


def orders_of_the_page():
    chance = np.random.default_rng(0)

    def draw(count):
        kilometres = chance.gamma(3, 8, count).round(1)
        return np.column_stack([kilometres, chance.integers(1, 6, count)])

    return draw(1000), draw(200)


def test_a_range_check_holds_in_every_reader_and_misses_most_distances_in_miles(tmp_path):
    training, live = orders_of_the_page()
    low, high = training.min(axis=0), training.max(axis=0)

    def checked(orders):
        return {"in_range": tf.reduce_all((orders >= low) & (orders <= high), axis=1)}

    folder = export(tmp_path / "export", checked)
    ends = np.float32([low, high, [12, 2], [12_000, 2], [12, 0]])
    for reader in readers.READERS:
        found = readers.run(folder, "estimate", {"orders": ends}, reader)["in_range"]
        assert found.tolist() == [True, True, True, False, False], reader
    miles = np.float32(live * [0.62, 1])
    assert readers.run(folder, "estimate", {"orders": miles}, "python")["in_range"].mean() > 0.95


def test_readers_do_not_mind_a_file_in_assets_extra(base, tmp_path):
    folder = export(tmp_path / "export", lambda orders: {"minutes": orders[:, 0]})
    before = [str(signature) for signature in artifact.read(folder).signatures.values()]
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "training_statistics.json").write_text('{"a": {"mean": NaN}}')
    assert [str(signature) for signature in artifact.read(folder).signatures.values()] == before
    for reader in readers.READERS:
        rows = np.float32([[12, 2]])
        assert readers.run(folder, "estimate", {"orders": rows}, reader)["minutes"] == 12


def test_an_export_says_which_tensorflow_wrote_it(base):
    assert tf.saved_model.load(str(base / "1")).tensorflow_version == tf.__version__
