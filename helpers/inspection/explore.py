"""Exploring an export: files, signatures, operations, variables and fingerprint as data.

This module reads only the files. It never loads or runs the model, and does not read the values of
the variables. Everything that is broken, missing or unusual becomes a finding, never an error.
"""

import math
import os
import re
from collections import Counter, deque
from pathlib import PurePath, PurePosixPath

from helpers import readers
from helpers.artifact.saved_model import (
    NotAnArtifact,
    directory_of,
    saved_model,
    signatures_of,
    walk,
)
from helpers.errors.messages import describe
from helpers.inspection.contents import VALUE, Explored, Fingerprint, Function, Variable
from helpers.text import printable, readable_size, safe_repr, shorten

BOOKKEEPING = "_CHECKPOINTABLE_OBJECT_GRAPH"  # an entry of the checkpoint that is no variable
INDEX = "variables/variables.index"
MOST_HASHED = 10**8  # bytes: a larger variables.index is not compared with its fingerprint
SHARD = re.compile(r"variables/variables\.data-(\d{5})-of-(\d{5})")


def explore(directory: str | os.PathLike) -> Explored:
    """Explore an export without loading it. Never raises.

    Parameters
    ----------
    directory : str or path
        If it is not an export, the findings of the result say what it is.

    Returns
    -------
    Explored
    """
    try:
        path = directory_of(directory)
    except NotAnArtifact as error:
        named = isinstance(directory, str | PurePath) and PurePath(directory).name
        return Explored(printable(named or safe_repr(directory)), findings=(str(error),))
    files, folders, findings = walk(path)
    sizes = {file.path: file.size for file in files}
    inside = _graph(path, sizes, findings)
    names = inside.pop("names", {})
    inside["variables"] = _variables(path, sizes, names, inside.pop("restores", False), findings)
    return Explored(
        printable(path.name),
        path,
        files,
        folders,
        fingerprint=_fingerprint(path, sizes, findings),
        findings=tuple(findings),
        **inside,
    )


def plain_name(function: str) -> str:
    """Remove TensorFlow's prefix and number, which differs in each run, from a function's name."""
    return re.sub(r"^__(inference|forward|backward)_(_(?!_))?|_\d+$", "", function)


def _graph(path, sizes, findings):
    """Return the parts of an Explored that saved_model.pb contains."""
    try:
        graphs = saved_model(path).meta_graphs
    except NotAnArtifact as error:
        findings.append(f"{error}: copy the export again")
        return {}
    graph = next((g for g in graphs if "serve" in g.meta_info_def.tags), graphs[0])
    tags = tuple(graph.meta_info_def.tags)
    if "serve" not in tags:
        findings.append("no graph is tagged 'serve': servers and tf.saved_model.load need that tag")
    if len(graphs) > 1:
        findings.append(
            f"holds {len(graphs)} graphs; only the one tagged {safe_repr([*tags])} is shown"
        )
    library = graph.graph_def.library.function
    functions = [
        Function(plain_name(f.signature.name), Counter(node.op for node in f.node_def))
        for f in library
    ]
    return {
        "tags": tags,
        "signatures": signatures_of(graph),
        "main": Counter(node.op for node in graph.graph_def.node),
        "functions": tuple(sorted(functions, key=lambda f: (f.name, f.types.total()))),
        "assets": _assets(graph, sizes, findings),
        "names": _names(graph.object_graph_def.nodes),
        "restores": bool(graph.saver_def.restore_op_name),
    }


def _assets(graph, sizes, findings):
    names = sorted({asset.filename for asset in graph.asset_file_def})
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or re.match(r"\w+:", name):
            findings.append(f"the graph reads the asset {safe_repr(name)}, outside of assets/")
        elif f"assets/{name}" not in sizes:
            findings.append(
                f"assets/{printable(name)} is missing: the graph reads it when it is loaded"
            )
    return tuple(names)


def _names(nodes):
    """Return {checkpoint key: name of the variable}, from the graph of saved objects."""
    found, seen, waiting = {}, {0}, deque([(0, "")])
    while waiting:
        number, path = waiting.popleft()
        if not 0 <= number < len(nodes):
            continue
        if nodes[number].WhichOneof("kind") == "variable":
            found[path.lstrip("/") + VALUE] = nodes[number].variable.name
        for child in nodes[number].children:
            if child.node_id not in seen:
                seen.add(child.node_id)
                step = child.local_name.replace(".", "..").replace("/", ".S")
                waiting.append((child.node_id, f"{path}/{step}"))
    return found


def _variables(path, sizes, names, restores, findings):
    if INDEX not in sizes:
        if restores:
            findings.append(f"{INDEX} is missing: without it no program can find the weights")
        return ()
    try:
        listed = readers.variables(path)
    except (readers.ReaderError, NotAnArtifact) as error:
        crashed = "the reading process died" in str(error)
        words = shorten(str(error).replace(f"{path}/", ""), 160)
        why = "TensorFlow's own reader crashes on it" if crashed else words
        findings.append(f"{INDEX} cannot be read: {why}")
        return ()
    variables = tuple(
        Variable(key, names.get(key, ""), dtype, shape, _bytes(dtype, shape))
        for key, dtype, shape in sorted(listed, key=lambda entry: entry[0].startswith("_"))
        if key != BOOKKEEPING
    )
    _check_shards(sizes, sum(variable.size for variable in variables), findings)
    return variables


def _bytes(dtype, shape):
    from tensorflow import dtypes

    kind = dtypes.as_dtype(dtype)
    return 0 if kind == dtypes.string else min(kind.size * math.prod(shape), 2**63)


def _check_shards(sizes, promised, findings):
    shards = {path: found for path in sizes if (found := SHARD.fullmatch(path))}
    if not shards:
        findings.append("variables/variables.data-… is missing: it contains the weights")
        return
    count = max(int(found[2]) for found in shards.values())
    parts = [f"variables/variables.data-{n:05}-of-{count:05}" for n in range(min(count, 1000))]
    missing = [name for name in parts if name not in sizes]
    if missing:
        findings.append(f"{missing[0]} is missing: {len(missing)} of {count} parts of the weights")
        return
    held = sum(sizes[name] for name in parts)
    if held < promised:
        findings.append(
            f"variables.index lists {readable_size(promised)} of weights, but the data hold "
            f"{readable_size(held)}: cut short"
        )


def _fingerprint(path, sizes, findings):
    import tensorflow as tf

    if "fingerprint.pb" not in sizes:
        return None  # older exports have none
    if sizes["fingerprint.pb"] > 10_000:
        findings.append("fingerprint.pb is too large to be one")
        return None
    try:
        found = tf.saved_model.experimental.read_fingerprint(str(path))
    except Exception as error:
        findings.append(f"fingerprint.pb cannot be read: {describe(error, 160)}")
        return None
    _check_owner(path, found.checkpoint_hash, sizes.get(INDEX, 0), findings)
    try:
        single = str(found.singleprint())
    except ValueError:
        single = ""
    return Fingerprint(
        found.saved_model_checksum,
        found.graph_def_program_hash,
        found.signature_def_hash,
        found.saved_object_graph_hash,
        found.checkpoint_hash,
        single,
    )


def _check_owner(path, number, size, findings):
    """Compare variables.index with its hash in the fingerprint."""
    import tensorflow as tf

    if not (number and 0 < size < MOST_HASHED):
        return
    try:
        data = (path / INDEX).read_bytes()
    except OSError:
        return  # deleted since the files were listed
    if int.from_bytes(tf.fingerprint([data]).numpy()[0].tobytes(), "little") != number:
        findings.append(
            "fingerprint.pb was written for another variables.index: the weights were exchanged "
            "or damaged"
        )
