"""Following an input of a signature through a graph, and through the functions that it calls.

Only operations that move, cast or split values are followed. Where such a path ends in an operation
that needs special values, its use is noted.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.readers import decoders
from helpers.readers.made_inputs import Hint
from helpers.readers.parsers import PARSERS, Parsed, parsed

MOST_STEPS = 20_000  # operations that are followed for one signature
DEPTH = 30  # of calls of functions
# Operations whose output holds values of the input, moved, cast or split.
MOVES = {
    "Bitcast",
    "BroadcastTo",
    "Cast",
    "ClipByValue",
    "Concat",
    "ConcatV2",
    "DecodeBase64",
    "EnsureShape",
    "Enter",
    "ExpandDims",
    "Fill",
    "Identity",
    "IdentityN",
    "Maximum",
    "Minimum",
    "Pack",
    "Placeholder",
    "PlaceholderWithDefault",
    "RaggedTensorFromVariant",
    "RaggedTensorToTensor",
    "RaggedTensorToVariant",
    "RegexReplace",
    "Reshape",
    "Reverse",
    "ReverseV2",
    "Select",
    "SelectV2",
    "Slice",
    "Split",
    "SplitV",
    "Squeeze",
    "StaticRegexReplace",
    "StopGradient",
    "StridedSlice",
    "StringJoin",
    "StringLower",
    "StringSplit",
    "StringSplitV2",
    "StringStrip",
    "StringUpper",
    "Substr",
    "TensorListFromTensor",
    "TensorListGetItem",
    "TensorListStack",
    "Tile",
    "Transpose",
    "Unique",
    "UniqueV2",
    "Unpack",
}
SPLITS = {"StringSplit", "StringSplitV2"}
IMAGES = {
    "DecodeJpeg": "jpeg",
    "DecodeAndCropJpeg": "jpeg",
    "DecodeImage": "jpeg",
    "DecodePng": "png",
}
GATHERS = {"ResourceGather", "Gather", "GatherV2"}
LOOKUPS = {"LookupTableFind", "LookupTableFindV2"}


@dataclass
class Uses:
    """What is known about the values of an input, or of one feature in serialized Examples.

    Parameters
    ----------
    image : str
        "jpeg", "png" or "".
    channels : int
        Of the image. 0 for any.
    sizes : list of int
        The numbers of rows of the tables that the values choose from.
    keys : list
        The words or whole numbers that a table or a comparison knows.
    number, whole, split, base64 : bool
        Whether the texts are numbers, are whole numbers, are split into words, or are base64.
    parsed : Parsed or None
        What a parser of Examples or of CSV expects.
    decoded : Hint or None
        Texts that another operation can decode.
    """

    image: str = ""
    channels: int = 0
    sizes: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    number: bool = False
    whole: bool = False
    split: bool = False
    base64: bool = False
    parsed: Parsed | None = None
    decoded: Hint | None = None


class Scope:
    """The operations of the graph, or of one call of a function."""

    def __init__(self, nodes, call: "tuple[Scope, dict[str, str]] | None" = None):
        self.nodes = {node.name: node for node in nodes}
        self.call = call  # the scope of the caller, and what it gives for each argument
        self.bodies: dict[tuple[str, str], Scope] = {}
        self.readers = defaultdict(list)
        for node in nodes:
            for at, reference in enumerate(node.input):
                if not reference.startswith("^"):
                    self.readers[_base(reference)].append((node, at, reference))


class Walk:
    """Follows the inputs of a signature through its graph, and notes how they are used."""

    def __init__(self, graph: Any, tables: Mapping[str, list]):
        self.main, self.tables = Scope(graph.graph_def.node), tables
        self.library = {f.signature.name: f for f in graph.graph_def.library.function}
        self.uses: dict[tuple[str, ...], Uses] = defaultdict(Uses)
        self.steps = 0

    def follow(self, scope: Scope, reference: str, label: tuple[str, ...]):
        """Follow a tensor from where it is computed, and note all uses under `label`."""
        first = _output(reference)  # of an operation with several outputs, only this one
        waiting, seen = [(scope, reference, 0)], set()
        while waiting and self.steps < MOST_STEPS:
            scope, reference, depth = waiting.pop()
            if (id(scope), reference) in seen:
                continue
            seen.add((id(scope), reference))
            for node, at, used in scope.readers[_base(reference)]:
                self.steps += 1
                if _output(reference) == first and len(seen) == 1 and _output(used) != first:
                    continue
                if depth < DEPTH:
                    for body, argument in self._called(scope, node, at):
                        waiting.append((body, argument, depth + 1))
                if node.op in MOVES or "PartitionedCall" in node.op or "While" in node.op:
                    waiting.append((scope, node.name, depth))
                self._note(scope, node, at, label)

    def _called(self, scope: Scope, node: Any, at: int) -> Iterator[tuple[Scope, str]]:
        """Yield the scope of each function that an operation calls, and its argument there."""
        skipped = 1 if node.op in ("If", "StatelessIf", "Case", "StatelessCase") else 0
        for value in node.attr.values():
            functions = [value.func] if value.HasField("func") else value.list.func
            for name in (function.name for function in functions):
                body = self.library.get(name)
                if body is None:
                    continue
                arguments = [argument.name for argument in body.signature.input_arg]
                place = (node.name, name)
                if place not in scope.bodies:
                    given = [one for one in node.input if not one.startswith("^")][skipped:]
                    bound = dict(zip(arguments, given, strict=False))
                    scope.bodies[place] = Scope(body.node_def, (scope, bound))
                if 0 <= at - skipped < len(arguments):
                    yield scope.bodies[place], arguments[at - skipped]

    def source(self, scope: Scope, reference: str) -> Any:
        """Return the operation of the graph that a tensor comes from, through calls and reads."""
        for _ in range(MOST_STEPS):
            name = _base(reference)
            if name in scope.nodes:
                node = scope.nodes[name]
                if node.op in ("Identity", "ReadVariableOp", "Cast", "Enter", "StopGradient"):
                    reference = node.input[0]
                    continue
                return node
            if scope.call is None or name not in scope.call[1]:
                return None
            reference, scope = scope.call[1][name], scope.call[0]
        return None

    def constant(self, scope: Scope, reference: str) -> Any:
        """Return the value of a tensor that is a constant, else None."""
        node = self.source(scope, reference)
        return _value(node) if node is not None and node.op == "Const" else None

    def _note(self, scope, node, at, label):
        uses, op = self.uses[label], node.op
        if op in IMAGES and at == 0:
            uses.image, uses.channels = IMAGES[op], node.attr["channels"].i
        elif op == "StringToNumber":
            uses.number = True
            uses.whole = uses.whole or _is_whole(node.attr["out_type"].type)
        elif op in SPLITS:
            uses.split = True
        elif op == "DecodeBase64":
            uses.base64 = True
        elif op in LOOKUPS and at == 1:
            table = self.source(scope, node.input[0])
            if table is not None:
                uses.keys += self.tables.get(table.name, [])
        elif op in GATHERS and at == 1:
            uses.sizes += self._rows(scope, node)
        elif op == "OneHot" and at == 0:
            depth = self.constant(scope, node.input[1])
            uses.sizes += [int(depth)] if depth is not None and depth > 0 else []
        elif op in ("Equal", "NotEqual"):
            other = self.constant(scope, node.input[1 - at])
            if other is not None and other.dtype.kind in "OSi":
                uses.keys += other.ravel().tolist()
        elif op in PARSERS and at == 0:
            found = parsed(self, scope, node)
            uses.parsed = found.joined(uses.parsed)
            for name, (_, reference) in found.features.items():
                self.follow(scope, reference, (*label, name))
        elif at == 0:
            uses.decoded = decoders.hint_of(self, scope, node) or uses.decoded

    def _rows(self, scope, node):
        """Return the number of rows of the table that an operation gathers from, in a list."""
        if len(node.input) > 2 and self.constant(scope, node.input[2]) not in (None, 0):
            return []  # not along the first axis
        if node.attr["batch_dims"].i:
            return []
        return self.rows_of(scope, node.input[0])

    def rows_of(self, scope: Scope, reference: str) -> list[int]:
        """Return the number of rows of a table, in a list. Empty if it is unknown."""
        table = self.source(scope, reference)
        if table is None:
            return []
        if table.op == "Const":
            return list(_value(table).shape[:1])
        sizes = [dim.size for dim in table.attr["shape"].shape.dim]
        return [size for size in sizes[:1] if size > 0]


def _base(reference):
    return reference.lstrip("^").split(":")[0]


def _output(reference):
    """Return a reference without the number of the only output of an operation."""
    return reference.removesuffix(":0") if reference.count(":") == 1 else reference


def _value(node):
    from tensorflow import make_ndarray  # takes seconds if nothing has imported TensorFlow

    return make_ndarray(node.attr["value"].tensor)


def _is_whole(number):
    from tensorflow import dtypes

    return bool(number) and dtypes.as_dtype(number).is_integer  # without a number: float32
