"""Start a lesson's server again that has ended without requests; see `server.idle`."""

import threading
from collections.abc import Callable

_wakers: dict[str, Callable[[], object]] = {}  # by address
_lock = threading.RLock()  # a waker sends requests, too


def register(addresses: tuple[str, ...], waker: Callable[[], object]) -> None:
    """Call a function before each request of this process to an address.

    Parameters
    ----------
    addresses : tuple of str
        like "http://127.0.0.1:8501" or "127.0.0.1:8500"
    waker : callable
        Function without arguments. It starts the server again if that is necessary.
    """
    _wakers.update(dict.fromkeys(addresses, waker))


def forget(addresses: tuple[str, ...], waker: Callable[[], object]) -> None:
    """Take back `register`, unless a newer server has the address."""
    for address in addresses:
        if _wakers.get(address) == waker:
            del _wakers[address]


def wake(address: str) -> None:
    """Start the server at an address again, if it is one of this process and has ended when idle.

    Parameters
    ----------
    address : str
        An address, or a URL that begins with it.
    """
    for known, waker in list(_wakers.items()):
        if address == known or address.startswith(f"{known}/"):
            with _lock:
                waker()
            return
