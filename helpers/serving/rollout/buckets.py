"""A user's bucket: a hash that is the same in every process and language."""

import hashlib
from numbers import Integral

from helpers.text import safe_repr

BUCKETS = 10_000


def bucket(user, salt=""):
    """The first 8 hexadecimal digits of SHA-256 of "SALT:USER" in UTF-8, modulo 10,000.

    Parameters
    ----------
    user : str or int
        17 and "17" are the same user
    salt : str
        another salt shuffles the users anew, so that not every canary meets the same ones

    Returns
    -------
    int
        0 to 9999
    """
    if isinstance(user, bool) or not isinstance(user, str | Integral):
        raise TypeError(f"a user is a text or a whole number, not {safe_repr(user)}")
    if user == "":
        raise ValueError("a user without a name has no bucket: the text is empty")
    if not isinstance(salt, str):
        raise TypeError(f"a salt is a text, not {safe_repr(salt)}")
    text = f"{salt}:{user if isinstance(user, str) else int(user)}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return int(digest[:8], 16) % BUCKETS
