"""LiteRT files (.tflite), read with the schema of the format, and opened in the interpreter."""

from pathlib import Path

import numpy as np

from helpers.readers.model_files import opening
from helpers.readers.model_files.sentences import joined, some, tensor
from helpers.text import printable

MARK = b"TFL3"  # bytes 4 to 7
MOST_BYTES = 2**31  # a limit of the format


def describe(path: Path, head: bytes) -> str:
    """Say which signatures and inputs a LiteRT file has; "" for any other file."""
    if head[4:8] != MARK:
        return ""
    from ai_edge_litert import schema_py_generated as schema

    if path.stat().st_size >= MOST_BYTES:
        raise ValueError("too large")
    model = schema.Model.GetRootAs(np.memmap(path, np.uint8, "r"), 0)
    names = {
        value: name.lower() for name, value in vars(schema.TensorType).items() if name[0] != "_"
    }
    lines = [*_signatures(model, names)]
    name, count = printable(path.name), model.SignatureDefsLength()
    signatures = f"{count} signature{'s' * (count != 1)}" if count else "no signature"
    calls = "" if count else "Without a signature, call it by the index of a tensor (set_tensor)."
    opened = opening.in_litert(path)
    return "\n".join(
        [
            joined(f"{name} is a LiteRT model (TensorFlow Lite) with {signatures}.", calls),
            *lines,
            joined(
                opened,
                "Programs on phones, on small devices, and in Python with ai_edge_litert use such "
                "files. TensorFlow Serving cannot.",
                _operations_beyond_litert(model, schema, opening.ANSWERS in opened),
            ),
            "TensorFlow cannot change it back into an export. To get one, export the model that it "
            "was converted from: model.export(DIRECTORY).",
        ]
    )


def _signatures(model, names):
    if not model.SubgraphsLength():
        raise ValueError("no graph")
    for i in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(i)
        graph = model.Subgraphs(signature.SubgraphIndex())
        yield f"  {printable(_text(signature.SignatureKey()))}"
        for way, number, entry in (
            ("in ", signature.InputsLength(), signature.Inputs),
            ("out", signature.OutputsLength(), signature.Outputs),
        ):
            for j in range(number):
                name, index = _text(entry(j).Name()), entry(j).TensorIndex()
                yield f"    {way}  {_tensor(graph, index, name, names)}"
    if not model.SignatureDefsLength():
        graph = model.Subgraphs(0)
        for way, number, entry in (
            ("in ", graph.InputsLength(), graph.Inputs),
            ("out", graph.OutputsLength(), graph.Outputs),
        ):
            for j in range(number):
                name = _text(graph.Tensors(entry(j)).Name())
                yield f"    {way}  {_tensor(graph, entry(j), name, names)}"


def _tensor(graph, index, name, names):
    found = graph.Tensors(index)
    # An open size is -1 in the signature of the shape, and 1 in the shape itself.
    open_sizes = found.ShapeSignatureLength()
    sizes = found.ShapeSignatureAsNumpy() if open_sizes else found.ShapeAsNumpy()
    shape = [] if isinstance(sizes, int) else [int(size) if size >= 0 else None for size in sizes]
    return tensor(name, names.get(found.Type(), "unknown dtype"), shape)


def _operations_beyond_litert(model, schema, answers):
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    custom = {
        _text(code.CustomCode())
        for code in codes
        if max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) == schema.BuiltinOperator.CUSTOM
    }
    flex = sorted(name.removeprefix("Flex") for name in custom if name.startswith("Flex"))
    others = sorted(name for name in custom if not name.startswith("Flex"))
    select = own = ""
    if flex:
        select = (
            f"It has operations of TensorFlow ({some(flex)}), so the interpreter needs the "
            "delegate for Select TensorFlow operations."
        )
    if others:
        own = f"It has custom operations ({some(others)}) that the program must register."
        if answers:
            own = (
                f"It has custom operations ({some(others)}). The interpreter in Python knows them; "
                "another program may have to register them."
            )
    return joined(select, own)


def _text(value):
    return (value or b"").decode(errors="replace")
