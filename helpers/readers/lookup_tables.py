"""The keys of the lookup tables of an export: from constants of its graph and from its assets."""

import itertools
import math
from collections import Counter
from pathlib import Path
from typing import Any

MOST_KEYS = 1000  # of one table
MOST_STORED = 1_000_000  # of a table whose keys are stored with the weights
MOST_BYTES = 2**20  # of a vocabulary file
MOST_STEPS = 200_000  # operations that are looked at, in functions each time they are called
IMPORTS = ("LookupTableImport", "LookupTableImportV2", "InitializeTable", "InitializeTableV2")
FILES = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
WHOLE_LINE, LINE_NUMBER = -2, -1  # what `key_index` says besides the number of a column


def keys_of_tables(graph: Any, directory: Path) -> dict[str, list]:
    """Find the keys of lookup tables.

    Parameters
    ----------
    graph : MetaGraphDef
    directory : pathlib.Path
        The export, for its folder `assets`.

    Returns
    -------
    dict of str to list
        At most MOST_KEYS keys, bytes or whole numbers, by the name of the operation that makes the
        table.
    """
    from tensorflow import make_ndarray

    nodes = {node.name: node for node in graph.graph_def.node}
    library = {f.signature.name: f for f in graph.graph_def.library.function}
    assets = {one.tensor_info.name.split(":")[0]: one.filename for one in _assets(graph)}
    found, steps = {}, itertools.count()

    def look(inside, source, depth=0):
        """Look at operations; `source` finds the operation of the graph behind a reference."""
        for node in inside:
            if next(steps) > MOST_STEPS:
                return
            if node.op in IMPORTS + FILES:
                table, keys = source(node.input[0]), source(node.input[1])
                if table is None or keys is None:
                    continue
                if node.op in FILES:
                    name = assets.get(_through_variables(nodes, keys))
                    if name:
                        found[table.name] = _keys_in(directory / "assets" / name, node)
                elif keys.op == "Const":
                    values = make_ndarray(keys.attr["value"].tensor).ravel()
                    found[table.name] = values[:MOST_KEYS].tolist()
                elif keys.op == "RestoreV2":
                    names = source(keys.input[1])
                    if names is None or names.op != "Const":
                        continue
                    stored = make_ndarray(names.attr["value"].tensor).ravel().tolist()
                    name = stored[_number(node.input[1], len(stored))]
                    found[table.name] = _keys_in_checkpoint(directory, name.decode())
            for value in node.attr.values():
                body = library.get(value.func.name) if value.HasField("func") else None
                if body is not None and depth < 5:
                    arguments = [argument.name for argument in body.signature.input_arg]
                    bound = dict(zip(arguments, node.input, strict=False))
                    look(body.node_def, _inside(bound, source, body), depth + 1)

    look(graph.graph_def.node, lambda reference: nodes.get(reference.split(":")[0]))
    return found


def _assets(graph):
    """Return the files that an export ships. TensorFlow 1 lists them in a collection."""
    from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef

    found = list(graph.asset_file_def)
    if "saved_model_assets" in graph.collection_def:
        stored = graph.collection_def["saved_model_assets"].any_list.value
        found += [AssetFileDef.FromString(one.value) for one in stored]
    return found


def _number(reference, count):
    """Return which output of an operation a reference means: "RestoreV2:tensors:3", "restore:3"."""
    last = reference.rpartition(":")[2]
    return min(int(last), count - 1) if last.isdigit() else 0


def _keys_in_checkpoint(directory, name):
    """Return the keys of a table that a program has filled, which are stored with the weights."""
    from tensorflow import errors, train

    try:
        reader = train.load_checkpoint(str(directory / "variables" / "variables"))
        sizes = reader.get_variable_to_shape_map().get(name)
        if not sizes or math.prod(sizes) > min(MOST_STORED, sizes[0]):
            return []  # too many, or keys of several numbers each
        # A dense table stores all its places: the key of the empty ones is there many times.
        counted = Counter(reader.get_tensor(name).ravel().tolist())
        return [key for key, times in counted.items() if times == 1][:MOST_KEYS]
    except (errors.OpError, ValueError):
        return []


def _through_variables(nodes, node):
    """Return the name of the operation whose value a variable gets, or of `node` itself."""
    for _ in range(10):
        if node.op in ("ReadVariableOp", "Identity"):
            node = nodes[node.input[0].split(":")[0]]
        elif node.op == "VarHandleOp":
            given = [
                n.input[1]
                for n in nodes.values()
                if n.op == "AssignVariableOp" and n.input[0].split(":")[0] == node.name
            ]
            if not given:
                break
            node = nodes[given[0].split(":")[0]]
        else:
            break
    return node.name


def _inside(bound, source, body):
    """Return a function that finds the operation of the graph behind a reference in a function."""
    local = {node.name: node for node in body.node_def}

    def find(reference):
        name = reference.split(":")[0]
        if name in local:
            node = local[name]
            return find(node.input[0]) if node.op == "Identity" else node
        return source(bound[name]) if name in bound else None

    return find


def _keys_in(file, node):
    column = node.attr["key_index"].i
    if column == LINE_NUMBER or not file.is_file():
        return []
    with file.open("rb") as opened:
        lines = opened.read(MOST_BYTES).splitlines()[:MOST_KEYS]
    if column == WHOLE_LINE:
        return lines
    parts = [line.split(node.attr["delimiter"].s or b"\t") for line in lines]
    return [part[column] for part in parts if len(part) > column]
