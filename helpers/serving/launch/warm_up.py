"""Write the requests that a model server sends to a new version while it loads the version."""

import os
from pathlib import Path
from typing import Any

from helpers.serving.launch.server_requests import predict_request

FOLDER, FILE = "assets.extra", "tf_serving_warmup_requests"


def write_warm_up(
    export_dir: str | os.PathLike, signature: str = "serving_default", **inputs: Any
) -> None:
    """Write one warm-up request into an export.

    Parameters
    ----------
    export_dir : path-like
        The export. A warm-up file that it has already is replaced.
    signature : str
        The signature that the server calls.
    **inputs
        Arrays by the names of the inputs.

    Raises
    ------
    FileNotFoundError
        The folder is not an export.
    """
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    if not (Path(export_dir) / "saved_model.pb").is_file():
        raise FileNotFoundError(f"{Path(export_dir).name!r} is not an export: no saved_model.pb")
    folder = Path(export_dir) / FOLDER
    folder.mkdir(exist_ok=True)
    log = prediction_log_pb2.PredictionLog(
        predict_log={"request": predict_request("", signature, inputs)}
    )
    with tf.io.TFRecordWriter(str(folder / FILE)) as writer:
        writer.write(log.SerializeToString())
