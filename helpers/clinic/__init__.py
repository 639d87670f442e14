"""The error clinic: the broken and the cured code of each known error."""

from helpers.clinic import (
    calling,
    keras_files,
    litert,
    litert_converter,
    loading,
    saving,
    silent,
)
from helpers.clinic.case import GROUPS, Case, Works, Wrong, join
from helpers.errors.find import Found, find
from helpers.errors.known_error import known_errors

_ROOMS = (saving, loading, keras_files, calling, litert_converter, litert, silent)

# key -> Case, in teaching order
CASES = join(known_errors(), {key: forms for room in _ROOMS for key, forms in room.FORMS.items()})

__all__ = ["CASES", "GROUPS", "Case", "Found", "Works", "Wrong", "find"]
