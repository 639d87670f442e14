"""Whether an export prices what a client sends, and needs nothing but itself for it."""

import contextlib
from pathlib import Path

from helpers import readers
from helpers.exercises.export_checks import ALL, answers, require_any_batch, signature_of
from helpers.exercises.outcomes import require

KEY = "serving_default"
TOLERANCE = 1e-3  # of numbers below 1,000, and float32 arithmetic in another order
BATCHES = slice(None), slice(1)


def require_inputs(signature, wanted):
    """The inputs of a Signature must be those of {name: dtype}, with any number of rows."""
    found = {tensor.name: tensor.dtype for tensor in signature.inputs}
    for name, dtype in wanted.items():
        require(
            name in found,
            f"{signature.key} takes {', '.join(found) or 'nothing'}; an input named {name!r} is "
            "wanted.",
        )
        require(found[name] == dtype, f"{name} is {found[name]}; {dtype} is wanted.")
    more = ", ".join(sorted(found.keys() - wanted.keys()))
    require(not more, f"{signature.key} takes {more} as well; no client sends that.")
    require_any_batch(signature)


def require_prices(found, inputs, wanted, which=ALL):
    """The output `price` must be `wanted` (n, 1) for {name: (n, 1) array}, in the readers."""
    outputs = [tensor.name for tensor in signature_of(found, KEY).outputs]
    require(
        "price" in outputs,
        f"{KEY} answers with {', '.join(outputs)}; an output named 'price' is wanted.",
    )
    for reader in which:
        for batch in BATCHES:
            sent = {name: value[batch] for name, value in inputs.items()}
            value = answers(found, KEY, sent, reader)["price"]
            where = f"{KEY} in {readers.READERS[reader]}"
            require(
                value.shape == wanted[batch].shape and value.dtype.kind in "fiu",
                f"{where} gives a price of type {value.dtype} and shape {value.shape} for "
                f"{len(wanted[batch])} rows; one number for each, {wanted[batch].shape}, is "
                "wanted.",
            )
            for row, (got, right) in enumerate(zip(value, wanted[batch], strict=True)):
                given = ", ".join(f"{name}={v[row].item()}" for name, v in sent.items())
                require(
                    abs(got.item() - right.item()) <= TOLERANCE,
                    f"{where} answers {got.item():.3g} for {given}; {right.item():.3g} is wanted.",
                )


def files_of_the_graph(directory):
    """Names of the files of this machine whose paths are constants of the export's graph.

    A path that is not absolute leads from where this process works, as the clean process does.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    model.ParseFromString((directory / "saved_model.pb").read_bytes())
    names = set()
    for graph in (meta_graph.graph_def for meta_graph in model.meta_graphs):
        for node in [*graph.node, *(n for f in graph.library.function for n in f.node_def)]:
            for value in node.attr["value"].tensor.string_val if node.op == "Const" else ():
                with contextlib.suppress(OSError, ValueError):  # no text, or none of a path
                    path = Path(value.decode())
                    if path.is_file():
                        names.add(path.name)
    return sorted(names)
