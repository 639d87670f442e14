"""Save, publish and call a model whose answer contains the number of its version."""

import contextlib
import http.client
import json
import time

import tensorflow as tf


class Number(tf.Module):
    """A model that answers with the number of its version and the sum of its inputs."""

    def __init__(self, number):
        super().__init__()
        self.number = tf.Variable(float(number))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def call(self, x):
        return {
            "version": tf.zeros_like(x) + self.number,
            "sum": tf.zeros_like(x) + tf.reduce_sum(x),
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def score(self, inputs):
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"]
        return {"scores": x + self.number}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def value(self, inputs):
        return {"outputs": self.score(inputs)["scores"] * 2}


def publish(base, number, *, broken=False, warm_up=None):
    """Publish a version: write it under another name, then rename it to its number."""
    hidden = base / f"incoming-{number}"
    model = Number(number)
    signatures = {"serving_default": model.call, "score": model.score, "value": model.value}
    tf.saved_model.save(model, str(hidden), signatures)
    if broken:
        (hidden / "variables" / "variables.data-00000-of-00001").unlink()
    if warm_up:
        (hidden / "assets.extra").mkdir()
        with tf.io.TFRecordWriter(str(hidden / "assets.extra/tf_serving_warmup_requests")) as file:
            file.write(warm_up.SerializeToString())
    hidden.rename(base / str(number))


@contextlib.contextmanager
def connected(server):
    connection = http.client.HTTPConnection(server.rest.removeprefix("http://"), timeout=120)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection, body, verb="predict", version=None):
    """Send a request and return HTTP status and answer."""
    version = f"/versions/{version}" if version else ""
    text = body if isinstance(body, bytes) else json.dumps(body)
    connection.request("POST", f"/v1/models/number{version}:{verb}", text)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def states(server):
    with connected(server) as connection:
        connection.request("GET", "/v1/models/number")
        found = json.loads(connection.getresponse().read())["model_version_status"]
    return {int(entry["version"]): entry["state"] for entry in found}


def wait_for(condition, explain):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, explain()
        time.sleep(0.02)


def still_answers(server):
    with connected(server) as connection:
        status, answer = ask(connection, {"instances": [1.0, 2.0]})
    return status == 200 and [row["sum"] for row in answer["predictions"]] == [3.0, 3.0]
