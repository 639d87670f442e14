"""The lint of public signatures: `python -m tests.support.signatures` names each missing type hint.

A signature is public when a lesson or a module of another folder of `helpers/` uses its function or
class. Such a function has a type hint for each parameter and for what it returns; of such a class,
each public method and `__init__` have them.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from helpers.paths import ROOT

# The ONE list of files whose signatures are not complete yet. Shorten it, do not extend it.
NOT_YET = (
    "helpers/artifact/*",
    "helpers/benchmark/*",
    "helpers/clinic/*",
    "helpers/data.py",
    "helpers/display/*",
    "helpers/errors/*",
    "helpers/exercises/e*",
    "helpers/exercises/learner_code.py",
    "helpers/exercises/lesson_*",
    "helpers/exercises/outcomes.py",
    "helpers/__init__.py",
    "helpers/inspection/*",
    "helpers/models.py",
    "helpers/penguins/*",
    "helpers/processes/*",
    "helpers/readers/*",
    "helpers/runtimes/*",
    "helpers/scratch.py",
    "helpers/serving/*",
    "helpers/text.py",
    "helpers/training.py",
    "helpers/widgets/*",
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """One Python file.

    Attributes
    ----------
    file : str
        Its path below the course, with slashes.
    tree : ast.Module
    names : dict of str to (str, str)
        What it imports by name: {its name here: (module, its name there)}. For a whole module the
        second is "".
    defined : dict of str to ast.AST
        The functions and classes of its top level.
    """

    file: str
    tree: ast.Module
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    defined: dict[str, ast.AST] = field(default_factory=dict)


def read_modules(course: Path) -> dict[str, Module]:
    """Read the modules of `helpers/` and the lessons.

    Parameters
    ----------
    course : Path

    Returns
    -------
    dict of str to Module
        By dotted name: "helpers.readers.worker", "solutions.01_basic_export".
    """
    files = [*course.glob("helpers/**/*.py"), *course.glob("solutions/*.py")]
    modules = {}
    for path in sorted(files):
        file = path.relative_to(course)
        parts = file.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = Module(file.as_posix(), ast.parse(path.read_text(encoding="utf-8")))
    for module in modules.values():
        for node in module.tree.body:
            if isinstance(node, Function | ast.ClassDef):
                module.defined[node.name] = node
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    there = (whole, "") if whole in modules else (node.module, alias.name)
                    module.names[alias.asname or alias.name] = there
    return modules


def public_names(modules: dict[str, Module]) -> set[tuple[str, str]]:
    """Find what lessons and other folders use.

    Parameters
    ----------
    modules : dict of str to Module
        See `read_modules`.

    Returns
    -------
    set of (str, str)
        (module, name), where the name is defined.
    """
    found = set()
    for module in modules.values():
        used = {there for there in module.names.values() if there[1]}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name, attribute = module.names.get(node.value.id, ("", "")), node.attr
                if name[0] and not name[1]:
                    used.add((name[0], attribute))
        for there in used:
            home, name = _home(modules, *there)
            if home and Path(modules[home].file).parent != Path(module.file).parent:
                found.add((home, name))
    return found


def _home(modules: dict[str, Module], name: str, attribute: str) -> tuple[str, str]:
    """Follow a name to the module that defines it; ("", "") if no module of the course does."""
    seen = set()
    while name in modules and (name, attribute) not in seen:
        seen.add((name, attribute))
        if attribute in modules[name].defined:
            return name, attribute
        name, attribute = modules[name].names.get(attribute, ("", ""))
    return "", ""


def missing_hints(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Find the missing type hints of a function or class.

    Parameters
    ----------
    node : ast.AST

    Yields
    ------
    line : int
    sentence : str
    """
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, Function) and (part.name[0] != "_" or part.name == "__init__"):
                static = any(getattr(d, "id", "") == "staticmethod" for d in part.decorator_list)
                yield from _missing(part, f"{node.name}.{part.name}", skip=0 if static else 1)
    elif isinstance(node, Function):
        yield from _missing(node, node.name, skip=0)


def _missing(function: Function, name: str, skip: int) -> Iterator[tuple[int, str]]:
    given = function.args
    named = [*given.posonlyargs, *given.args][skip:]
    parameters = [*named, given.vararg, *given.kwonlyargs, given.kwarg]
    for parameter in parameters:
        if parameter is not None and parameter.annotation is None:
            yield function.lineno, f"{name} has no type hint for {parameter.arg}"
    if function.returns is None and function.name != "__init__":
        yield function.lineno, f"{name} has no type hint for what it returns"


def find(course: Path = ROOT, not_yet: tuple[str, ...] = NOT_YET) -> list[str]:
    """Find the missing type hints of a course's public signatures.

    Parameters
    ----------
    course : Path
    not_yet : tuple of str
        Patterns of the files to leave out.

    Returns
    -------
    list of str
        `file:line: sentence`, sorted by file and line.
    """
    modules = read_modules(course)
    found = []
    for name, attribute in public_names(modules):
        module = modules[name]
        if not any(fnmatchcase(module.file, pattern) for pattern in not_yet):
            node = module.defined[attribute]
            found += [(module.file, line, what) for line, what in missing_hints(node)]
    return [f"{file}:{line}: {what}" for file, line, what in sorted(found)]


def main(arguments: list[str]) -> int:
    """Print each missing hint. With --all, those of the files in NOT_YET too.

    Parameters
    ----------
    arguments : list of str

    Returns
    -------
    int
        The exit status: 1 if a hint is missing.
    """
    found = find(not_yet=() if "--all" in arguments else NOT_YET)
    print("\n".join(found), end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
