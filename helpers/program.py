"""What the endpoints of an artifact compute, as digests that do not depend on names.

TensorFlow names operations and functions anew with every export and writes them in another order.
Here an operation is known by its type, its attributes and what flows into it.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

# What says where and how an operation runs, or how it is called, not what it computes.
NOT_COMPUTED = {"config", "config_proto", "executor_type", "shared_name", "container", "debug_name"}


@dataclass(frozen=True)
class Program:
    """What an endpoint or a function computes: a digest, and its operations by type."""

    digest: str
    types: Counter = field(default_factory=Counter)


def endpoints(model):
    """{signature key: Program} for the first graph of a SavedModel.

    The hidden signature that initialises the model is among them. A call of a function that is not
    there, or that calls itself, stands for itself by its name.
    """
    graph = model.meta_graphs[0]
    library = {f.signature.name: f for f in graph.graph_def.library.function}
    nodes = {node.name: node for node in graph.graph_def.node}
    assets = {asset.tensor_info.name.split(":")[0] for asset in graph.asset_file_def}
    known = {}

    def function(name):
        if name in library and name not in known:
            known[name] = Program(name)  # should it call itself
            body = library[name]
            inputs = {a.name: f"input {n}" for n, a in enumerate(body.signature.input_arg)}
            ends = [body.ret[output.name] for output in body.signature.output_arg]
            ends += sorted(f"^{body.control_ret[name]}" for name in body.control_ret)
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
    """The Program of the operations that lead to the `ends`.

    nodes : {name: NodeDef}
    ends : references to their outputs, such as "add:0", or "^add" for an operation that must run
    names : {node or argument: what it stands for}; what lies before these does not count
    function : from the name of a library function to its Program, None if there is none
    """
    order, waiting = {}, list(reversed(ends))
    while waiting:
        name = _node(waiting.pop())
        if name not in order and name in nodes and name not in names:
            order[name] = len(order)
            waiting += reversed(nodes[name].input)

    def reference(text):
        name = _node(text)
        return (names.get(name) or order.get(name, name), text.startswith("^"), text.split(":")[1:])

    digest, types = hashlib.sha256(), Counter()

    def called(name):
        program = function(name)
        if program is None:
            return name
        types.update(program.types)
        return program.digest

    for name in order:
        node = nodes[name]
        attributes = [
            (key, _attribute(node.attr[key], called))
            for key in sorted(node.attr)
            if not key.startswith("_") and key not in NOT_COMPUTED
        ]
        flows = [reference(text) for text in node.input]
        types[node.op] += 1
        digest.update(repr((called(node.op), attributes, flows)).encode())
    digest.update(repr([reference(text) for text in ends]).encode())
    return Program(digest.hexdigest(), types)


def _node(reference):
    return reference.lstrip("^").split(":")[0]


def _attribute(value, called):
    kind = value.WhichOneof("value")
    if kind == "func":
        return called(value.func.name)
    if kind == "list" and value.list.func:
        return [called(function.name) for function in value.list.func]
    return value.SerializeToString(deterministic=True)
