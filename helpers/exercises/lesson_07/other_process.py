"""A learner's function as it would be in another process: without what it remembers here, and
with another salt of hash(), another process number or another time.
"""

import builtins
import contextlib
import copy
import datetime
import functools
import os
import time
import types
from unittest import mock

from helpers.exercises.learner_code import NOT_THEIRS

LATER = datetime.timedelta(days=100, hours=7, minutes=13, seconds=17)
HASH, TIME, LOCAL, GMT, FORMAT = hash, time.time, time.localtime, time.gmtime, time.strftime
CACHED = type(functools.cache(len))


def later():
    return TIME() + LATER.total_seconds()


class LaterDatetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + LATER

    @classmethod
    def today(cls):
        return super().today() + LATER


class LaterDate(datetime.date):
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
def elsewhere(function, changes):
    """Yields a `twin` of the function, for which some names mean something else meanwhile.

    changes : {(module, name): what it means}
    """
    instead = {id(getattr(module, name)): value for (module, name), value in changes.items()}
    with contextlib.ExitStack() as stack:
        for (module, name), value in changes.items():
            stack.enter_context(mock.patch.object(module, name, value))
        yield twin(function, instead)


def twin(function, instead=()):
    """A copy that shares no memory with the function: what one keeps, the other does not know.

    Memory is what lies in global names, closures, defaults, attributes and functools.cache, also
    of the learner's functions that it calls; not what a module, a class or a file keeps.

    instead : {id of an object: what the copy finds in its place}
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
            with contextlib.suppress(Exception):  # a lock, for example: then both have it
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
        made[id(value)] = new  # first, since it may name itself
        new.__defaults__, new.__kwdefaults__ = of(value.__defaults__), of(value.__kwdefaults__)
        vars(new).update(of(vars(value)))
        for name in _names(value.__code__) & names.keys():
            names[name] = of(names[name])
        for before, after in zip(old, cells, strict=True):
            with contextlib.suppress(ValueError):  # an empty cell
                after.cell_contents = of(before.cell_contents)

    return of(function)


def _names(code):
    """What the code may look up among global names, with that of the functions inside it."""
    inner = (one for one in code.co_consts if isinstance(one, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))
