"""What `make runtimes` has installed."""


def not_installed(what, stamp, lock):
    """The sentence that says so where `stamp`, which `make runtimes` writes last, is not `lock`."""
    if not stamp.exists():
        return f"{what} are not installed: make runtimes"
    if stamp.read_bytes() != lock.read_bytes():
        return f"{what} are installed in other versions than the course's: make runtimes"
    return ""
