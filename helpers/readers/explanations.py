"""The error of a reader as a report shows it: its text, and what causes and cures it."""

from helpers.errors.cure import cure
from helpers.readers import compiled_programs, litert_reasons, old_exports
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
        The error, cut where it is too long. The reason of LiteRT's converter is not cut.
    str
        The cause and the cure, or "" if the table of known errors has no entry.
    """
    reason, found, _ = error.partition(litert_reasons.SAYS)
    text = reason if found else shorten(error, MOST)
    own = (home.cure_of(error) for home in (litert_reasons, old_exports, compiled_programs))
    return text, next(filter(None, own), "") or cure(error)
