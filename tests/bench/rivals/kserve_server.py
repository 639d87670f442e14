"""KServe's Python server with one model: `python kserve_server.py ARTIFACT PORT`.

Set up for speed: one worker, uvloop, orjson, no line of log for a request, no second protocol, and
TensorFlow in one thread, which for a model as small as this one saves a quarter of a call.
"""

import logging
import sys

import kserve
import numpy as np
import tensorflow as tf

tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.threading.set_intra_op_parallelism_threads(1)


class Small(kserve.Model):
    """Answers `{"instances": ...}` with `{"predictions": ...}`, as KServe's V1 protocol has it."""

    def __init__(self, artifact):
        super().__init__("small")
        self.artifact = tf.saved_model.load(artifact)
        self.call = self.artifact.signatures["serving_default"]
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        x = tf.constant(np.array(payload["instances"], np.float32))
        return {"predictions": self.call(x=x)["y"].numpy().tolist()}


if __name__ == "__main__":
    artifact, port = sys.argv[1:]
    server = kserve.ModelServer(
        http_port=int(port), workers=1, enable_grpc=False, enable_latency_logging=False
    )
    for name in ("kserve", "kserve.trace", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    server.start([Small(artifact)])
