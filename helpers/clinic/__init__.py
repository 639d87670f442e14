"""The error clinic: real errors of exporting, each with a broken form, a cured one and a cause."""

from helpers.clinic import calling, keras_files, litert, loading, saving, silent
from helpers.clinic.case import GROUPS, Case, Works, Wrong
from helpers.errors.find import Found, find

_ROOMS = (saving, loading, keras_files, calling, litert, silent)

# key -> Case, in teaching order
CASES = {case.key: case for room in _ROOMS for case in room.CASES}

__all__ = ["CASES", "GROUPS", "Case", "Found", "Works", "Wrong", "find"]
