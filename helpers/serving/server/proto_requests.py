"""Requests and answers as the protocol's messages: what gRPC and warm-up files are made of."""

from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from helpers.serving.protocol.errors import UNIMPLEMENTED, ServingError, invalid
from helpers.serving.protocol.tensor_proto import fill
from helpers.serving.server.servable import CLASSIFY, DEFAULT_SIGNATURE, REGRESS


def predict(servable, request, version=None, timeout_ms=0, as_content=False):
    """A PredictResponse.

    Parameters
    ----------
    servable : Servable
    request : PredictRequest
    version : int or None
        what the answer says
    timeout_ms : int
    as_content : bool
        whether tensors travel as one run of bytes
    """
    name = request.model_spec.signature_name
    outputs = servable.predict(name, request.inputs, request.output_filter, timeout_ms)
    response = predict_pb2.PredictResponse()
    _say_model(response.model_spec, request.model_spec, version)
    for alias, (dtype, array) in outputs.items():
        fill(response.outputs[alias], dtype, array, as_content)
    return response


def classify(servable, request, version=None, timeout_ms=0):
    """A ClassificationResponse."""
    examples = serialized(request.input)
    found = servable.classify(request.model_spec.signature_name, examples, timeout_ms)
    response = classification_pb2.ClassificationResponse()
    _say_model(response.model_spec, request.model_spec, version)
    _fill_classes(response.result, len(examples), *found)
    return response


def regress(servable, request, version=None, timeout_ms=0):
    """A RegressionResponse."""
    examples = serialized(request.input)
    found = servable.regress(request.model_spec.signature_name, examples, timeout_ms)
    response = regression_pb2.RegressionResponse()
    _say_model(response.model_spec, request.model_spec, version)
    _fill_values(response.result, found)
    return response


def infer(servable, request, version=None, timeout_ms=0):
    """A MultiInferenceResponse."""
    model = None
    for task in request.tasks:
        if not task.model_spec.name:
            raise invalid("Found ModelSpec with an empty model name.")
        if model not in (None, task.model_spec.name):
            raise invalid(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        model = task.model_spec.name
    tasks = [(task.model_spec.signature_name, task.method_name) for task in request.tasks]
    examples = serialized(request.input)
    response = inference_pb2.MultiInferenceResponse()
    answers = servable.infer(tasks, examples, timeout_ms)
    for task, answer in zip(request.tasks, answers, strict=True):
        result = response.results.add()
        _say_model(result.model_spec, task.model_spec, version)
        if task.method_name == CLASSIFY:
            _fill_classes(result.classification_result, len(examples), *answer)
        elif task.method_name == REGRESS:
            _fill_values(result.regression_result, answer)
    return response


def warm_up(servable, record):
    """Send the request of a PredictionLog through the model."""
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


def serialized(inputs):
    """The examples of an Input message as bytes; a context comes first in each of them."""
    kind = inputs.WhichOneof("kind")
    if kind == "example_list_with_context":
        context = inputs.example_list_with_context.context.SerializeToString()
        examples = inputs.example_list_with_context.examples
    else:
        context, examples = b"", inputs.example_list.examples
    if not examples:
        raise invalid("Input is empty.")
    return [context + example.SerializeToString() for example in examples]


def _say_model(spec, asked, version):
    spec.name = asked.name
    spec.signature_name = asked.signature_name or DEFAULT_SIGNATURE
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
