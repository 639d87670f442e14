"""Why LiteRT's converter refuses a graph: operation, dtype, layer and open axis, from its message.

The message is a log of several thousand characters. For each operation that is refused, it names
the operation, its place in the graph, and the types of its tensors, with "?" for an open axis.
"""

import contextlib
import re
from collections.abc import Collection, Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.artifact.saved_model import Signature, serving_graph, signatures_of
from helpers.text import printable, shorten

SAYS = " The converter says: "  # between the reason and the converter's own message
LOW = ("float16", "bfloat16", "float64")  # floats that LiteRT computes with in few operations
TYPES = {
    **{f"f{bits}": f"float{bits}" for bits in (16, 32, 64)},
    **{f"i{bits}": f"int{bits}" for bits in (4, 8, 16, 32, 64)},
    **{f"ui{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    "i1": "bool",
    "bf16": "bfloat16",
    "!tf_type.string": "string",
    "complex<f32>": "complex64",
    "complex<f64>": "complex128",
}
MOST = 4  # sentences in a reason, and names in a sentence
# What the converter or the interpreter says about a table that is filled from a file.
EMPTY = ("fed more than once", "hashtable need to be initialized before using")
STATIC = "requires element_shape to be static"  # the converter's words about lists
LISTS = "requires element_dtype to be"  # the same, about lists of other values
NO_NUMBERS = "keeps a list of values that are neither integers nor floats, such as texts"
OPEN = "Open axes of the signature"
LOCATION = re.compile(r'(?:fused\["(\w+):", |loc\()"([^"@]+)(?:@[^"]*)?"')
OPERATION = re.compile(r"'(?:tf|tfl|stablehlo)\.(\w+)'")
# The list at the end of a message, which names operations without their places.
SUMMARY = re.compile(r"^(?:TF Select|Flex|Custom) ops: (.*)", re.MULTILINE)
TENSOR = re.compile(r"tensor<((?:[\d?]+x|\*x)*)([!\w.]+(?:<\w+>)?)")


class ConverterError(Exception):
    """The converter's error with the reason first. It has the name that users search for."""


@dataclass(frozen=True)
class Refused:
    """One operation that the converter refuses.

    Parameters
    ----------
    operation : str
        The type of the operation, such as "MatMul".
    layer : str
        Where it is in the graph, for example "sequential/lstm". Empty if the message does not say.
    dtypes : tuple of str
        The dtypes of its inputs, without repetition.
    open_axes : bool
        Whether one of its inputs has an open axis.
    needs : str
        What the converter requires, in its own words, or "" if it has no such operation at all.
    """

    operation: str
    layer: str
    dtypes: tuple[str, ...] = ()
    open_axes: bool = False
    needs: str = ""


def parse(message: str) -> tuple[Refused, ...]:
    """Read the refused operations from the converter's message, in its order, each once.

    Parameters
    ----------
    message : str
        The text of the ConverterError, not cut.
    """
    found: dict[tuple[str, str], Refused] = {}
    lines = message.splitlines()
    for number, line in enumerate(lines):
        _, says, words = line.partition(": error: ")
        if not says:
            continue
        operation, layer = _place(words)
        words = words.rpartition("): ")[2]
        named = OPERATION.search(words)
        operation = named[1] if named else operation
        if not operation or (operation, layer) in found:
            continue
        types = _types(lines[number:], operation) or TENSOR.findall(words)
        dtypes = dict.fromkeys(TYPES.get(kind, kind) for _, kind in types)
        missing = "is neither a custom op nor a flex op" in words or "marked illegal" in words
        found[operation, layer] = Refused(
            operation,
            layer,
            tuple(dtypes),
            any("?" in shape or "*" in shape for shape, _ in types),
            "" if missing else _needs(words),
        )
    known = {operation for operation, _ in found}
    for names in SUMMARY.findall(message):
        for name in re.findall(r"\w+", names):
            if name not in known:
                types = _types(lines, name)
                dtypes = dict.fromkeys(TYPES.get(kind, kind) for _, kind in types)
                open_axes = any("?" in shape for shape, _ in types)
                found[name, ""] = Refused(name, "", tuple(dtypes), open_axes)
    return tuple(found.values())


def _needs(words):
    """Return what the converter requires, without the operation's name and its shapes."""
    words = re.sub(r"^'[\w.]+' op ", "", words)
    return re.sub(r"'(tensor<[^']*>)'", lambda m: _dtype(m[1]) or m[0], words)


def _dtype(kind):
    found = TENSOR.search(kind)
    return TYPES.get(found[2], found[2]) if found else ""


def _place(words):
    """Return the type of the operation at a location, and its layer."""
    found = LOCATION.search(words)
    if not found:
        return "", ""
    parts = found[2].split("/")[:-1]
    return found[1] or "", "/".join(parts)


def _types(lines, operation):
    """Return the types of the inputs of an operation as (shape, dtype) from the lines below it.

    Of its outputs, those of texts are among them: LiteRT may have the operation for numbers only.
    """
    for line in lines:
        start = re.search(rf'"(?:tf|tfl)\.{operation}"\(.* : \((.*?)\) -> (.*)', line)
        if start := start or re.match(rf"\ttf\.{operation}\((.*?)\) -> (.*)", line):
            outputs = TENSOR.findall(start[2].partition(" : ")[0])
            texts = [one for one in outputs if TYPES.get(one[1]) == "string"]
            return TENSOR.findall(start[1]) + texts
    return []


def reason(message: str, signatures: Iterable[Signature], variables: Collection[str] = ()) -> str:
    """Say in one or two sentences why the converter refuses, or "" if its message does not tell.

    Parameters
    ----------
    message : str
        The text of the ConverterError, not cut.
    signatures : iterable of helpers.artifact.Signature
        What was converted; their open axes are named.
    variables : collection of str
        The names of the variables in the graph, which begin with the names of their layers.
    """
    refused = [replace(one, layer=_layer(one.layer, variables)) for one in parse(message)]
    if not refused:
        lines = [line.rpartition(": error: ")[2] for line in message.splitlines()]
        return shorten(next((line for line in lines if line.strip()), ""), 300)
    groups: dict[tuple[tuple[str, ...], str], list[Refused]] = {}
    for one in refused:
        groups.setdefault((one.dtypes, one.needs), []).append(one)
    sentences = [_sentence(*group, ones) for group, ones in groups.items()]
    more = f" And {len(sentences) - MOST} more." if len(sentences) > MOST else ""
    text = " ".join(sentences[:MOST]) + more
    open_axes = axes(signatures)
    if open_axes and _may_need_sizes(refused):
        text += f" {OPEN}: {', '.join(open_axes)}."
    return text


def _layer(place, variables):
    """Return the layer at a place in the graph, or the place itself where it is not certain.

    Keras calls each layer again for an export, and TensorFlow numbers the names of that call:
    "model_1/lstm_1" is the layer "lstm" of "model". The names of the variables are those of the
    layers, with or without the model's name.
    """

    def known(names):
        starts = ["/".join(names[start:]) for start in range(len(names))]
        return [s for s in starts if s and any(name.startswith(f"{s}/") for name in variables)]

    parts = place.split("/")
    as_it_is, first_call = known(parts), known([re.sub(r"_\d+$", "", part) for part in parts])
    if place in as_it_is:
        return f"layer {place}"
    whole = [name for name in first_call if name.count("/") == place.count("/")]
    if whole or (first_call and not as_it_is):
        return f"layer {(whole or first_call)[0]}"
    return place if first_call or not as_it_is else f"layer {as_it_is[0]}"


def _may_need_sizes(refused):
    """Whether fixed sizes could help: not if it is an operation or a dtype that LiteRT lacks."""
    if any({*LOW, "string"} & set(one.dtypes) for one in refused):
        return False
    return any(
        STATIC in one.needs or (one.open_axes and not one.needs and _in_litert(one.operation))
        for one in refused
    )


def _in_litert(operation):
    """Whether LiteRT has an operation of this name."""
    from ai_edge_litert import schema_py_generated as schema

    known = {_plain(name) for name in vars(schema.BuiltinOperator)}
    return _plain(operation) in known


def _plain(name):
    return re.sub(r"v\d$", "", name.replace("_", "").lower())


def _sentence(dtypes, needs, ones):
    names = _listed(one.operation for one in ones)
    # A long list of operands is noise: the first dtypes are those of the data.
    kinds = f" for {' and '.join(map(printable, dtypes[:2]))}" if dtypes else ""
    layers = _listed(one.layer for one in ones if one.layer)
    place = f" (in {layers})" if layers else ""
    if STATIC in needs:
        return f"{names}{place} needs a fixed shape."
    if LISTS in needs:
        return f"{names}{place} {NO_NUMBERS}."
    if needs:
        return f"{names}{kinds}{place} is refused: {shorten(needs, 200).rstrip('.')}."
    return f"The converter cannot express {names}{kinds}{place}."


def _listed(names):
    found = list(dict.fromkeys(map(printable, names)))
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return ", ".join(found[:MOST]) + more


@contextlib.contextmanager
def reason_first(directory: str, keys: Iterable[str]) -> Generator[None, None, None]:
    """Put the reason before the message of a ConverterError that the block raises.

    A message is cut where it is too long, and the reason stands at its end.

    Parameters
    ----------
    directory : str
        The export that is converted.
    keys : iterable of str
        The signatures that are converted.
    """
    try:
        yield
    except Exception as error:
        if type(error).__name__ != ConverterError.__name__:
            raise
        graph = serving_graph(Path(directory))
        declared = signatures_of(graph)
        variables = [node.name for node in graph.graph_def.node if node.op == "VarHandleOp"]
        why = reason(str(error), [declared[key] for key in keys if key in declared], variables)
        if not why:
            raise
        raise ConverterError(f"{why}{SAYS}{error}") from error


def axes(signatures: Iterable[Signature]) -> list[str]:
    """Name the open axes of the inputs of signatures, each once: "axis 0 of x"."""
    found = {
        f"axis {axis} of {printable(tensor.name)}": None
        for signature in signatures
        for tensor in signature.inputs
        for axis, size in enumerate(tensor.shape or ())
        if size is None
    }
    return list(found)


def cure_of(error: str) -> str:
    """Return the cure for a reason, or "" where the table of known errors has the right one.

    Parameters
    ----------
    error : str
        The error of the reader, with the reason first.
    """
    if error.startswith(("ConverterError", "RuntimeError")) and any(w in error for w in EMPTY):
        return (
            "LiteRT fills a lookup table only from constants of the graph, not from a file. Make "
            "the table with tf.lookup.KeyValueTensorInitializer and the words of the file, and "
            "export again."
        )
    said, found, _ = error.partition(SAYS)
    if not found:
        return ""
    if "needs a fixed shape" in said:
        return (
            "A recurrent layer keeps a list whose elements have an open number of rows. Export "
            "with one row: model.export(directory, input_signature=[...]) with 1 as the first "
            "size. An LSTM or GRU of a fixed length can also be built with unroll=True."
        )
    if NO_NUMBERS in said:
        return (
            "tf.map_fn and tf.while_loop make such lists, and LiteRT has lists of integers and of "
            "floats only. No size of an input helps. Do this step in the program that calls the "
            "model, and export the steps before and after it as endpoints of their own."
        )
    low = next((dtype for dtype in LOW if re.search(rf"\b{dtype}\b", said)), "")
    if low:
        return (
            f"LiteRT has few operations for {low}, and most for float32. Build the model with the "
            "dtype policy float32, copy the weights with set_weights, and export that model."
        )
    if OPEN in said:
        return (
            "LiteRT has an operation of this name, but not for open axes like these. Export with a "
            "fixed size for an open axis: model.export(directory, input_signature=[...])."
        )
    if "32-bit float or QI8" in said:
        return (
            "LiteRT does not read the int8 weights of model.quantize. Export the model before it "
            "is quantised, and let LiteRT quantise it: converter.optimizations = "
            "[tf.lite.Optimize.DEFAULT]."
        )
    return ""
