"""Simulate how a learner's function behaves in another process, without starting one.

The copy of the function does not share memory with the original, and can get another salt of
hash(), another process number or another time.
"""

import builtins
import contextlib
import copy
import datetime
import functools
import os
import time
import types
from collections.abc import Callable, Iterator
from unittest import mock

from helpers.exercises.learner_code import NOT_THEIRS

LATER = datetime.timedelta(days=100, hours=7, minutes=13, seconds=17)
HASH, TIME, LOCAL, GMT, FORMAT = hash, time.time, time.localtime, time.gmtime, time.strftime
CACHED = type(functools.cache(len))
Changes = dict[tuple[types.ModuleType, str], object]


def later() -> float:
    """Return `time.time()` of a later day, in seconds."""
    return TIME() + LATER.total_seconds()


class LaterDatetime(datetime.datetime):
    """A datetime whose present is a later day."""

    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + LATER

    @classmethod
    def today(cls):
        return super().today() + LATER


class LaterDate(datetime.date):
    """A date whose present is a later day."""

    @classmethod
    def today(cls):
        return super().today() + LATER


OTHER_HASH = {
    (builtins, "hash"): lambda value: (
        HASH(("salt", value)) if isinstance(value, str | bytes) else HASH(value)
    )
}
OTHER_NUMBER = {(os, "getpid"): lambda: os.getppid() + 4711}
OTHER_TIME = {
    (time, "time"): later,
    (time, "time_ns"): lambda: int(later() * 1e9),
    (time, "localtime"): lambda moment=None: LOCAL(later() if moment is None else moment),
    (time, "gmtime"): lambda moment=None: GMT(later() if moment is None else moment),
    (time, "strftime"): lambda form, moment=None: FORMAT(form, moment or LOCAL(later())),
    (datetime, "datetime"): LaterDatetime,
    (datetime, "date"): LaterDate,
}


@contextlib.contextmanager
def simulated_process(function: Callable, changes: Changes) -> Iterator[Callable]:
    """Yield an independent copy of a function, and replace names of modules in the meantime.

    Parameters
    ----------
    function : callable
    changes : dict of (module, str) to object
        the temporary value of each name of a module

    Yields
    ------
    callable
        see `independent_copy`
    """
    instead = {id(getattr(module, name)): value for (module, name), value in changes.items()}
    with contextlib.ExitStack() as stack:
        for (module, name), value in changes.items():
            stack.enter_context(mock.patch.object(module, name, value))
        yield independent_copy(function, instead)


def independent_copy(function: Callable, instead: dict[int, object] | tuple = ()) -> Callable:
    """Copy a function so that the copy shares no memory with the original.

    The memory consists of global names, closures, defaults, attributes and functools.cache, also of
    the learner's functions that the function calls. Modules, classes and files stay shared.

    Parameters
    ----------
    function : callable
    instead : dict of int to object
        replacements for the copy, by the id of the object that they replace

    Returns
    -------
    callable
    """
    made = dict(instead)

    def of(value):
        if id(value) in made:
            return made[id(value)]
        made[id(value)] = value
        if isinstance(value, CACHED):
            made[id(value)] = of(value.__wrapped__)
        elif isinstance(value, types.FunctionType):
            copy_function(value)
        elif not isinstance(value, types.ModuleType):
            with contextlib.suppress(
                Exception
            ):  # an object that cannot be copied, like a lock, stays shared
                made[id(value)] = copy.deepcopy(value)
        return made[id(value)]

    def copy_function(value):
        file = value.__code__.co_filename
        if file.startswith("<frozen ") or os.path.realpath(file).startswith(NOT_THEIRS):
            return
        old = value.__closure__ or ()
        cells = tuple(made.setdefault(id(cell), types.CellType()) for cell in old)
        names = dict(value.__globals__)
        new = types.FunctionType(value.__code__, names, value.__name__, None, cells)
        made[id(value)] = new  # before the rest, because the function may call itself
        new.__defaults__, new.__kwdefaults__ = of(value.__defaults__), of(value.__kwdefaults__)
        vars(new).update(of(vars(value)))
        for name in _names(value.__code__) & names.keys():
            names[name] = of(names[name])
        for before, after in zip(old, cells, strict=True):
            with contextlib.suppress(ValueError):  # an empty cell
                after.cell_contents = of(before.cell_contents)

    return of(function)


def _names(code):
    """Return the global names that the code can use, also in its inner functions."""
    inner = (one for one in code.co_consts if isinstance(one, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))
