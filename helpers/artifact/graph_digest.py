"""Digests of what the signatures of an export compute, independent of names.

TensorFlow gives operations and functions new names in every export, and writes them in a different
order. Here an operation is identified by its type, its attributes and its inputs.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from helpers.artifact.tag_sets import serving_graph_of

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

# Attributes that say where and how an operation runs or what its name is, not what it computes.
NOT_COMPUTED = {"config", "config_proto", "executor_type", "shared_name", "container", "debug_name"}


@dataclass(frozen=True)
class Program:
    """What a signature or a function computes.

    Parameters
    ----------
    digest : str
        Two programs with the same digest compute the same.
    types : collections.Counter
        How many operations of each type there are, those in called functions included.
    """

    digest: str
    types: Counter = field(default_factory=Counter)


def endpoints(model: "SavedModel") -> dict[str, Program]:
    """Compute a digest of every signature in the graph of an export that servers load.

    The hidden signature that initializes the model is included. A call of a function that is
    missing, or that calls itself, is identified by the name of the function.

    Parameters
    ----------
    model : tensorflow.core.protobuf.saved_model_pb2.SavedModel

    Returns
    -------
    dict of str to Program
        By the key of the signature.
    """
    graph = serving_graph_of(model) or model.meta_graphs[0]
    library = {f.signature.name: f for f in graph.graph_def.library.function}
    nodes = {node.name: node for node in graph.graph_def.node}
    assets = {asset.tensor_info.name.split(":")[0] for asset in graph.asset_file_def}
    known = {}

    def function(name):
        if name in library and name not in known:
            known[name] = Program(name)  # for a function that calls itself
            body = library[name]
            inputs = {a.name: f"input {n}" for n, a in enumerate(body.signature.input_arg)}
            ends = [body.ret[output.name] for output in body.signature.output_arg]
            ends += [f"^{node}" for node in body.control_ret.values()]
            known[name] = _program({n.name: n for n in body.node_def}, ends, inputs, function)
        return known.get(name)

    found = {}
    for key, definition in graph.signature_def.items():
        outputs = definition.outputs
        ends = [outputs[name].name for name in sorted(outputs)]
        names = dict.fromkeys(assets, "an asset")
        names |= {definition.inputs[n].name.split(":")[0]: f"input {n}" for n in definition.inputs}
        found[key] = _program(nodes, ends, names, function)
    return found


def _program(nodes, ends, names, function):
    """Compute the Program of the operations that lead to `ends`.

    Parameters
    ----------
    nodes : dict of str to NodeDef
    ends : list of str
        References to outputs, such as "add:0", or "^add" for an operation that must run.
    names : dict of str to str
        A fixed name for each input of the program. Operations before an input do not count.
    function : function of the name of a library function
        Returns its Program, or None if the library has no such function.
    """
    types = Counter()

    def called(name):
        program = function(name)
        if program is None:
            return name
        types.update(program.types)
        return program.digest

    known = {}
    for name in _reached(nodes, ends, names):
        node = nodes[name]
        attributes = [
            (key, _attribute(node.attr[key], called))
            for key in sorted(node.attr)
            if not key.startswith("_") and key not in NOT_COMPUTED
        ]
        types[node.op] += 1
        known[name] = repr((called(node.op), attributes))
    order = _order(nodes, ends, names, _alike(nodes, names, known))

    def stands_for(name):
        return names.get(name) or order.get(name, name)

    def flows(references):
        data, controls = _parted(references)
        data = [(stands_for(_node(text)), text.split(":")[1:]) for text in data]
        return data, sorted(str(stands_for(name)) for name in controls)

    digest = hashlib.sha256()
    for name in order:
        digest.update(repr((known[name], flows(nodes[name].input))).encode())
    digest.update(repr(flows(ends)).encode())
    return Program(digest.hexdigest(), types)


def _reached(nodes, ends, names):
    """Return the operations that lead to `ends`, as the keys of a dict."""
    found, waiting = {}, list(ends)
    while waiting:
        name = _node(waiting.pop())
        if name in nodes and name not in names and name not in found:
            found[name] = None
            waiting += nodes[name].input
    return found


def _order(nodes, ends, names, alike):
    """Number the operations: first along the data, then those that must only run.

    The order in the file depends on names: "dense_10" stands before "dense_9".
    """
    order, line = {}, []

    def number(references):
        waiting = list(reversed(references))
        while waiting:
            name = _node(waiting.pop())
            if name in nodes and name not in names and name not in order:
                order[name] = len(order)
                line.append(name)
                waiting += reversed(_parted(nodes[name].input)[0])

    data, controls = _parted(ends)
    number(data)
    number(sorted(controls, key=alike))
    for name in line:  # `number` appends to it
        number(sorted(_parted(nodes[name].input)[1], key=alike))
    return order


def _alike(nodes, names, known):
    """Return a function that computes a digest of an operation and of all its inputs."""
    found = {}

    def alike(operation):
        waiting, entered = [operation], set()
        while waiting:
            name = waiting[-1]
            if name in found:
                waiting.pop()
            elif name not in known:
                found[name] = str(names.get(name, name))
            elif name not in entered:
                entered.add(name)
                waiting += [n for n in map(_node, nodes[name].input) if n not in entered]
            else:  # its inputs have digests, except those in a circle
                data, controls = _parted(nodes[name].input)
                data = [(found.get(_node(text)), text.split(":")[1:]) for text in data]
                controls = sorted(str(found.get(text)) for text in controls)
                text = repr((known[name], data, controls))
                found[name] = hashlib.sha256(text.encode()).hexdigest()
        return found[operation]

    return alike


def _parted(references):
    """Split references into those to data and the names of operations that must run before."""
    data = [text for text in references if not text.startswith("^")]
    return data, [text[1:] for text in references if text.startswith("^")]


def _node(reference):
    return reference.lstrip("^").split(":")[0]


def _attribute(value, called):
    kind = value.WhichOneof("value")
    if kind == "func":
        return called(value.func.name)
    if kind == "list" and value.list.func:
        return [called(function.name) for function in value.list.func]
    return value.SerializeToString(deterministic=True)
