"""Test the requests of a server's clients, and the warm-up file, with a small model."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.exercises.numbered_export import save
from helpers.serving.launch.process import start
from helpers.serving.launch.serve import ExternalServer
from helpers.serving.launch.server_requests import RefusedError
from helpers.serving.launch.warm_up import write_warm_up
from tests.serving.numbered_model import publish

ROW = [[1.0, 1.0]]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    base = tmp_path_factory.mktemp("served") / "shop"
    base.mkdir()
    save(base / "1", 1)
    return base


@pytest.fixture(scope="module")
def server(base):
    with start("shop", base, max_num_load_retries=0, allow_config_reload=True) as server:
        yield ExternalServer(server.rest, server.grpc)


def test_both_interfaces_give_the_same_answer(server):
    assert server.ask("shop:predict", {"instances": ROW}) == (200, {"predictions": [[1.0]]})
    assert server.predict("shop", x=np.float32(ROW)) == ({"version": [[1.0]]}, 1)
    assert server.predict("shop", x=ROW)[1] == 1, "a list of numbers is float32"


def test_signatures_are_those_of_the_export(server, base):
    from helpers import artifact

    assert server.signatures("shop") == artifact.read(base / "1").signatures
    with pytest.raises(LookupError, match="status 404"):
        server.signatures("store")


def test_a_refusal_over_grpc_says_why(server):
    with pytest.raises(RefusedError, match=r"INVALID_ARGUMENT: .* double is provided"):
        server.predict("shop", x=np.float64(ROW))
    with pytest.raises(RefusedError, match="NOT_FOUND"):
        server.predict("store", x=ROW)


def test_several_answers_are_a_table(server):
    shown = server.ask_each(
        {
            "right": ("shop:predict", {"instances": ROW}),
            "<wrong>": ("shop:predict", {"rows": ROW}),
        }
    )
    assert str(shown).splitlines()[0] == 'right    200  {"predictions": [[1.0]]}'
    assert "400" in str(shown) and "&lt;wrong&gt;" in shown._repr_html_()


def test_a_configuration_loads_versions_beside_each_other(server, base):
    server.configure("shop", base, [1, 2], old=1)
    save(base / "incoming", 2).rename(base / "2")
    server.wait_for("shop", 2)
    assert server.states("shop") == {2: "AVAILABLE", 1: "AVAILABLE"}
    assert server.ask("shop/labels/old:predict", {"instances": ROW})[1] == {"predictions": [[1.0]]}


def test_a_warm_up_file_holds_one_request(tmp_path):
    publish(tmp_path, 1)
    for number in (1.0, 2.0):  # the second call replaces the file
        write_warm_up(tmp_path / "1", "serving_default", x=np.float32([number]))
    file = tmp_path / "1" / "assets.extra" / "tf_serving_warmup_requests"
    (record,) = tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
    assert b"serving_default" in record
    with pytest.raises(FileNotFoundError, match="is not an export"):
        write_warm_up(tmp_path, x=ROW)
