"""Match the inputs and outputs of a request with those of a signature."""

from collections.abc import Mapping, Sequence

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from helpers.serving.protocol.errors import ServingError, invalid
from helpers.serving.protocol.tensor_proto import from_proto
from helpers.serving.server import session_loader


class Signature:
    """A signature of a loaded graph.

    Parameters
    ----------
    definition : SignatureDef
    graph : helpers.serving.server.session_loader.LoadedGraph

    Attributes
    ----------
    definition : SignatureDef
    dtypes : dict of str to int
        dtype number of each input by name
    feeds, fetches : dict of str to TF_Output or ServingError
        the inputs and outputs by name; a ServingError if the graph has no such tensor
    defaults : dict of str to array
        the value of each input that may be missing, by name
    """

    def __init__(self, definition: SignatureDef, graph: session_loader.LoadedGraph) -> None:
        self.definition = definition
        self.dtypes = {name: definition.inputs[name].dtype for name in sorted(definition.inputs)}
        self.feeds = {n: _lookup(graph, i.name) for n, i in sorted(definition.inputs.items())}
        self.fetches = {n: _lookup(graph, o.name) for n, o in sorted(definition.outputs.items())}
        self.defaults = {n: from_proto(n, p) for n, p in definition.defaults.items()}

    def ends(self) -> tuple[dict, list]:
        """Return the feeds with the names of their tensors, and the fetches."""
        names = {feed: self.definition.inputs[n].name for n, feed in self.feeds.items()}
        return names, list(self.fetches.values())


def _lookup(graph, name):
    try:
        return graph.tensor(name)
    except ServingError as error:
        return error


def feeds_of(signature: Signature, inputs: Mapping) -> dict:
    """Return the values to feed for the inputs of a request.

    Parameters
    ----------
    signature : Signature
    inputs : mapping of str to array or TensorProto
        the value of each input by name

    Returns
    -------
    dict of TF_Output to array

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the inputs do not match the signature
    """
    sent = inputs.keys()
    if sent != signature.feeds.keys():
        _check_names(signature, sent)
    feeds = {}
    for alias, feed in signature.feeds.items():
        value = inputs.get(alias)
        if value is None:
            value = signature.defaults.get(alias)
        if value is None:
            raise invalid(
                f"Signature input alias: {alias}(feed name: "
                f"{signature.definition.inputs[alias].name}) not found in request and no default "
                f"value provided. Inputs expected to be in the request {{{','.join(sorted(sent))}}}"
                f", or default input alias set: {','.join(sorted(signature.defaults))}"
            )
        feeds[feed] = value if isinstance(value, np.ndarray) else from_proto(alias, value)
    if unknown := sent - signature.feeds.keys():
        raise invalid(
            "Inputs contains invalid name. Used request inputs: ",
            ",".join(sorted(sent - unknown)),
            ", request input: ",
            ",".join(sorted(sent)),
        )
    return feeds


def _check_names(signature, sent):
    """Refuse too many inputs, and too few inputs if the signature has no defaults."""
    known = signature.feeds.keys()
    if len(sent) > len(known) or (len(sent) < len(known) and not signature.defaults):
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(known)} "
            f"len({{{','.join(sorted(sent))}}}) != len({{{','.join(sorted(known))}}}). "
            f"Sent extra: {{{','.join(sorted(sent - known))}}}. "
            f"Missing but required: {{{','.join(sorted(known - sent))}}}."
        )


def chosen_fetches(fetches: dict, output_filter: Sequence[str]) -> dict:
    """Return the fetches that a request chooses, in the order of the request.

    Parameters
    ----------
    fetches : dict of str to TF_Output
        all outputs of a signature by name
    output_filter : sequence of str
        names of outputs

    Returns
    -------
    dict of str to TF_Output

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; a name is unknown or occurs twice
    """
    chosen = {}
    for alias in output_filter:
        if alias not in fetches:
            raise invalid(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {{{','.join(sorted(fetches))}}}."
            )
        if alias in chosen:
            raise invalid("duplicate output tensor alias: ", alias)
        chosen[alias] = fetches[alias]
    return chosen
