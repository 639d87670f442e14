"""A gate for artifacts from strangers: what speaks against loading one, and what nobody can see.

A SavedModel is a program. The gate reads it and never loads it: it asks `saved_model_cli scan` and
goes by its words, since its exit status is 0 whatever it finds; then it looks at every operation of
every graph and function itself, since scan leaves some functions out.
"""

import re
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from helpers import readers
from helpers.artifact.saved_model import NotAnArtifact, saved_model
from helpers.display.html_table import table
from helpers.inspection.dangerous_operations import EFFECT, FROM_FILE, RESTORERS, SAVERS, SETTINGS
from helpers.inspection.explore import explore, plain_name
from helpers.text import printable

LIMITS = (
    "a kind of operation that its list does not know to be dangerous",
    "whether the numbers are right: weights can be made to answer wrongly to chosen inputs",
    "how long it runs and how much memory it takes: a loop without an end is made of harmless "
    "operations",
    "mistakes in TensorFlow itself that a crafted file can use",
    "what a PyFunc would call: the function is not in the artifact, only its number is",
)
ADVICE = "Load what you do not trust in a process without your files, your rights, your network."


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one artifact.

    reasons : tuple of str, what speaks against loading it; empty when nothing was found
    scan : str, what `saved_model_cli scan` said, "" if it could say nothing
    limits : tuple of str, what the gate cannot see
    """

    name: str
    reasons: tuple[str, ...]
    scan: str
    limits: tuple[str, ...] = LIMITS

    @property
    def ok(self):
        """Whether nothing was found. That is not the same as harmless: see `limits`."""
        return not self.reasons

    def __bool__(self):
        return self.ok

    @property
    def headline(self):
        found = f"{len(self.reasons)} reason{'s'[: len(self.reasons) != 1]} not to load it"
        return f"{self.name}/: {'✓ nothing found' if self.ok else f'✗ {found}'}"

    def __str__(self):
        return "\n".join([self.headline, *(f"  - {reason}" for reason in self.reasons)])

    __repr__ = __str__

    def _repr_html_(self):
        rows = [(reason,) for reason in self.reasons]
        return table((self.headline,), rows[:50])


def gate(directory):
    """Look at the artifact in `directory` without loading it; a `Verdict`. Never raises."""
    found = explore(directory)
    reasons = list(found.findings)
    try:
        model = saved_model(found.directory) if found.directory else None
    except NotAnArtifact:
        model = None
    if model is None:
        return Verdict(found.name, tuple(reasons), "")
    said, by_scan = _scan(found.directory, len(model.meta_graphs), reasons)
    seen = {}
    for graph in model.meta_graphs:
        if _repeats_a_name(graph.graph_def):
            reasons.append("two of its operations or functions have one name: which one counts?")
        for op, where in _reaching(graph):
            seen.setdefault(op, []).append(where)
    for op in by_scan - seen.keys() - SAVERS - SETTINGS.keys() - {*FROM_FILE}:
        seen[op] = ["what scan reads"]  # the file has changed meanwhile
    for op, places in sorted(seen.items()):
        effect = EFFECT.get(op, "is no operation of this TensorFlow: who knows what it does")
        hidden = "" if op in by_scan else "; scan did not see it"
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        reasons.append(f"{printable(op)} {effect} (in {printable(places[0])}{more}{hidden})")
    return Verdict(found.name, tuple(reasons), said)


def _scan(directory, graphs, reasons):
    """What scan says, and the operations that it names. Silence is a reason of its own."""
    try:
        denied = ",".join(sorted(EFFECT))
        said, _ = readers.saved_model_cli("scan", directory, "--op_denylist", denied)
    except (readers.ReaderError, NotAnArtifact):
        said = ""
    named, lines = set(), said.splitlines()
    for line in lines:
        # A tag of the graph stands earlier in the line and may say anything: go by its end.
        end = re.search(r" (contains the following|does not contain the default) denylisted "
                        r"ops: \{([^{}]*)\}$", line)  # fmt: skip
        if end is None:
            lines = []
            break
        if end[1].startswith("contains"):
            named |= set(re.findall(r"'(\w+)'", end[2]))
    if len(lines) != graphs:  # none at all for an artifact without graphs
        reasons.append("saved_model_cli scan could not say anything about it")
    return said, named


def _repeats_a_name(graph_def):
    names = [[node.name for node in graph_def.node]]
    names.append([function.signature.name for function in graph_def.library.function])
    names += [[node.name for node in f.node_def] for f in graph_def.library.function]
    return any(len(set(group)) < len(group) for group in names)


def _reaching(graph):
    """(operation, where) for all that reach beyond computing in a MetaGraphDef, except what the
    export itself needs: its own saving and restoring, and its own assets."""
    import tensorflow as tf

    library = {f.signature.name: f for f in graph.graph_def.library.function}
    by_node, by_function = _saving(graph, library)
    # No name of a function, not even "", is the key of the main graph.
    scopes = {None: {node.name: node for node in graph.graph_def.node}}
    scopes |= {name: {node.name: node for node in f.node_def} for name, f in library.items()}
    registered = {name for name in dir(tf.raw_ops) if not name.startswith("_")}
    known = (registered | library.keys()) - EFFECT.keys()
    assets = {_output(asset.tensor_info.name) for asset in graph.asset_file_def}
    checkpoint = {_output(graph.saver_def.filename_tensor_name)}
    for scope, nodes in scopes.items():
        for node in nodes.values():
            if node.op in known or _set_harmless(node):
                continue
            main = scope is None
            may = by_node.get(node.name, ()) if main else by_function.get(scope, ())
            if node.op in may and node.op not in RESTORERS:
                continue
            # Where the name of the file is given: that of the checkpoint, or of a vocabulary.
            place, files = (0, checkpoint) if node.op in may else (1, assets)
            file = [*node.input, "", ""][place]
            named = node.op in may or node.op in FROM_FILE
            if named and _comes_from(files, graph, scopes, scope, file):
                continue
            yield node.op, "the main graph" if main else f"function {plain_name(scope)}"


def _set_harmless(node):
    """Whether the node's own setting says that it uses no file."""
    if node.op not in SETTINGS:
        return False
    attribute, default, harmless = SETTINGS[node.op]
    if attribute not in node.attr:
        return re.fullmatch(harmless, default) is not None
    value = node.attr[attribute]  # in a function it may be a placeholder that the caller fills
    said = value.s.decode("utf-8", "replace")
    return value.WhichOneof("value") == "s" and re.fullmatch(harmless, said) is not None


def _output(reference):
    """The name of a tensor of the main graph with the number of the output."""
    return reference if ":" in reference else f"{reference}:0"


def _calls(node, library):
    """The library functions that a node refers to, whatever it does with them."""
    names = [node.op]
    for value in node.attr.values():
        names += [value.func.name, *(function.name for function in value.list.func)]
    return [name for name in names if name in library]


def _reached(nodes, library):
    """The functions that these nodes lead to."""
    found, waiting = set(), [name for node in nodes for name in _calls(node, library)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [n for node in library[name].node_def for n in _calls(node, library)]
    return found


def _saving(graph, library):
    """({node of the main graph: operations that it may have}, {function: the same}) for all that
    only the saver leads to. What restores is run by whoever loads it, so it may not save."""
    nodes = {node.name: node for node in graph.graph_def.node}

    def above(*names):
        found, waiting = set(), list(names)
        while waiting:
            name = waiting.pop().split(":")[0].lstrip("^")
            if name in nodes and name not in found:
                found.add(name)
                waiting += nodes[name].input
        return found

    outputs = [info.name for s in graph.signature_def.values() for info in s.outputs.values()]
    signed = above(*outputs, *_collected(graph))
    sides = [
        (above(graph.saver_def.save_tensor_name) - signed, SAVERS),
        (above(graph.saver_def.restore_op_name) - signed, RESTORERS),
    ]
    others = [nodes[name] for name in nodes.keys() - set().union(*(side for side, _ in sides))]
    saved = graph.object_graph_def
    by_object = {*saved.concrete_functions}
    for item in saved.nodes:
        by_object |= {*item.function.concrete_functions}
        by_object.add(item.bare_concrete_function.concrete_function_name)
    used = _reached(others, library) | (by_object & library.keys())
    used |= _reached([node for name in used for node in library[name].node_def], library)
    by_node, by_function = {}, {}
    for side, operations in sides:
        functions = _reached([nodes[name] for name in side], library) - used
        for allowed, names in ((by_node, side), (by_function, functions)):
            for name in names:
                allowed[name] = allowed.get(name, SAVERS) & operations
    return by_node, by_function


def _collected(graph):
    """The names of nodes in the collections of TensorFlow 1: loading runs some of them."""
    from tensorflow.core.framework.variable_pb2 import VariableDef

    for collection in graph.collection_def.values():
        yield from collection.node_list.value
        for data in collection.bytes_list.value:
            try:
                variable = VariableDef.FromString(data)
            except DecodeError:
                continue  # no variable
            yield from (
                variable.initializer_name,
                variable.initial_value_name,
                variable.snapshot_name,
            )


def _comes_from(origins, graph, scopes, scope, reference):
    """Whether a tensor can only be one of these outputs of the main graph, passed on unchanged."""
    waiting, seen = [(scope, reference)], set()
    while waiting:
        scope, reference = place = waiting.pop()
        name = reference.split(":")[0]
        found = scopes[scope].get(name)
        if place in seen or (scope is None and _output(reference) in origins):
            continue
        seen.add(place)
        if scope is not None and found is None:
            sources = _given_for(graph, scopes, scope, name)
        elif found is not None and found.op == "Identity":
            sources = [(scope, found.input[0])]
        elif found is not None and found.op == "ReadVariableOp" and scope is None:
            sources = _assigned(scopes[None], found.input[0])
        else:
            sources = None
        if not sources:
            return False
        waiting += sources
    return True


def _given_for(graph, scopes, function, argument):
    """(scope, reference) of what every call gives for an argument; None where that is no asset
    when the saved objects make the call, or nobody is known to."""
    signature = next(
        f.signature for f in graph.graph_def.library.function if f.signature.name == function
    )
    names = [given.name for given in signature.input_arg]
    if argument not in names:
        return None
    place = names.index(argument)
    saved = graph.object_graph_def
    if function in saved.concrete_functions:
        bound = saved.concrete_functions[function].bound_inputs
        number = place - (len(names) - len(bound))
        if number < 0 or not 0 <= bound[number] < len(saved.nodes):
            return None
        if saved.nodes[bound[number]].WhichOneof("kind") != "asset":
            return None
    sources = []
    for scope, nodes in scopes.items():
        for node in nodes.values():
            if function in _calls(node, {function}):
                inputs = [text for text in node.input if not text.startswith("^")]
                sources.append((scope, inputs[place] if place < len(inputs) else ""))
    return sources


def _assigned(nodes, handle):
    """(scope, reference) of all that is assigned to a variable of the main graph; None where
    something else may write to it."""
    uses = [node for node in nodes.values() if handle in node.input]
    kinds = {"AssignVariableOp", "ReadVariableOp", "VarIsInitializedOp"}
    if not {node.op for node in uses} <= kinds:
        return None
    return [(None, node.input[1]) for node in uses if node.op == "AssignVariableOp"]
