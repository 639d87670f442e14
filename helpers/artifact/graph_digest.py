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
    """The Program of the operations that lead to the `ends`.

    nodes : {name: NodeDef}
    ends : references to their outputs, such as "add:0", or "^add" for an operation that must run
    names : {node or argument: what it stands for}; what lies before these does not count
    function : from the name of a library function to its Program, None if there is none
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
    """The operations that lead to the `ends`, as the keys of a dict."""
    found, waiting = {}, list(ends)
    while waiting:
        name = _node(waiting.pop())
        if name in nodes and name not in names and name not in found:
            found[name] = None
            waiting += nodes[name].input
    return found


def _order(nodes, ends, names, alike):
    """{operation: its number}, by the data first; what must merely run, by what it is.

    In the file that comes by name, where "dense_10" stands before "dense_9".
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
    for name in line:  # it grows meanwhile
        number(sorted(_parted(nodes[name].input)[1], key=alike))
    return order


def _alike(nodes, names, known):
    """A function from a name to a digest of its operation and of all that flows into it."""
    found = {}

    def alike(wanted):
        waiting, entered = [wanted], set()
        while waiting:
            name = waiting[-1]
            if name in found:
                waiting.pop()
            elif name not in known:
                found[name] = str(names.get(name, name))
            elif name not in entered:
                entered.add(name)
                waiting += [n for n in map(_node, nodes[name].input) if n not in entered]
            else:  # what flows into it has been found, but in a circle
                data, controls = _parted(nodes[name].input)
                data = [(found.get(_node(text)), text.split(":")[1:]) for text in data]
                controls = sorted(str(found.get(text)) for text in controls)
                text = repr((known[name], data, controls))
                found[name] = hashlib.sha256(text.encode()).hexdigest()
        return found[wanted]

    return alike


def _parted(references):
    """The references to data, and the names of the operations that must merely run before."""
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
