"""Tell whether `make runtimes` has installed what a runtime needs."""

from pathlib import Path


def not_installed(what: str, stamp: Path, lock: Path) -> str:
    """Return a sentence that says what is missing, or "" when nothing is.

    Parameters
    ----------
    what : str
        the packages, as the subject of the sentence, in the plural
    stamp : Path
        a copy of the lock, which `make runtimes` writes when all is installed
    lock : Path
    """
    if not stamp.exists():
        return f"{what} are not installed: make runtimes"
    if stamp.read_bytes() != lock.read_bytes():
        return f"{what} are installed in other versions than the course's: make runtimes"
    return ""
