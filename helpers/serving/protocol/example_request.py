"""Convert the JSON of classify and regress requests to serialized tf.train.Example messages."""

from tensorflow.core.example.example_pb2 import Example

from helpers.serving.protocol import json_parser
from helpers.serving.protocol.errors import invalid
from helpers.serving.protocol.json_pieces import members_of
from helpers.serving.protocol.json_text import to_bytes
from helpers.serving.protocol.predict_request import signature_name
from helpers.serving.protocol.predict_request_exact import (
    before_zero,
    decode_base64,
    is_base64,
    kind,
    wrong,
)


def read(body: bytes, end: float | None = None) -> tuple[str, list[bytes]]:
    """Read the body of a classify or regress request.

    Parameters
    ----------
    body : bytes
    end : float, optional
        the time of `time.monotonic` at which parsing must stop, in seconds

    Returns
    -------
    str
        the name of the signature; "" when the request names none
    list of bytes
        serialized tf.train.Example messages; each starts with the context, if there is one

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, with the text of TensorFlow Serving; or DEADLINE_EXCEEDED
    """
    document = json_parser.parse(body, end)
    name = signature_name(document)
    context = b""
    if "context" in document:
        context = _example(document["context"])
    if "examples" not in document:
        raise wrong(
            document, "When method is classify, key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise wrong(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise wrong(document, "'examples' value is an empty array")
    return name, [context + _example(example) for example in examples]


def _example(value):
    if not isinstance(value, dict):
        raise invalid("Example must be JSON object but got JSON ", kind(value))
    example = Example()
    for key, content in members_of(value):
        name = before_zero(key)
        feature = example.features.feature[name]
        feature.Clear()
        for element in content if isinstance(content, list) else [content]:
            _add(element, name, feature)
    return example.SerializeToString()


_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def _add(value, name, feature):
    if isinstance(value, str) or is_base64(value):
        field = "bytes_list"
    elif isinstance(value, float):
        field = "float_list"
    elif isinstance(value, int):
        field = "int64_list"
    else:
        raise invalid("Feature: ", name, " has element with unexpected JSON type: ", kind(value))
    held = feature.WhichOneof("kind")
    if held not in (None, field):
        raise invalid(
            "Unexpected element type in feature: ", name, " expecting type: ", _KINDS[held]
        )
    if field == "bytes_list":
        value = to_bytes(value) if isinstance(value, str) else decode_base64(value)
    elif field == "int64_list" and value >= 2**63:
        raise invalid("Feature: ", name, " has uint64_t element. Only int64_t is supported.")
    elif field == "int64_list":
        value = int(value)  # bool is a subclass of int
    getattr(feature, field).value.append(value)
