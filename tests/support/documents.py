"""Documents with one mistake, for the tests of their schemas."""

import copy
from collections.abc import Sequence
from typing import Any


def changed(document: Any, path: Sequence[str | int], value: Any) -> Any:
    """Return a copy of a document with one field changed, or removed if `value` is None.

    Parameters
    ----------
    document : dict or list
        What YAML or JSON gives.
    path : sequence of str or int
        The keys that lead to the field.
    value : object
    """
    place = found = copy.deepcopy(document)
    *above, last = path
    for name in above:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return found
