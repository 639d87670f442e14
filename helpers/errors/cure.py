"""The cure of an error, for the text under a failing check."""

from helpers.errors.known_error import KnownError, known_errors, most_special
from helpers.errors.shapes import shape_advice

SHAPE = "shape-refused"  # the entry whose message names the two shapes


def cure(text: str, value: object = None, traceback: str = "") -> str:
    """Return what usually causes an error and what cures it.

    Parameters
    ----------
    text : str
        The error as `helpers.errors.messages.describe` gives it, "Type: message".
    value : object, optional
        The list that was passed to a signature, for the example of a shape.
    traceback : str, optional
        The traceback above the error. Some errors have words that its functions tell apart.

    Returns
    -------
    str
        The cause and the cure of the table's entry; "" if no entry matches. For two shapes that
        differ, what differs.
    """
    error = entry(text, traceback)
    if error is None:
        return ""
    advice = shape_advice(text, value) if error.key == SHAPE else ""
    return advice or f"{error.cause} {error.cure}"


def entry(text: str, traceback: str = "") -> KnownError | None:
    """Return the table's entry for an error, or None.

    An entry with a mark that matches comes before one with a broad mark. Of two, an entry that
    refines the other comes first, and then the earlier one.
    """
    message = " ".join(text.split())
    errors = known_errors().values()
    matching = most_special([error for error in errors if error.matches(message, traceback)])
    broadly = most_special([error for error in errors if error.matches_broadly(message)])
    return next(iter(matching or broadly), None)
