"""What a check needs from the notebook: its objects, and the source of its cells."""

import ast
import linecache
import os
import symtable
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.exercises.outcomes import NotYet

AGAIN = "Run the cells above once more (Run > Run All Above Selected Cell), then this cell"
# Cells of a notebook call these; in another process they are not needed.
OF_THE_PAGE = ("lesson", "start", "get_ipython", "show_error")


def kernel_names() -> Mapping[str, Any]:
    """Return the names of the notebook and their objects; without a notebook, none."""
    try:
        from IPython import get_ipython
    except ImportError:
        return {}
    shell = get_ipython()
    return {} if shell is None else shell.user_ns


def needed(notebook: Mapping[str, Any], name: str) -> Any:
    """Return an object of the notebook.

    Raises
    ------
    NotYet
        If the notebook has no such name, or if it is still `...`.
    """
    if notebook.get(name, ...) is ...:
        raise NotYet(f"this check needs {name} of the notebook, which is not there. {AGAIN}.")
    return notebook[name]


def changed(name: str, words: str) -> NotYet:
    """Return the NotYet for an object of the notebook that is not what its page made.

    Parameters
    ----------
    name : str
        The name in the notebook.
    words : str
        What it should be, and what it is: "should compute y = 2x + 1, but answers 3 for x = 0".
    """
    return NotYet(f"this check compares with {name} of the notebook. {name} {words}. {AGAIN}.")


def name_of(notebook: Mapping[str, Any], value: Any) -> str:
    """Return the name that an object has in the notebook, or else its own name.

    Raises
    ------
    NotYet
        If it has no name, as a lambda that was written inside the call of the check.
    """
    for name, found in list(notebook.items()):
        if found is value and not name.startswith("_"):
            return name
    name = getattr(value, "__name__", "")
    if not name.isidentifier():
        raise NotYet(
            "your function should have a name, because the check runs its cell again in another "
            "process. Define it with def, and give the name to the check."
        )
    return name


def history(notebook: Mapping[str, Any]) -> list[str]:
    """Return the source of the cells that were run, the oldest first.

    Some programs run the cells of a notebook without storing them in its history, "In". Python
    keeps the source of these cells for tracebacks.
    """
    kept = [
        "".join(entry[2])
        for file, entry in list(linecache.cache.items())
        if f"ipykernel_{os.getpid()}" in file and len(entry) > 2
    ]
    return [*kept, *(cell for cell in notebook.get("In", ()) if isinstance(cell, str))]


def source_of(name: str, cells: Sequence[str]) -> str:
    """Return the code that defines a name: its cell, after the statements that the cell needs.

    Parameters
    ----------
    name : str
        A function of the learner, for example.
    cells : sequence of str
        The cells that were run, the oldest first.

    Returns
    -------
    str
        Without the statements that use the lesson itself, such as its checks.

    Raises
    ------
    NotYet
        If no cell defines the name.
    """
    statements = [_statements(cell) for cell in cells]
    where = [number for number, cell in enumerate(statements) if _binding(cell, name)]
    if not where:
        raise NotYet(
            f"{name} should be defined in a cell of this notebook, because the check runs that "
            "cell again in another process. Run the cell that defines it."
        )
    kept = [node for node in statements[where[-1]] if not _is_of_the_page(node)]
    earlier = [node for cell in statements[: where[-1]] for node in cell]
    before: list[ast.stmt] = []
    bound: set[str] = set()
    _add_needed(kept, earlier, bound, before)
    return "\n".join(ast.unparse(node) for node in [*before, *kept])


def _statements(cell):
    try:
        return ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError):
        return []


def _bound(node):
    """Return the names that a statement binds at the top level of a cell."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return {
        found.id
        for found in ast.walk(node)
        if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store)
    }


def _used(nodes):
    """Return the global names that statements use, also in their functions, without local names."""
    source = "\n".join(map(ast.unparse, nodes))
    names, tables = set(), [symtable.symtable(source, "the cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        names |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module")
        }
    return names


def _binding(cell, name):
    return [node for node in cell if name in _bound(node)]


def _is_of_the_page(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return False
    return bool(_used([node]) & set(OF_THE_PAGE))


def _add_needed(nodes, earlier, bound, before):
    """Add to `before` the latest earlier statements that bind what `nodes` use, deepest first."""
    here = {name for node in nodes for name in _bound(node)}
    for name in sorted(_used(nodes) - here - bound):
        bound.add(name)
        found = [node for node in earlier if name in _bound(node) and not _is_of_the_page(node)]
        if found:
            _add_needed([found[-1]], earlier[: earlier.index(found[-1])], bound, before)
            before.append(found[-1])
