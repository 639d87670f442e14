"""Find out which user of this computer is at the other end of a TCP connection.

A UNIX socket names the user of its other end, and a TCP socket does not. So Linux is asked for the
owner of the other socket: over netlink, which looks up one connection, or in the list of all
connections under /proc. On other systems, psutil lists the connections of the processes of this
user. An answer that is not clear counts as another user.
"""

import contextlib
import ipaddress
import os
import socket
import struct
import sys
import time
from pathlib import Path

_SOCK_DIAG, _BY_FAMILY, _REQUEST, _ERROR = 4, 20, 1, 2  # NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY
_HEAD = struct.Struct("=IHHII")  # nlmsghdr
_COOKIE = b"\xff" * 8  # any socket
_MESSAGE = struct.Struct("=BBBBIIIII")  # inet_diag_msg after its socket: uid is the fourth I
_SOCKET_BYTES = 48  # of inet_diag_sockid
_SECONDS = 2  # for which psutil's answer, which takes long, is used again

Address = tuple[str, int]
_seen: dict[tuple[Address, Address], float] = {}


def is_own(local: Address, remote: Address) -> bool:
    """Return whether a process of this user has the other end of a TCP connection.

    Parameters
    ----------
    local, remote : (str, int)
        the address and port of this end and of the other end

    Returns
    -------
    bool
        False also when the other end is on another computer or is closed already
    """
    local, remote = local[:2], remote[:2]
    if sys.platform.startswith("linux"):
        return owner(local, remote) == os.getuid()
    return _is_own_by_processes(local, remote)


def owner(local: Address, remote: Address) -> int | None:
    """Return the user number of the other end on Linux, or None if no such socket is here."""
    for version in _spellings(local, remote):
        with contextlib.suppress(OSError, struct.error):
            return _by_netlink(*version)
    return _by_list(local, remote)


def _spellings(local, remote):
    """Yield the ends as the other socket may name them: IPv4 addresses also in IPv6 form."""
    ends = [(ipaddress.ip_address(host.partition("%")[0]), port) for host, port in (remote, local)]
    plain = [(getattr(ip, "ipv4_mapped", None) or ip, port) for ip, port in ends]
    yield plain
    if all(ip.version == 4 for ip, _ in plain):
        yield [(ipaddress.ip_address(f"::ffff:{ip}"), port) for ip, port in plain]


def _by_netlink(source, target):
    """Ask for the owner of the socket from `source` to `target`; OSError without such a socket."""
    family = socket.AF_INET if source[0].version == 4 else socket.AF_INET6
    looked_for = struct.pack("!HH", source[1], target[1])
    looked_for += source[0].packed.ljust(16, b"\0") + target[0].packed.ljust(16, b"\0")
    looked_for += struct.pack("=I", 0) + _COOKIE
    order = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + looked_for
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as line:  # pyrefly: ignore
        line.settimeout(1)
        line.sendto(_HEAD.pack(_HEAD.size + len(order), _BY_FAMILY, _REQUEST, 1, 0) + order, (0, 0))
        reply = line.recv(4096)
    _, kind, *_ = _HEAD.unpack_from(reply)
    if kind == _ERROR:
        raise OSError(-struct.unpack_from("=i", reply, _HEAD.size)[0], "no such socket")
    found = _HEAD.size + 4  # after family, state, timer and retransmissions
    if reply[found : found + 4] != looked_for[:4]:
        raise OSError("the reply is about another socket")
    uid, inode = struct.unpack_from("=II", reply, found + _SOCKET_BYTES + 12)
    if not inode:  # a socket that its process has closed has no user
        raise OSError("the socket is closed")
    return uid


def _by_list(local, remote):
    """Look for the other end in the kernel's lists of connections."""
    for name, host in (("tcp", _hex4), ("tcp6", _hex6)):
        for source, target in _spellings(local, remote):
            ends = [host(ip) for ip, _ in (source, target)]
            if None in ends:
                continue
            looked_for = [f"{e}:{p:04X}" for e, (_, p) in zip(ends, (source, target), strict=True)]
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                    fields = line.split()
                    if fields[1:3] == looked_for and fields[9] != "0":
                        return int(fields[7])
    return None


def _hex4(ip):
    return _words(ip.packed) if ip.version == 4 else None


def _hex6(ip):
    return _words(ip.packed) if ip.version == 6 else None


def _words(packed):
    """Write an address as /proc does: 32-bit words in the byte order of the computer."""
    numbers = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{number:08X}" for number in numbers)


def _is_own_by_processes(local, remote):
    """Look for the other end among the connections of this user's processes."""
    import psutil

    now = time.monotonic()
    if now - _seen.get((local, remote), -_SECONDS) < _SECONDS:
        return True
    me = psutil.Process().username()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.username() != me:
                continue
            for held in process.net_connections("tcp"):
                if (
                    held.laddr
                    and held.raddr
                    and (held.laddr[:2], held.raddr[:2]) == (remote, local)
                ):
                    if len(_seen) > 1000:
                        _seen.clear()
                    _seen[local, remote] = now
                    return True
    return False


def other_users() -> int:
    """Return how many other people have an account on this computer; 0 where that is unknown."""
    try:
        import pwd
    except ImportError:
        return 0
    names = {one.pw_uid for one in pwd.getpwall() if 1000 <= one.pw_uid < 60_000}
    return len(names - {os.getuid()})
