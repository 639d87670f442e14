"""Which variables the restore operation of an export fills, and which of them a signature reads."""

import os
from typing import NamedTuple

from helpers.artifact.saved_model import directory_of, serving_graph
from helpers.display.html_table import table
from helpers.text import in_columns, printable

HEAD = ("variable", "restore", "signature")


class RestoredAndRead(NamedTuple):
    """The variables of one graph.

    Parameters
    ----------
    restored, read : list of str
        The names of those that the restore operation fills, and of those that the signature reads.
    """

    restored: list[str]
    read: list[str]

    def rows(self) -> list[tuple[str, str, str]]:
        """Return a row for each variable: its name, what restore does, what the signature does."""
        return [
            (
                printable(name),
                "✓ fills" if name in self.restored else "✗ leaves empty",
                "reads" if name in self.read else "",
            )
            for name in sorted({*self.restored, *self.read})
        ]

    def __str__(self) -> str:
        if not self.rows():
            return "no variables: the graph has only constants"
        return in_columns([HEAD, *self.rows()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return table(HEAD, self.rows()) if self.rows() else f"<p>{self}</p>"


def restored_and_read(
    directory: str | os.PathLike, key: str = "serving_default"
) -> RestoredAndRead:
    """Find which variables the restore operation fills, and which variables a signature reads.

    If a signature reads a variable that the restore operation does not fill, then a program that
    loads the export with the session loader reads uninitialized variables.

    Parameters
    ----------
    directory : str or path
    key : str
        The signature.

    Returns
    -------
    RestoredAndRead
        Two lists, `restored` and `read`. A notebook shows them as one table.

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export.
    KeyError
        If the export has no signature `key`.
    """
    graph = serving_graph(directory_of(directory))
    nodes = {node.name: node for node in graph.graph_def.node}

    def variables_above(name):
        seen, waiting = set(), [name]
        while waiting:
            name = waiting.pop().split(":")[0].lstrip("^")
            if name in nodes and name not in seen:
                seen.add(name)
                waiting += nodes[name].input
        return {name for name in seen if nodes[name].op == "VarHandleOp"}

    if key not in graph.signature_def:
        keys = sorted(key for key in graph.signature_def if not key.startswith("__"))
        raise KeyError(f"no signature {key!r}: the export has {', '.join(keys) or 'none'}")
    outputs = graph.signature_def[key].outputs.values()
    read = set().union(*(variables_above(output.name) for output in outputs))
    restored = variables_above(graph.saver_def.restore_op_name)
    return RestoredAndRead(sorted(restored), sorted(read))
