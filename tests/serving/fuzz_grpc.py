"""Make gRPC requests, valid and damaged, with Hypothesis; `fault` checks a response's code.

A request is one of the conformance vectors, or another message of the call that it is sent to, with
right and wrong values. Some are damaged; then the bytes may be no message at all.
"""

import functools
from collections import Counter

import grpc
import tensorflow as tf
from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message
from hypothesis import strategies as st
from tensorflow.core.framework.tensor_pb2 import TensorProto

from tests.serving import conformance, fuzz
from tests.serving.conformance import CALLS

# TensorFlow Serving has these codes for wrong requests; INTERNAL only for bytes without a message.
CODES = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "UNIMPLEMENTED"}
NO_MESSAGE = {"INTERNAL"}
MODELS = ("types", "two_inputs", "texts", "shapes", "classify", "regress")
SIGNATURES = (
    *("", "", "serving_default", "float32", "int64", "string", "total", "scalar", "scores_only"),
    *("count", "letters", "one_row", "none", "ü", "a/b"),
)
CONTENT = (
    *("int_val", "int64_val", "float_val", "double_val", "bool_val", "string_val", "half_val"),
    *("uint32_val", "uint64_val", "scomplex_val", "dcomplex_val", "tensor_content"),
)

_some = st.integers(0, 3)
_text = st.sampled_from(["", "x", "a", "b", "text", "inputs", "ü", "long" * 50])
_bytes = st.one_of(st.binary(max_size=12), st.sampled_from([b"", b"\0" * 4, b"\0" * 16]))
_real = st.floats(width=32)
_whole = st.integers(-(2**31), 2**31 - 1)
_VALUES = {
    "int_val": _whole,
    "half_val": st.integers(0, 2**16),
    "int64_val": st.integers(-(2**63), 2**63 - 1),
    "uint32_val": st.integers(0, 2**32 - 1),
    "uint64_val": st.integers(0, 2**64 - 1),
    "bool_val": st.booleans(),
    "string_val": _bytes,
}

# Values of a tensor, and their type.
_numbers = st.tuples(
    st.sampled_from([[1], [1, 2, 3], [[1, 2]], [[1, 2, 3]]]),
    st.sampled_from([tf.float32, tf.float32, tf.float64, tf.int32, tf.int64]),
)
_others = st.sampled_from([([b"text"], tf.string), ([True], tf.bool)])


@st.composite
def _tensors(draw):
    """Draw a TensorProto, which is valid in three of four draws."""
    if draw(_some):
        return tf.make_tensor_proto(*draw(st.one_of(_numbers, _numbers, _others)))
    tensor = TensorProto()
    tensor.dtype = draw(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 14, 19, 22, 23, 101, 999]))
    for size in draw(st.lists(st.sampled_from([0, 1, 2, 3, -1, 2**40, 2**62]), max_size=4)):
        tensor.tensor_shape.dim.add().size = size
    tensor.tensor_shape.unknown_rank = not draw(st.integers(0, 9))
    for field in draw(st.lists(st.sampled_from(CONTENT), max_size=2, unique=True)):
        if field == "tensor_content":
            tensor.tensor_content = draw(_bytes)
        else:
            values = st.lists(_VALUES.get(field, _real), max_size=4)
            getattr(tensor, field).extend(draw(values))
    return tensor


@st.composite
def _examples(draw):
    example = tf.train.Example()
    for name in draw(st.lists(_text, max_size=3)):
        feature = example.features.feature[name]
        kind = draw(_some)
        if kind == 1:
            feature.float_list.value.extend(draw(st.lists(_real, max_size=3)))
        elif kind == 2:
            feature.int64_list.value.extend(draw(st.lists(_whole, max_size=3)))
        elif kind == 3:
            feature.bytes_list.value.extend(draw(st.lists(_bytes, max_size=3)))
    return example


def _fill_spec(draw, spec):
    spec.name = draw(st.sampled_from([*MODELS, *MODELS, "", "absent", "ü"]))
    spec.signature_name = draw(st.sampled_from(SIGNATURES))
    if not draw(_some):
        spec.version.value = draw(st.sampled_from([0, 1, 2, -1, 2**62]))
    elif not draw(_some):
        spec.version_label = draw(st.sampled_from(["", "stable", "none"]))


def _fill_input(draw, input_):
    kind = draw(_some)
    if kind:
        found = (input_.example_list, input_.example_list_with_context)[kind == 3]
        for example in draw(st.lists(_examples(), max_size=3)):
            found.examples.append(example)
        if kind == 3:
            found.context.CopyFrom(draw(_examples()))


@st.composite
def _messages(draw, call):
    request = CALLS[call][0]()
    if call.endswith("ReloadConfigRequest"):
        return request  # without a configuration: it must change nothing
    if call.endswith("MultiInference"):
        for _ in range(draw(_some)):
            task = request.tasks.add()
            _fill_spec(draw, task.model_spec)
            methods = ("classify", "regress", "predict", "unknown")
            task.method_name = f"tensorflow/serving/{draw(st.sampled_from(methods))}"
    elif draw(st.integers(0, 9)):
        _fill_spec(draw, request.model_spec)
    if call.endswith("Predict"):
        for name in draw(st.lists(_text, max_size=3)):
            request.inputs[name].CopyFrom(draw(_tensors()))
        request.output_filter.extend(draw(st.lists(_text, max_size=2)))
    elif call.endswith("GetModelMetadata"):
        fields = st.sampled_from(["signature_def", "signature_def", "", "other"])
        request.metadata_field.extend(draw(st.lists(fields, max_size=2)))
    elif not call.endswith("GetModelStatus"):
        _fill_input(draw, request.input)
    return request


@functools.cache
def _vectors():
    """Return the call and the bytes of each vector that reloads nothing."""
    return [
        (
            one["call"],
            text_format.Parse(one["request"], CALLS[one["call"]][0]()).SerializeToString(),
        )
        for one in conformance.read()
        if "call" in one and "fill" not in one and not one["call"].endswith("ReloadConfigRequest")
    ]


@st.composite
def _requests(draw):
    if draw(st.booleans()):
        call, body = draw(st.sampled_from(_vectors()))
    else:
        call = draw(st.sampled_from([*CALLS, *["PredictionService/Predict"] * 6]))
        body = draw(_messages(call)).SerializeToString()
    kind = draw(st.integers(0, 11))
    if kind == 0:
        body = draw(st.binary(max_size=40))
    elif kind == 1:
        body = body[: draw(st.integers(0, len(body)))]
    elif kind == 2:
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(min_size=1, max_size=3)) + body[at + 1 :]
    return call, body


REQUESTS = _requests()


def read(call: str, body: bytes) -> Message | None:
    """Return the message of a request, or None if the bytes are none."""
    try:
        return CALLS[call][0].FromString(body)
    except DecodeError:
        return None


def fault(call: str, body: bytes, code: str, details: str) -> str | None:
    """Return what is wrong with a response's code, or None if TensorFlow Serving has it."""
    expected = NO_MESSAGE if read(call, body) is None else CODES
    if code not in expected:
        return f"code {code}"
    return None if code == "OK" or details else "no error text"


def run(address: str, seconds: float = 0, examples: int = 1000) -> Counter:
    """Send requests until a number of requests and a number of seconds are reached.

    Parameters
    ----------
    address : str
        of the gRPC port of a server of the models in MODELS
    seconds : float
    examples : int
        in each of the rounds

    Returns
    -------
    Counter
        code to the number of its answers

    Raises
    ------
    AssertionError
        a code was not one of the protocol; the text shows the request
    """
    counts: Counter = Counter()
    with grpc.insecure_channel(address) as channel:

        def send(request):
            call, body = request
            code, details = "OK", ""
            try:
                # Without a serializer, the bytes go to the server as they are.
                channel.unary_unary(f"/tensorflow.serving.{call}")(body, timeout=60)
            except grpc.RpcError as error:
                code, details = error.code().name, error.details()
            wrong = fault(call, body, code, details)
            assert not wrong, f"{wrong}: {details}\n{call}\n{read(call, body)}\n{body[:2000]!r}"
            counts[code] += 1

        fuzz.in_rounds(REQUESTS, send, seconds, examples)
    return counts
