"""Load a version: check its files, load them, run its warm-up requests, count the result."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from helpers.serving.protocol.errors import DATA_LOSS, PERMISSION_DENIED, ServingError, invalid
from helpers.serving.server import proto_requests
from helpers.serving.server.batching import Batcher
from helpers.serving.server.metrics import Metrics
from helpers.serving.server.options import Options
from helpers.serving.server.servable import Servable
from helpers.serving.server.version_folders import Model, check_inside

WARM_UP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
MOST_RECORDS = 1000


def make_loader(
    options: Options, metrics: Metrics, batcher: Batcher | None = None
) -> Callable[[Model, int, Path], Servable]:
    """Make the function that a `version_manager.Manager` calls to load a version.

    Parameters
    ----------
    options : helpers.serving.server.options.Options
    metrics : helpers.serving.server.metrics.Metrics
    batcher : helpers.serving.server.batching.Batcher, optional
        combines requests; without it, each request runs alone

    Returns
    -------
    callable
        `load(model, number, path)` returns a Servable or raises ServingError
    """

    def load(model, number, path):
        if not options.allow_links_out_of_base_path:
            check_inside(model.base_path, path)
        if options.gate:
            _check_gate(path)
        start = time.perf_counter()
        try:
            servable = Servable(
                path,
                options.saved_model_tags,
                options.session_config(model.name, number),
                batcher,
                options.enable_signature_method_name_check,
            )
        except BaseException:
            metrics.loaded(str(path), False, time.perf_counter() - start)
            raise
        metrics.loaded(str(path), True, time.perf_counter() - start)
        if options.enable_model_warmup:
            try:
                _warm_up(servable, path, max(options.num_request_iterations_for_warmup, 1), metrics)
            except BaseException:
                servable.close()
                raise
        return servable

    return load


def _check_gate(path):
    """Refuse a version that the gate of lesson 04 refuses."""
    from helpers.inspection.gate import gate  # a server without --gate does not need it

    if reasons := gate(path).reasons:
        raise ServingError(PERMISSION_DENIED, f"The gate refuses {path}: {'; '.join(reasons)}")


def _warm_up(servable, path, iterations, metrics):
    file = os.path.join(path, WARM_UP_FILE)
    if not os.path.exists(file):
        return
    start, count, status = time.perf_counter(), 0, "OK"
    try:
        for packed in tf.compat.v1.io.tf_record_iterator(file):
            record = _parsed(packed, file)
            for _ in range(iterations):
                proto_requests.warm_up(servable, record)
            count += 1
            if count > MOST_RECORDS:
                raise invalid(
                    f"Number of warmup records exceeds the maximum ({MOST_RECORDS}) at {file}"
                )
    except tf.errors.DataLossError as error:
        message = f"{error.message}. Please verify your warmup data is in TFRecord format."
        status = f"DATA_LOSS: {error.message}"
        raise ServingError(DATA_LOSS, message) from None
    finally:
        metrics.warmed_up(str(path), status, time.perf_counter() - start, count)


def _parsed(packed, file):
    try:
        return PredictionLog.FromString(packed)
    except DecodeError:
        raise invalid(
            "Failed to parse warmup record: ", packed.decode("utf-8", "replace"), " from ", file
        ) from None
