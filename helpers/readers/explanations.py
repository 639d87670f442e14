"""The error of a reader as a report shows it: its text, and what causes and cures it."""

from helpers.errors.cure import cure
from helpers.readers import old_exports
from helpers.text import shorten

MOST = 160  # characters of an error


def explained(error: str) -> tuple[str, str]:
    """Return the error of a reader on one line, and what causes and cures it.

    Parameters
    ----------
    error : str
        The error as "Type: message".

    Returns
    -------
    str
        The error, cut where it is too long.
    str
        The cause and the cure, or "" if the table of known errors has no entry.
    """
    return shorten(error, MOST), old_exports.cure_of(error) or cure(error)
