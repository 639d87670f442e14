"""A gate for untrusted exports: reasons not to load one, and the limits of such a check.

A SavedModel is a program. The gate reads the export and never loads it. First it runs
`saved_model_cli scan` and reads its output, because its exit status is always 0. Then it inspects
every operation of every graph and function itself, because scan leaves some functions out.
"""

import os
import re
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from helpers import readers
from helpers.artifact.saved_model import NotAnArtifact, directory_of, saved_model
from helpers.display.html_table import marked, table
from helpers.inspection.dangerous_operations import EFFECT, FROM_FILE, RESTORERS, SAVERS, SETTINGS
from helpers.inspection.explore import explore, plain_name
from helpers.text import printable

LIMITS = (
    "a dangerous operation that is not in its list",
    "whether the numbers are right: weights can be made to give wrong answers to chosen inputs",
    "how long it runs and how much memory it takes: harmless operations can form a loop without "
    "an end",
    "bugs in TensorFlow itself that a prepared file can use",
    "what a PyFunc would call: the export contains only the number of the function",
)
ADVICE = (
    "Load an untrusted export in a process that has no access to your files, your rights and your "
    "network."
)


@dataclass(frozen=True)
class Verdict:
    """The result of the gate for one export.

    Parameters
    ----------
    name : str
        The name of the directory.
    reasons : tuple of str
        Reasons not to load the export. Empty if the gate found nothing.
    scan : str
        The output of `saved_model_cli scan`, or "" if it failed.
    limits : tuple of str
        What the gate cannot see.
    """

    name: str
    reasons: tuple[str, ...]
    scan: str
    limits: tuple[str, ...] = LIMITS

    @property
    def ok(self) -> bool:
        """Whether the gate found nothing. The export can still be dangerous: see `limits`."""
        return not self.reasons

    def __bool__(self) -> bool:
        return self.ok

    @property
    def headline(self) -> str:
        """The name and the result in one line."""
        if self.ok:
            return f"{self.name}/: ✓ nothing found"
        reasons = "reason" if len(self.reasons) == 1 else "reasons"
        return f"{self.name}/: ✗ {len(self.reasons)} {reasons} not to load it"

    def __str__(self) -> str:
        return "\n".join([self.headline, *(f"  - {reason}" for reason in self.reasons)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(reason,) for reason in self.reasons[:50]]
        shown = table(("reasons not to load it",), rows) if rows else ""
        return f"<p>{marked(self.headline)}</p>{shown}"


def gate(directory: str | os.PathLike) -> Verdict:
    """Look for reasons not to load an export, without loading it. Never raises.

    Parameters
    ----------
    directory : str or path
        If it is not an export, that is one of the reasons.

    Returns
    -------
    Verdict
        It is true if the gate found nothing.
    """
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
            reasons.append(
                "two of its operations or functions have the same name, so one may hide the other"
            )
        for op, where in _reaching(graph):
            seen.setdefault(op, []).append(where)
    for op in by_scan - seen.keys() - SAVERS - SETTINGS.keys() - {*FROM_FILE}:
        seen[op] = ["what scan reads"]  # the file has changed since the gate read it
    for op, places in sorted(seen.items()):
        effect = EFFECT.get(op, "is not an operation of this TensorFlow, so its effect is unknown")
        hidden = "" if op in by_scan else "; scan did not see it"
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        reasons.append(f"{printable(op)} {effect} (in {printable(places[0])}{more}{hidden})")
    return Verdict(found.name, tuple(reasons), said)


def effects_of(directory: str | os.PathLike) -> dict[str, str]:
    """Find the operations of an export that do more than compute, without loading it.

    Parameters
    ----------
    directory : str or path

    Returns
    -------
    dict of str to str
        What each operation does: {"WriteFile": "writes files"}. Left out is what every export
        needs, to save and restore its weights, and to read its assets.

    Raises
    ------
    NotAnArtifact
        If it is not an export.
    """
    graphs = saved_model(directory_of(directory)).meta_graphs
    found = {op for graph in graphs for op, _ in _reaching(graph)}
    return {op: EFFECT[op] for op in sorted(found & EFFECT.keys())}


def _scan(directory, graphs, reasons):
    """Return the output of scan and the operations in it. No output is a reason as well."""
    try:
        denied = ",".join(sorted(EFFECT))
        said, _ = readers.saved_model_cli("scan", directory, "--op_denylist", denied)
    except (readers.ReaderError, NotAnArtifact):
        said = ""
    named, lines = set(), said.splitlines()
    for line in lines:
        # The line begins with a tag of the graph, which may contain any text: read only its end.
        end = re.search(r" (contains the following|does not contain the default) denylisted "
                        r"ops: \{([^{}]*)\}$", line)  # fmt: skip
        if end is None:
            lines = []
            break
        if end[1].startswith("contains"):
            named |= set(re.findall(r"'(\w+)'", end[2]))
    if len(lines) != graphs:  # no line for an export without graphs
        reasons.append("saved_model_cli scan could not say anything about it")
    return said, named


def _repeats_a_name(graph_def):
    names = [[node.name for node in graph_def.node]]
    names.append([function.signature.name for function in graph_def.library.function])
    names += [[node.name for node in f.node_def] for f in graph_def.library.function]
    return any(len(set(group)) < len(group) for group in names)


def _reaching(graph):
    """Yield (operation, where) for all operations of a MetaGraphDef that do more than compute.

    Left out is what every export needs: to save and restore its weights, and to read its assets.
    """
    import tensorflow as tf

    library = {f.signature.name: f for f in graph.graph_def.library.function}
    by_node, by_function = _saving(graph, library)
    # The key of the main graph is None, because a function may have any name, even "".
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
            # The input that gives the name of the file: of the checkpoint, or of a vocabulary.
            place, files = (0, checkpoint) if node.op in may else (1, assets)
            file = [*node.input, "", ""][place]
            named = node.op in may or node.op in FROM_FILE
            if named and _comes_from(files, graph, scopes, scope, file):
                continue
            yield node.op, "the main graph" if main else f"function {plain_name(scope)}"


def _set_harmless(node):
    """Say whether an attribute of the node says that it uses no file."""
    if node.op not in SETTINGS:
        return False
    attribute, default, harmless = SETTINGS[node.op]
    if attribute not in node.attr:
        return re.fullmatch(harmless, default) is not None
    value = node.attr[attribute]  # in a function, the caller may set it
    said = value.s.decode("utf-8", "replace")
    return value.WhichOneof("value") == "s" and re.fullmatch(harmless, said) is not None


def _output(reference):
    """Return the name of a tensor of the main graph with the number of the output."""
    return reference if ":" in reference else f"{reference}:0"


def _calls(node, library):
    """Return the library functions that a node refers to for any purpose."""
    names = [node.op]
    for value in node.attr.values():
        names += [value.func.name, *(function.name for function in value.list.func)]
    return [name for name in names if name in library]


def _reached(nodes, library):
    """Return the functions that these nodes call, directly or through others."""
    found, waiting = set(), [name for node in nodes for name in _calls(node, library)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [n for node in library[name].node_def for n in _calls(node, library)]
    return found


def _saving(graph, library):
    """Find the parts of the graph that only the saver uses, and the operations allowed in them.

    Every program that loads the export runs the part that restores, so that part may not save.
    Returns {node of the main graph: allowed operations} and {function: allowed operations}.
    """
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
    """Yield the nodes in the collections of TensorFlow 1. Some of them run during loading."""
    from tensorflow.core.framework.variable_pb2 import VariableDef

    for collection in graph.collection_def.values():
        yield from collection.node_list.value
        for data in collection.bytes_list.value:
            try:
                variable = VariableDef.FromString(data)
            except DecodeError:
                continue  # not a variable
            yield from (
                variable.initializer_name,
                variable.initial_value_name,
                variable.snapshot_name,
            )


def _comes_from(origins, graph, scopes, scope, reference):
    """Say whether a tensor is always one of these outputs of the main graph, unchanged."""
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
    """Return (scope, reference) of what each call of a function gives for an argument.

    Returns None if the argument is unknown, or if the saved objects give it something that is not
    an asset.
    """
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
    """Return (scope, reference) of every value that is assigned to a variable of the main graph.

    Returns None if another kind of operation may write to the variable.
    """
    uses = [node for node in nodes.values() if handle in node.input]
    kinds = {"AssignVariableOp", "ReadVariableOp", "VarIsInitializedOp"}
    if not {node.op for node in uses} <= kinds:
        return None
    return [(None, node.input[1]) for node in uses if node.op == "AssignVariableOp"]
