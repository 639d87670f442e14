"""Print the system for which this Python installs packages: "Linux x86_64 glibc".

`make bundle` stores these words beside the packages, and the script `start.sh` compares them.
"""

import platform


def system() -> str:
    """Return the operating system, the processor, and the C library if there are several.

    Packages for glibc do not run with musl, the library of Alpine Linux.
    """
    return " ".join(filter(None, (platform.system(), platform.machine(), platform.libc_ver()[0])))


if __name__ == "__main__":
    print(system())
