"""Answer requests that are protocol messages, from gRPC and from warm-up files."""

from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    input_pb2,
    predict_pb2,
    prediction_log_pb2,
    regression_pb2,
)

from helpers.serving.protocol.errors import UNIMPLEMENTED, ServingError, invalid
from helpers.serving.protocol.tensor_proto import fill
from helpers.serving.server.calls import CLASSIFY, DEFAULT_SIGNATURE, REGRESS
from helpers.serving.server.servable import Servable


def predict(
    servable: Servable,
    request: predict_pb2.PredictRequest,
    version: int | None = None,
    timeout_ms: int = 0,
    as_content: bool = False,
) -> predict_pb2.PredictResponse:
    """Answer a predict request.

    Parameters
    ----------
    servable : Servable
    request : PredictRequest
    version : int or None
        the version number that the response reports; None reports none
    timeout_ms : int
        milliseconds; 0 for no limit
    as_content : bool
        write the tensors as bytes in `tensor_content` instead of typed values

    Returns
    -------
    PredictResponse

    Raises
    ------
    ServingError
        of `Servable.predict`
    """
    name = request.model_spec.signature_name
    outputs = servable.predict(name, request.inputs, request.output_filter, timeout_ms)
    response = predict_pb2.PredictResponse()
    _fill_model_spec(response.model_spec, request.model_spec, version)
    for alias, (dtype, array) in outputs.items():
        fill(response.outputs[alias], dtype, array, as_content)
    return response


def classify(
    servable: Servable,
    request: classification_pb2.ClassificationRequest,
    version: int | None = None,
    timeout_ms: int = 0,
) -> classification_pb2.ClassificationResponse:
    """Answer a classify request; parameters and errors are those of `predict`."""
    examples = serialized(request.input)
    found = servable.classify(request.model_spec.signature_name, examples, timeout_ms)
    response = classification_pb2.ClassificationResponse()
    _fill_model_spec(response.model_spec, request.model_spec, version)
    _fill_classes(response.result, len(examples), *found)
    return response


def regress(
    servable: Servable,
    request: regression_pb2.RegressionRequest,
    version: int | None = None,
    timeout_ms: int = 0,
) -> regression_pb2.RegressionResponse:
    """Answer a regress request; parameters and errors are those of `predict`."""
    examples = serialized(request.input)
    found = servable.regress(request.model_spec.signature_name, examples, timeout_ms)
    response = regression_pb2.RegressionResponse()
    _fill_model_spec(response.model_spec, request.model_spec, version)
    _fill_values(response.result, found)
    return response


def infer(
    servable: Servable,
    request: inference_pb2.MultiInferenceRequest,
    version: int | None = None,
    timeout_ms: int = 0,
) -> inference_pb2.MultiInferenceResponse:
    """Answer a multi-inference request; parameters and errors are those of `predict`."""
    examples = serialized(request.input)
    response = inference_pb2.MultiInferenceResponse()
    answers = servable.infer(_tasks(request), examples, timeout_ms)
    for task, answer in zip(request.tasks, answers, strict=True):
        result = response.results.add()
        _fill_model_spec(result.model_spec, task.model_spec, version)
        if task.method_name == CLASSIFY:
            _fill_classes(result.classification_result, len(examples), *answer)
        elif task.method_name == REGRESS:
            _fill_values(result.regression_result, answer)
    return response


def _tasks(request):
    """Yield (signature name, method) of each task, whose model is checked just before."""
    for task in request.tasks:
        if not task.model_spec.name:
            raise invalid("Found ModelSpec with an empty model name.")
        if task.model_spec.name != request.tasks[0].model_spec.name:
            raise invalid(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        yield task.model_spec.signature_name, task.method_name


def warm_up(servable: Servable, record: prediction_log_pb2.PredictionLog) -> None:
    """Run the request in a PredictionLog on the model.

    Raises
    ------
    ServingError
        UNIMPLEMENTED for a request of another kind, or the error of the request
    """
    kind = record.WhichOneof("log_type")
    if kind == "predict_log":
        predict(servable, record.predict_log.request)
    elif kind == "classify_log":
        classify(servable, record.classify_log.request)
    elif kind == "regress_log":
        regress(servable, record.regress_log.request)
    elif kind == "multi_inference_log":
        infer(servable, record.multi_inference_log.request)
    elif kind is not None:
        number = record.DESCRIPTOR.fields_by_name[kind].number
        raise ServingError(UNIMPLEMENTED, f"Unsupported log_type for warmup: {number}")


def count(inputs: input_pb2.Input) -> int:
    """Return the number of examples in an Input message."""
    kind = inputs.WhichOneof("kind")
    return len(getattr(inputs, kind).examples) if kind else 0


def serialized(inputs: input_pb2.Input) -> list[bytes]:
    """Return the examples in an Input message as serialized tf.train.Example messages.

    Each starts with the context, if there is one.
    """
    kind = inputs.WhichOneof("kind")
    if kind == "example_list_with_context":
        context = inputs.example_list_with_context.context.SerializeToString()
        examples = inputs.example_list_with_context.examples
    else:
        context, examples = b"", inputs.example_list.examples
    return [context + example.SerializeToString() for example in examples]


def _fill_model_spec(spec, requested, version):
    spec.name = requested.name
    spec.signature_name = requested.signature_name or DEFAULT_SIGNATURE
    if version is not None:
        spec.version.value = version


def _fill_classes(result, examples, labels, scores):
    for i in range(examples):
        row = result.classifications.add()
        for k in range((labels if labels is not None else scores).shape[1]):
            found = row.classes.add()
            if labels is not None:
                found.label = labels[i, k].decode("utf-8", "replace")
            if scores is not None:
                found.score = scores[i, k]


def _fill_values(result, values):
    for value in values.tolist():
        result.regressions.add().value = value
