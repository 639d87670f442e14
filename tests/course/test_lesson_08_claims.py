"""Claims of lesson 08 that no cell of its page shows hold for the installed versions."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from helpers.artifact import Signature, TensorInfo
from helpers.exercises.lesson_08.q4_replacement import CHANGES, case
from helpers.readers.signature_changes import GRPC, REST, changes
from helpers.serving.launch.process import ServerError, start
from helpers.serving.launch.server_requests import RefusedError, Requests
from helpers.serving.launch.warm_up import write_warm_up

X = [[1.0, 1.0]]
ROWS = np.array(X, np.float32)


class Numbered(tf.Module):
    """A model that answers with its number. With `columns`, it can use any number of columns."""

    def __init__(self, number, columns=2):
        super().__init__()
        self.number = tf.Variable(float(number))
        spec = tf.TensorSpec((None, columns), tf.float32, name="x")
        self.call = tf.function(self.compute, input_signature=[spec])

    def compute(self, x):
        return {"score": 0 * x[:, 0] + self.number}


class Writing(tf.Module):
    """A model that writes a file."""

    def __init__(self, file):
        super().__init__()
        self.file = str(file)

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
    def call(self, x):
        with tf.control_dependencies([tf.io.write_file(self.file, "written by the model")]):
            return {"score": tf.identity(x[:, 0])}


class Inverting(tf.Module):
    """A model with a total, and with an inverse that not every matrix has."""

    @tf.function(input_signature=[tf.TensorSpec((None, 2, 2), tf.float32, name="x")])
    def call(self, x):
        return {"total": tf.reduce_sum(x, axis=[1, 2]), "inverse": tf.linalg.inv(x)}

    @tf.function(input_signature=[tf.TensorSpec((None, 2, 2), tf.float32, name="x")])
    def total(self, x):
        return {"total": tf.reduce_sum(x, axis=[1, 2])}


def publish(base, number, model, warm_up=False):
    unfinished = base / "unfinished"
    tf.saved_model.save(model, str(unfinished), signatures=model.call)
    if warm_up:
        write_warm_up(unfinished, x=ROWS)
    unfinished.rename(base / str(number))


def score(server, model="shop", path=""):
    status, answer = server.ask(f"{model}{path}:predict", {"instances": X})
    assert status == 200, answer
    return answer["predictions"][0]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    base = tmp_path_factory.mktemp("served") / "shop"
    publish(base, 1, Numbered(1))
    return base


@pytest.fixture(scope="module")
def server(base):
    with start("shop", base, max_num_load_retries=0, allow_config_reload=True) as server:
        yield server


def test_both_versions_are_in_memory_and_a_warm_up_does_not_compare_numbers(server, base):
    publish(base, 2, Numbered(-2), warm_up=True)  # runs, and its numbers are wrong
    server.wait_for("shop", 2)
    server.wait_for("shop", 1, state="END")
    assert score(server) == -2
    log = server.log
    loaded = log.index("Successfully loaded servable version {name: shop version: 2}")
    assert loaded < log.index("Unloading servable version {name: shop version: 1}")


def test_a_label_names_an_available_version_only(server, base):
    server.configure("shop", base, [1, 2], stable=2)
    server.wait_for("shop", 1)
    with pytest.raises(RefusedError, match="FAILED_PRECONDITION"):
        server.configure("shop", base, [1, 2, 3], stable=2, next=3)
    server.configure("shop", base, [1, 2], stable=1)
    assert score(server, path="/labels/stable") == 1
    assert score(server) == -2, "a request without a label gets the highest version"


CONFIG = """model_config_list {{ config {{
    name: "shop" base_path: "{base}" model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 }} }}
    version_labels {{ key: "stable" value: 1 }} }} }}"""


def test_labels_in_a_file_need_a_flag(base, tmp_path):
    file = tmp_path / "models.config"
    file.write_text(CONFIG.format(base=base.as_posix()))
    with pytest.raises(ServerError, match="not currently available for inference"):
        start(model_config_file=file)
    flags = {
        "allow_version_labels_for_unavailable_models": True,
        "allow_config_reload": True,
    }
    with start(model_config_file=file, **flags) as server:
        assert score(server, path="/labels/stable") == 1
        with pytest.raises(RefusedError, match="FAILED_PRECONDITION"):
            server.configure("shop", base, [1, 3], stable=3)


class Anyone(Requests):
    """A client that knows only the addresses."""

    def __init__(self, rest, grpc):
        self.rest, self.grpc = rest, grpc


# What a server takes that is not started by `serve`, like TensorFlow Serving.
OPEN = {"own_user_only": False, "allow_config_reload": True, "allowed_base_paths": ""}


def test_anyone_can_make_an_open_server_load_a_program_that_writes_a_file(base, tmp_path):
    written = tmp_path / "file.txt"
    publish(tmp_path / "writer", 1, Writing(written))
    with start("shop", base, **OPEN) as server:
        anyone = Anyone(server.rest, server.grpc)
        anyone.configure("writer", tmp_path / "writer", [1])
        anyone.wait_for("writer", 1)
        assert not written.exists()
        assert score(anyone, "writer") == 1
    assert written.read_text() == "written by the model"


def test_a_server_of_a_lesson_loads_below_its_base_path_only(server, tmp_path):
    publish(tmp_path / "writer", 1, Numbered(1))
    with pytest.raises(RefusedError, match="PERMISSION_DENIED"):
        server.configure("writer", tmp_path / "writer", [1])


def test_batching_does_not_change_the_answers(tmp_path):
    publish(tmp_path / "shop", 1, Numbered(1))
    with start("shop", tmp_path / "shop", enable_batching=True) as server:
        status, answer = server.ask("shop:predict", {"instances": X * 3})
        assert (status, answer) == (200, {"predictions": [1.0] * 3})
        assert server.predict("shop", x=ROWS) == ({"score": [1.0]}, 1)


def described(version):
    """Return a version of exercise 4 as a signature of `helpers.artifact`."""
    inputs = tuple(TensorInfo(name, *spec) for name, spec in sorted(version["inputs"].items()))
    outputs = [
        TensorInfo(name, dtype, np.shape(version["answers"][name]))
        for name, dtype in sorted(version["outputs"].items())
    ]
    return {"score": Signature("score", inputs, tuple(outputs))}


@pytest.mark.parametrize("key", CHANGES)
def test_the_rules_of_exercise_4_are_those_of_the_command(key):
    """`python -m helpers.readers NEW --against OLD` says the same about REST and gRPC."""
    for seed in range(3):
        one = case((key,), seed)
        found = changes(described(one.old), described(one.new))
        breaks = any({GRPC, REST} & set(change.breaks) for change in found)
        if CHANGES[key].cause == "answers":
            assert not breaks or key == "answers of another shape"
        else:
            assert breaks != one.right, found


def test_a_filter_of_outputs_does_not_save_the_computation_of_the_others(tmp_path):
    """The inverse of zeros is an error, also for a client that needs the total only."""
    module = Inverting()
    signatures = {"both": module.call, "total": module.total}
    tf.saved_model.save(module, str(tmp_path / "shop" / "1"), signatures=signatures)
    with start("shop", tmp_path / "shop") as server:
        channel = grpc.insecure_channel(server.grpc)
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

        def ask(signature, matrix):
            request = predict_pb2.PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = "shop", signature
            request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.float32([matrix])))
            request.output_filter.append("total")
            return stub.Predict(request, timeout=30).outputs

        assert [*ask("both", np.eye(2))] == ["total"]
        with pytest.raises(grpc.RpcError, match="not invertible"):
            ask("both", np.zeros((2, 2)))
        assert tf.make_ndarray(ask("total", np.zeros((2, 2)))["total"]) == [0]
        channel.close()
