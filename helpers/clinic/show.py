"""A known error as text and as HTML, with its broken and its cured code side by side."""

import ast
import html
import importlib
import inspect
from collections.abc import Callable
from functools import cache

from helpers.display.palette import BORDER, CODE_BACKGROUND, TEXT
from helpers.errors import show
from helpers.errors.known_error import KnownError

ROOM = "helpers.clinic."
RESULTS = ROOM + "case"  # Works and Wrong: names of the tests, not code of the error

# Two columns where both have room, else one below the other.
COLUMNS = "display:flex;flex-wrap:wrap;gap:.8em;margin:.8em 0"
COLUMN = "flex:1 1 25em;min-width:0;margin:0"
CODE = (
    # Lines break between words. Without a width of its own, a word that is wider than its column
    # would widen the whole widget instead of scrolling.
    "width:0;min-width:100%;box-sizing:border-box;overflow-x:auto;white-space:pre-wrap;"
    "word-break:normal;overflow-wrap:normal;"
    "margin:.3em 0 0;padding:.5em .8em;line-height:1.4;"
    "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);"
    f"color:{TEXT};background:{CODE_BACKGROUND};border:1px solid {BORDER}"
)


def as_text(error: KnownError, broken: Callable, cured: Callable) -> str:
    """Return a known error as text, with the source of its broken and its cured function."""
    parts = [show.as_text(error)]
    parts += [f"{caption}:\n\n{code}" for caption, code in _codes(error, broken, cured)]
    return "\n\n".join(parts)


def as_html(error: KnownError, broken: Callable, cured: Callable) -> str:
    """Return a known error as HTML, with the broken beside the cured code."""
    left, right, *below = [_figure(*each) for each in _codes(error, broken, cured)]
    columns = f"<div style='{COLUMNS}'>{left}{right}</div>"
    return f"{show.as_html(error)}{columns}{''.join(below)}"


def code_of(function: Callable) -> str:
    """Return the source of a broken or a cured function."""
    return inspect.getsource(function).rstrip()


def shared_code(*functions: Callable) -> str:
    """Return the source of the functions and constants of the clinic that `functions` use.

    Definitions stand before the code that uses them; "" if there are none.
    """
    found: dict[str, str] = {}
    for function in functions:
        own = {each.__name__ for each in functions}
        _collect(function.__module__, code_of(function), own, found)
    return "\n\n".join(found.values())


def _codes(error, broken, cured):
    """Yield (caption, code) of the broken form, of the cured one, and of what they share."""
    fails = f"raises {error.exception}" if error.exception else "gives a wrong answer"
    yield f"Broken ({fails})", code_of(broken)
    yield "Cured (gives the expected numbers)", code_of(cured)
    if shared := shared_code(broken, cured):
        yield "Used above", shared


def _figure(caption, code):
    label = html.escape(caption, quote=True)
    # A region that scrolls must be reachable with the keyboard.
    return (
        f"<figure style='{COLUMN}'><figcaption><b>{label}</b></figcaption>"
        f"<pre tabindex='0' role='region' aria-label='Code: {label}' style='{CODE}'>"
        f"{html.escape(code)}</pre></figure>"
    )


def _collect(module, code, known, found):
    """Add to `found` the definitions of `module` that `code` uses, deepest first."""
    definitions, imported = _top_level(module)
    for name in _names(code):
        if name in found or name in known:
            continue
        if name in definitions:
            _collect(module, definitions[name], known | {name}, found)
            found.setdefault(name, definitions[name])
        elif name in imported and imported[name] != RESULTS:
            source = _top_level(imported[name])[0][name]
            _collect(imported[name], source, known | {name}, found)
            found.setdefault(name, source)


def _names(code):
    """The names that `code` reads, in the order of their first use."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(node.id for node in sorted(nodes, key=lambda n: n.lineno)))


@cache
def _top_level(module):
    """({name: source} of a module's definitions, {name: module} of the clinic that it imports)."""
    source = inspect.getsource(importlib.import_module(module))
    definitions, imported = {}, {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            first = min(each.lineno for each in (node, *node.decorator_list))
            lines = source.splitlines()[first - 1 : node.end_lineno]
            definitions[node.name] = "\n".join(lines)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            definitions[node.targets[0].id] = ast.get_source_segment(source, node)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith(ROOM):
            imported |= {alias.name: node.module for alias in node.names}
    return definitions, imported
