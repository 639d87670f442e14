"""Notice whether a notebook has changed the course, Python or NumPy in its own process."""

import builtins
import inspect
import json
import math
import operator
import random
import sys
import time
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

WATCHED = (builtins, inspect, json, math, operator, random, time, np, np.testing)
OF_THE_KERNEL = {"input", "display", "get_ipython", "exit", "quit", "_", "copyright", "credits"}


class CourseState:
    """The functions and classes of the course, and of what its checks use, as they are now.

    A notebook is free to do anything in its own process. So this finds what is changed by a plain
    assignment, and not what a program hides with care.
    """

    def __init__(self) -> None:
        self._modules = [*WATCHED, *_modules_of_course()]
        self._kept = {module.__name__: _content(vars(module)) for module in self._modules}

    def changes(self) -> list[str]:
        """Return the names of what is different now, such as "helpers.data.penguins"."""
        found = []
        for module in self._modules:
            before, now = self._kept[module.__name__], _content(vars(module))
            if sys.modules.get(module.__name__) is not module:
                found.append(module.__name__)
            names = (name for name in before if not _same(before[name], now.get(name)))
            found += [f"{module.__name__}.{name}" for name in names]
        return found


def _modules_of_course():
    return [
        module
        for name, module in list(sys.modules.items())
        if name.split(".")[0] == "helpers"
        and not name.startswith("helpers.teaching")
        and isinstance(module, ModuleType)
    ]


def _content(names) -> dict[str, tuple[Any, ...]]:
    """Return {name: what identifies it} of functions, classes and constants, and of methods."""
    content = {}
    for name, value in list(names.items()):
        if name in OF_THE_KERNEL or name == "__builtins__":
            continue
        constant = name.isupper() and isinstance(value, str | int | float | tuple | frozenset)
        if isinstance(value, FunctionType):
            content[name] = value, value.__code__, value.__defaults__, value.__kwdefaults__
        elif constant or callable(value) or isinstance(value, ModuleType):
            content[name] = (value,)
        if isinstance(value, type) and str(value.__module__).split(".")[0] == "helpers":
            members = {key: _inner(member) for key, member in vars(value).items()}
            content |= {f"{name}.{key}": inner for key, inner in _content(members).items()}
    return content


def _inner(member):
    if isinstance(member, staticmethod | classmethod):
        return member.__func__
    if isinstance(member, property):
        return member.fget
    return member


def _same(before, now):
    return now is not None and all(a is b for a, b in zip(before, now, strict=False))
