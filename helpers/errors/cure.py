"""The cure of an error, for the text under a failing check."""

from helpers.errors.known_error import KnownError, known_errors


def cure(text: str) -> str:
    """Return what usually causes an error and what cures it.

    Parameters
    ----------
    text : str
        The error as `helpers.errors.messages.describe` gives it, "Type: message".

    Returns
    -------
    str
        The cause and the cure of the table's entry; "" if no entry matches.
    """
    error = entry(text)
    return f"{error.cause} {error.cure}" if error else ""


def entry(text: str) -> KnownError | None:
    """Return the table's entry for an error, or None.

    An entry with a mark that matches comes before one with a broad mark. Of two, an entry that
    refines the other comes first, and then the earlier one.
    """
    message = " ".join(text.split())
    errors = known_errors().values()
    matching = [error for error in errors if error.matches(message)]
    refined = {error.refines for error in matching}
    broadly = (error for error in errors if error.matches_broadly(message))
    return next((error for error in matching if error.key not in refined), next(broadly, None))
