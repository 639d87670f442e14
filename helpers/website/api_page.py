"""The page of the functions and classes that lessons import from `helpers`."""

import ast
import importlib
import inspect
import types

from helpers.notebooks import derive, lesson_names

INTRODUCTION = """\
# What the lessons import

A lesson imports the names on this page from the package `helpers`. Each name has the lessons that
use it. The names of TensorFlow and Keras, which you need outside of the course, are not here.
"""


def imported_names() -> dict[tuple[str, str], list[str]]:
    """Return what the lessons import.

    Returns
    -------
    dict of (str, str) to list of str
        For each (module, name), the numbers of the lessons: {("helpers", "start"): ["01", ...]}.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for lesson in lesson_names():
        for cell in derive(lesson, "solutions").cells:
            if cell.cell_type != "code":
                continue
            for node in ast.walk(ast.parse(cell.source)):
                if not isinstance(node, ast.ImportFrom):
                    continue
                module = node.module or ""
                for alias in node.names if module.startswith("helpers") else []:
                    numbers = found.setdefault((module, alias.name), [])
                    if lesson[:2] not in numbers:
                        numbers.append(lesson[:2])
    return dict(sorted(found.items()))


def api_page() -> str:
    """Return the page in MyST Markdown, with directives of Sphinx's autodoc."""
    parts = [INTRODUCTION]
    shown: list[object] = []  # some names stand in several modules
    for (module, name), lessons in imported_names().items():
        thing = getattr(importlib.import_module(module), name, None)
        if thing is None:
            thing = importlib.import_module(f"{module}.{name}")
        lines = _directives(module, name, thing, shown)
        body = "\n".join(lines)
        heading = f"## {module}.{name}\n\nLessons: {', '.join(lessons)}"
        parts.append(f"{heading}\n\n```{{eval-rst}}\n{body}\n```" if lines else heading)
    return "\n\n".join(parts) + "\n"


def _directives(module, name, thing, shown):
    if any(thing is each for each in shown):
        return []
    shown.append(thing)
    if isinstance(thing, types.ModuleType):
        first = (inspect.getdoc(thing) or "").partition("\n\n")[0]
        lines = [" ".join(first.split()), ""]
        for public in _public_names(thing):
            lines += _directives(thing.__name__, public, getattr(thing, public), shown)
        return lines
    if inspect.isclass(thing):
        return [f".. autoclass:: {module}.{name}", "   :members:", ""]
    if callable(thing):
        return [f".. autofunction:: {module}.{name}", ""]
    return [f".. py:data:: {module}.{name}", f"   :type: {type(thing).__name__}", ""]


def _public_names(module):
    own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__]
    names = getattr(module, "__all__", own)
    return [n for n in names if not n.startswith("_") and not inspect.ismodule(vars(module)[n])]
