"""Files of protocol buffers without a mark: ONNX models and graphs of TensorFlow.

The format is read field by field. So a model of several gigabytes takes no memory, and neither
`onnx` nor TensorFlow is needed.
"""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from helpers.readers.model_files import opening
from helpers.readers.model_files.sentences import core_ml, joined, some, tensor
from helpers.text import printable, readable_size

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5  # wire types
# Numbers of onnx.TensorProto.DataType.
ONNX_TYPES = dict(
    enumerate(
        (
            *("undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64"),
            *("string", "bool", "float16", "float64", "uint32", "uint64", "complex64"),
            *("complex128", "bfloat16"),
        )
    )
)
MADE_NAME = re.compile(r"(StatefulPartitioned|Partitioned|Identity)\w*(:\d+)?")
UNNAMED = "unk__"  # how tf2onnx names an open size
PLACEHOLDERS = ("Placeholder", "PlaceholderWithDefault")


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the fields of a message as (number, value).

    Parameters
    ----------
    data : memoryview
        One encoded message.

    Raises
    ------
    ValueError
        It is not a protocol buffer, or it is cut short.
    """
    at = 0

    def varint():
        nonlocal at
        value = 0
        for shift in range(0, 70, 7):
            if at >= len(data):
                break
            byte, at = data[at], at + 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("not a protocol buffer")

    while at < len(data):
        key = varint()
        number, wire = key >> 3, key & 7
        if not number:
            raise ValueError("not a protocol buffer")
        if wire == VARINT:
            yield number, varint()
            continue
        if wire not in (EIGHT, BYTES, FOUR):
            raise ValueError("not a protocol buffer")
        size = {EIGHT: 8, FOUR: 4}.get(wire) or (varint() if wire == BYTES else 0)
        if at + size > len(data):
            raise ValueError("cut short")
        yield number, data[at : at + size]
        at += size


def describe(path: Path, head: bytes) -> str:
    """Say what an ONNX model or a frozen graph takes and gives; "" for any other file."""
    with path.open("rb") as file:
        # Not closed here: the views of its parts keep it open as long as they are used.
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    data = memoryview(content)
    try:
        kinds = (_onnx, _graph, _saved_model, _core_ml)
        return next(filter(None, (kind(path, data) for kind in kinds)), "")
    except ValueError:
        if path.suffix.lower() == ".onnx":
            raise
        return ""


def _onnx(path, data):
    """An ONNX model has a version, the name of its producer, a graph and operation sets."""
    version, producer, graph, sets, functions = 0, "", None, [], []
    for number, value in fields(data):
        if number == 1 and isinstance(value, int):
            version = value
        elif number == 2 and not isinstance(value, int):
            producer = _text(value)
        elif number == 7 and not isinstance(value, int):
            graph = value
        elif number == 8 and not isinstance(value, int):
            sets.append(dict(fields(value)))
        elif number == 25 and not isinstance(value, int):
            functions.append(value)
    if not version or graph is None or not sets:
        if path.suffix.lower() == ".onnx":
            raise ValueError("no graph")
        return ""
    name = printable(path.name)
    domains = {_text(entry.get(1, b"")) or "ai.onnx": entry.get(2, 0) for entry in sets}
    inputs, outputs = _values(graph)
    lines = [f"    in   {tensor(*value)}" for value in inputs]
    lines += [f"    out  {tensor(*value)}" for value in outputs]
    others = _other_domains(graph, functions)
    custom = ""
    if others:
        custom = f"It uses operations of {some(others)}, which not every runtime has."
    standard = domains.get("ai.onnx", "none")
    made = f", written by {printable(producer)}" if producer else ""
    return "\n".join(
        [
            f"{name} is an ONNX model (operation set {standard}){made}.",
            *lines,
            joined(
                opening.in_onnx_runtime(path, inputs),
                custom,
                "TensorFlow Serving and the other readers of this course cannot use it.",
            ),
            joined(
                "An ONNX file is one function: other signatures and endpoints of the model are not "
                "in it.",
                _about_names([name for name, *_ in outputs]),
            ),
            "To get an export, export the model that it was converted from: "
            "model.export(DIRECTORY). Converters from ONNX exist, such as onnx2tf; compare what "
            "they write with the original.",
        ]
    )


def _other_domains(graph, functions):
    """Return the domains of the operations that ONNX itself does not define.

    A file may list operation sets that none of its operations needs, and may define operations of
    its own as functions.
    """
    used, defined = set(_operations(graph, 1)), set()
    for function in functions:
        found = {at: _text(value) for at, value in fields(function) if at in (1, 10)}
        defined.add((found.get(10, ""), found.get(1, "")))
        used.update(_operations(function, 7))
    return sorted({domain for domain, _ in used - defined} - {"", "ai.onnx", "ai.onnx.ml"})


def _operations(graph, nodes):
    """Yield (domain, type) of the operations in the field `nodes`, and of graphs inside them."""
    for number, node in fields(graph):
        if number != nodes or isinstance(node, int):
            continue
        kind, domain = "", ""
        for at, value in fields(node):
            if at == 4:
                kind = _text(value)
            elif at == 7:
                domain = _text(value)
            elif at == 5:
                for part, inner in fields(value):
                    if part in (6, 11) and not isinstance(inner, int):
                        yield from _operations(inner, 1)
        yield domain, kind


def _about_names(outputs):
    """Say which names of outputs the converter made; "" if none."""
    made = [name for name in outputs if MADE_NAME.fullmatch(name)]
    if not made:
        return ""
    return f"The converter made the name {some(made)}: an export has names that the model chose."


def _values(graph):
    """Return the inputs and outputs of an ONNX graph as (name, dtype, shape), without weights."""
    inputs, outputs, weights = [], [], set()
    for number, value in fields(graph):
        if number == 11:
            inputs.append(_onnx_tensor(dict(fields(value))))
        elif number == 12:
            outputs.append(_onnx_tensor(dict(fields(value))))
        elif number == 5:  # files before version 4 list each weight as an input, too
            weights |= {_text(text) for at, text in fields(value) if at == 8}
    return [value for value in inputs if value[0] not in weights], outputs


def _onnx_tensor(entry):
    name = _text(entry.get(1, b""))
    kind = dict(fields(entry[2])).get(1) if 2 in entry else None
    if kind is None:
        return name, "not a tensor", None
    found = dict(fields(kind))
    shape = None
    if 2 in found:
        shape = [_size(dict(fields(size))) for number, size in fields(found[2]) if number == 1]
    return name, ONNX_TYPES.get(found.get(1, 0), "unknown dtype"), shape


def _size(dimension):
    if 1 in dimension:
        return dimension[1]
    named = printable(_text(dimension[2])) if 2 in dimension else ""
    return None if named.startswith(UNNAMED) else named or None


def _graph(path, data):
    """A frozen graph of TensorFlow 1 is a list of nodes, each with a name and an operation."""
    nodes, used = {}, set()
    for number, value in fields(data):
        if number != 1 or isinstance(value, int):
            continue
        node = {}
        for at, part in fields(value):
            if at in (1, 2) and not isinstance(part, int):
                node[at] = _text(part)
            elif at == 3 and not isinstance(part, int):
                used.add(_text(part).lstrip("^").split(":")[0])
        if not {1, 2} <= node.keys():
            return ""
        nodes[node[1]] = node[2]
    if not nodes or not all(operation.isidentifier() for operation in nodes.values()):
        return ""
    takes = [name for name, operation in nodes.items() if operation in PLACEHOLDERS]
    gives = [name for name, op in nodes.items() if name not in used and op not in ("NoOp", "Const")]
    states = [name for name, op in nodes.items() if op in ("VariableV2", "VarHandleOp")]
    frozen = "It is not frozen: it needs a checkpoint for its variables." if states else ""
    return joined(
        f"{printable(path.name)} is a graph of TensorFlow 1 (GraphDef) of {len(nodes):,} "
        f"operations ({readable_size(len(data))}), without signatures. It takes "
        f"{some(takes) or 'nothing'} and gives {some(gives) or 'nothing'}.",
        frozen,
        "Programs that import a GraphDef can use it. TensorFlow Serving cannot, because it has no "
        "signature.",
        "To get an export, import it with tf.graph_util.import_graph_def into a "
        "tf.compat.v1.Session, and name its inputs and outputs in "
        "tf.compat.v1.saved_model.simple_save(session, DIRECTORY, inputs, outputs).",
    )


def _saved_model(path, data):
    """The graph of an export: a version, then one graph or more, each with its tags."""
    graphs = 0
    for number, value in fields(data):
        if number == 2 and not isinstance(value, int):
            parts = dict(fields(value))
            graphs += not isinstance(parts.get(1, 0), int) and not isinstance(parts.get(2, 0), int)
        elif (number, value) != (1, 1):
            return ""
    if not graphs:
        return ""
    return joined(
        f"{printable(path.name)} is the graph of an export (SavedModel) under another name, "
        "without its folder.",
        "No reader can use a part.",
        "Put it into a folder as saved_model.pb, with the folders variables/ and assets/ of the "
        "export beside it, and give that folder.",
    )


def _core_ml(path, data):
    """A Core ML model has a version, a description, and one model, whose number is its kind."""
    found = dict(fields(data))
    kinds = [number for number in found if number >= 200]
    whole = isinstance(found.get(1), int) and isinstance(found.get(2), memoryview)
    if not whole or len(kinds) != 1 or not set(found) <= {1, 2, 10, *kinds}:
        return ""
    return core_ml(f"{printable(path.name)} is a file")


def _text(value):
    return bytes(value).decode(errors="replace")
