"""Operations that parse a text into named features: Examples, SequenceExamples, rows of CSV."""

from dataclasses import dataclass, field, replace
from typing import Any

from helpers.readers.decoders import csv_rows
from helpers.readers.made_inputs import Hint
from helpers.readers.special_values import Feature, examples

EXAMPLES = {"ParseExample", "ParseExampleV2", "ParseSingleExample"}
SEQUENCES = {"ParseSequenceExample", "ParseSequenceExampleV2", "ParseSingleSequenceExample"}
PARSERS = {*EXAMPLES, *SEQUENCES, "DecodeCSV"}


@dataclass(frozen=True)
class Parsed:
    """What a parser expects.

    Parameters
    ----------
    operation : str
        One of PARSERS.
    features : dict of str to (Feature, str)
        By name: what it holds, and the reference to its values in the graph.
    delimiter : str
        Between the fields of a row of CSV.
    columns : tuple of int
        The columns of CSV that are read. Empty for all.
    """

    operation: str
    features: dict[str, tuple[Feature, str]] = field(default_factory=dict)
    delimiter: str = ","
    columns: tuple[int, ...] = ()

    def joined(self, other: "Parsed | None") -> "Parsed":
        """Return what this parser and an earlier one of the same text expect together."""
        if other is None or "DecodeCSV" in (self.operation, other.operation):
            return self
        return replace(self, features={**other.features, **self.features})

    def hint(self, inside: dict[str, Hint | None]) -> Hint:
        """Return texts that the parser accepts.

        Parameters
        ----------
        inside : dict of str to Hint or None
            What is known about the values of each feature.
        """
        parts = {name: (feature, inside[name]) for name, (feature, _) in self.features.items()}
        if self.operation == "DecodeCSV":
            return Hint("rows of CSV", csv_rows(parts, self.delimiter, self.columns))
        if self.operation in SEQUENCES:
            return Hint("serialized SequenceExamples", examples(parts, sequences=True))
        return Hint("serialized Examples", examples(parts))


def parsed(walk: Any, scope: Any, node: Any) -> Parsed:
    """Find what a parser expects.

    Parameters
    ----------
    walk : helpers.readers.graph_walk.Walk
    scope : helpers.readers.graph_walk.Scope
        Where the operation is.
    node : NodeDef
        Its type is one of PARSERS.

    Returns
    -------
    Parsed
    """
    if node.op == "DecodeCSV":
        types = node.attr["OUT_TYPE"].list.type
        output = f"{node.name}:output" if scope.call else node.name
        fields = {str(n): (Feature.of(t, ()), f"{output}:{n}") for n, t in enumerate(types)}
        delimiter = node.attr["field_delim"].s.decode() or ","
        return Parsed(node.op, fields, delimiter, tuple(node.attr["select_cols"].list.i))
    if node.op in SEQUENCES:
        return Parsed(node.op, _sequence_features(walk, scope, node))
    return Parsed(node.op, _features(walk, scope, node))


def _features(walk, scope, node):
    given = [one for one in node.input if not one.startswith("^")]
    kinds = [
        ("sparse", list(node.attr["sparse_types"].list.type)),
        ("dense", list(node.attr["Tdense"].list.type)),
        ("ragged", list(node.attr["ragged_value_types"].list.type)),
    ]
    names = _feature_names(walk, scope, node, given, [len(types) for _, types in kinds])
    found = {}
    for (kind, types), keys in zip(kinds, names, strict=True):
        shapes = list(node.attr["dense_shapes"].list.shape) if kind == "dense" else []
        # In a graph without functions, outputs are numbered: indices, values, shapes, dense.
        flat = {"sparse": len(types), "dense": 3 * len(kinds[0][1])}.get(kind, 0)
        for at, (key, dtype) in enumerate(zip(keys, types, strict=False)):
            inside = f"{node.name}:{kind}_values:{at}"
            reference = inside if scope.call else f"{node.name}:{flat + at}"
            found[_text(key)] = (Feature.of(dtype, _sizes(shapes, at)), reference)
    return found


def _feature_names(walk, scope, node, given, counts):
    if node.op == "ParseSingleExample":
        keys = node.attr["sparse_keys"].list.s, node.attr["dense_keys"].list.s
        return [*map(list, keys), []]
    if node.op == "ParseExampleV2":
        values = (walk.constant(scope, one) for one in given[2:5])
        return [[] if value is None else value.ravel().tolist() for value in values]
    sparse, dense, _ = counts
    values = [walk.constant(scope, one) for one in given[2 : 2 + sparse + dense]]
    keys = ["" if value is None else value.item() for value in values]
    return [keys[:sparse], keys[sparse:], []]


# Of a SequenceExample, the keys of V2 in the order of its inputs after the first two: whether each
# step has them, the attribute of the dtypes, and the attribute of the shapes.
GROUPS = {
    "context_sparse": (False, "context_sparse_types", ""),
    "context_dense": (False, "Tcontext_dense", "context_dense_shapes"),
    "context_ragged": (False, "context_ragged_value_types", ""),
    "feature_list_sparse": (True, "feature_list_sparse_types", ""),
    "feature_list_dense": (True, "feature_list_dense_types", "feature_list_dense_shapes"),
    "feature_list_ragged": (True, "feature_list_ragged_value_types", ""),
}


def _sequence_features(walk, scope, node):
    found = {}
    groups = dict(GROUPS)
    if node.op != "ParseSequenceExampleV2":  # without ragged features, and each key is an input
        groups = {name: group for name, group in GROUPS.items() if "ragged" not in name}
    at = 2
    for name, (steps, types_of, shapes_of) in groups.items():
        types = list(node.attr[types_of].list.type)
        shapes = list(node.attr[shapes_of].list.shape) if shapes_of else []
        if node.op == "ParseSequenceExampleV2":
            keys, at = _keys(walk, scope, node, at), at + 1
        elif node.op == "ParseSingleSequenceExample":
            keys = [key for n in range(len(types)) for key in _keys(walk, scope, node, at + n)]
            at += len(types)
        else:
            keys = list(node.attr[f"{name}_keys"].list.s)
        for number, (key, dtype) in enumerate(zip(keys, types, strict=False)):
            feature = Feature.of(dtype, _sizes(shapes, number), steps)
            found[_text(key)] = (feature, f"{node.name}:{name}_values:{number}")
    return found


def _keys(walk, scope, node, at):
    value = walk.constant(scope, node.input[at])
    return [] if value is None else value.ravel().tolist()


def _sizes(shapes, at):
    return [dim.size for dim in shapes[at].dim] if at < len(shapes) else None


def _text(key):
    return key.decode() if isinstance(key, bytes) else str(key)
