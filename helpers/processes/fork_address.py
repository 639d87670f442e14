"""Where the servers that fork processes are found, and how a client connects to them or starts one.

The launcher of a kernel imports this file without the package, because each import makes every
start of a kernel longer. So it imports light modules of Python only.
"""

import hashlib
import os
import socket
import struct
import sys
from collections.abc import Mapping

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
HANDSHAKE = 2  # seconds for HELLO and for an order; an import of TensorFlow is not in them
HELLO = b"\1"
NUMBER = struct.Struct("!i")

# TensorFlow's C++ code reads these once. With oneDNN it prints a notice, and its results differ
# between computers in the last bits.
TENSORFLOW_SETTINGS = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
# NumPy's threads look for work for 0.1 s after a matrix product and would disturb timings. NumPy
# reads this variable when it is imported.
SETTINGS = {"OPENBLAS_THREAD_TIMEOUT": "8"} | TENSORFLOW_SETTINGS
# Libraries read these variables once, at their import. Other values need another server.
READ_AT_IMPORT = ("TF_", "CUDA_", "XLA_", "OMP_", "OPENBLAS_", "MKL_", "LD_", "PYTHON")
READ_AT_IMPORT += ("TMP", "TEMP")
# The libraries of a kernel read these, and some read files whose place they tell.
READ_BY_KERNELS = ("KERAS_", "MPL", "MATPLOTLIB", "JUPYTER_PLATFORM", "PYDEVD", "DEBUGPY")
READ_BY_KERNELS += ("HOME", "XDG_", "LANG", "LC_")


def enabled(env: Mapping[str, str] = os.environ) -> bool:
    """Return whether processes may be forked at all in this environment."""
    return sys.platform == "linux" and env.get("COURSE_FORK") != "0"


def server_address(env: Mapping[str, str]) -> str:
    """Return the name that belongs to this user, this Python, this course and this system.

    Parameters
    ----------
    env : mapping of str to str
        an environment with SETTINGS
    """
    here = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "pid")]
    return _name(os.getuid(), sys.executable, _chosen(env, READ_AT_IMPORT), here, _code())


def kernel_address(env: Mapping[str, str]) -> str:
    """Return the name of the process that forks kernels for such an environment.

    Parameters
    ----------
    env : mapping of str to str
        an environment with SETTINGS
    """
    environment = os.path.dirname(os.path.dirname(sys.executable))
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    # What has been installed or configured since counts from the next kernel on.
    files = (
        f"{environment}/lib/{version}/site-packages",
        os.path.expanduser("~/.keras/keras.json"),
        os.path.expanduser("~/.config/matplotlib/matplotlibrc"),
    )
    settings = _chosen(env, READ_BY_KERNELS)
    return _name(server_address(env), settings, [_changed(file) for file in files])


def _chosen(env, prefixes):
    return sorted(item for item in env.items() if item[0].startswith(prefixes))


def _code():
    folder = os.path.join(ROOT, "helpers", "processes")
    names = sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    files = [os.path.join(ROOT, "helpers", "__init__.py")]
    files += [os.path.join(folder, name) for name in names]
    return [(file, _changed(file)) for file in files]


def _changed(file):
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return None


def _name(*parts):
    return "\0exporting-models-" + hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def connect(address: str, env: Mapping[str, str], idle: float) -> socket.socket:
    """Return a connection to the server at `address`, which is started if there is none.

    Parameters
    ----------
    address : str
        see `server_address`
    env : mapping of str to str
        the environment of a new server
    idle : float
        seconds without a child after which a new server ends

    Raises
    ------
    OSError
        there is no server and none can be started, or the server does not answer
    """
    if sys.platform != "linux":
        raise OSError("a process with TensorFlow is forked on Linux only")
    try:
        return dial(address)
    except ConnectionError:  # there is none, or it has just ended
        pass
    import subprocess  # only here, because a launcher seldom needs it

    # The caller's folder must not supply modules. Of the course's folder, only `helpers` may.
    code = (
        "import sys; sys.flags.safe_path or sys.path.pop(0); "
        f"sys.path.insert(0, {ROOT!r}); "
        "from helpers.processes import fork_server; del sys.path[0]; "
        f"fork_server.main({address!r}, {idle})"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,  # another kernel may have started one at the same time
    )
    return dial(address)


def dial(address: str) -> socket.socket:
    """Return a connection to a server of this user that lives; what it still does has a timeout.

    Raises
    ------
    ConnectionError
        nothing listens at `address`
    OSError
        what listens there is not a server of this user, or does not answer
    """
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(HANDSHAKE)
        line.connect(address)  # fails at once where nothing accepts and the queue is full
        require_own(line)
        if line.recv(len(HELLO)) != HELLO:
            raise ConnectionResetError("the server has closed the connection")
    except BaseException:
        line.close()
        raise
    return line


def send_order(line: socket.socket, order: bytes, files: list[int]):
    """Send an order, JSON, with the standard input, output and error of the process."""
    socket.send_fds(line, [NUMBER.pack(len(order))], files)
    line.sendall(order)
    line.setblocking(True)  # the next answer comes when TensorFlow is imported


def receive_number(line: socket.socket, files: int = 0) -> tuple[int, list[int]]:
    """Receive the next number from a server, and the files that come with it.

    Raises
    ------
    ConnectionResetError
        the server has closed the connection
    """
    received, found, _, _ = socket.recv_fds(line, NUMBER.size, files, socket.MSG_CMSG_CLOEXEC)
    if len(received) < NUMBER.size or len(found) < files:
        for file in found:
            os.close(file)
        raise ConnectionResetError("the server has closed the connection")
    return NUMBER.unpack(received)[0], found


def require_own(line: socket.socket):
    """Raise PermissionError unless a process of this user is at the other end."""
    told = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    if struct.unpack("3i", told)[1] != os.getuid():
        raise PermissionError("another user's process is at the other end")
