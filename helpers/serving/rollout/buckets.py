"""Assign users to buckets by a hash that is the same in every process and language."""

import hashlib
from numbers import Integral

from helpers.text import safe_repr

BUCKETS = 10_000


def bucket(user: str | int, salt: str = "") -> int:
    """Return the bucket of a user.

    The bucket is the number in the first 8 hexadecimal digits of SHA-256 of "SALT:USER" in UTF-8,
    modulo 10,000.

    Parameters
    ----------
    user : str or int
        17 and "17" are the same user
    salt : str
        a different salt assigns the users differently, so that not all canaries get the same users

    Returns
    -------
    int
        0 to 9999

    Raises
    ------
    TypeError
        the user is neither str nor int, or the salt is not a str
    ValueError
        the user is ""
    """
    if isinstance(user, bool) or not isinstance(user, str | Integral):
        raise TypeError(f"user must be a str or an int, not {safe_repr(user)}")
    if user == "":
        raise ValueError("user must not be an empty str")
    if not isinstance(salt, str):
        raise TypeError(f"salt must be a str, not {safe_repr(salt)}")
    text = f"{salt}:{user if isinstance(user, str) else int(user)}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return int(digest[:8], 16) % BUCKETS
