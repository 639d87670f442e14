"""Run the whole server: bind the ports, load the models, serve REST and gRPC, shut down."""

import contextlib
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from helpers.processes.tensorflow_import import import_tensorflow
from helpers.serving.handshake import IDLE, LISTENS, PARENT, POLL
from helpers.serving.protocol.errors import UNAVAILABLE, ServingError
from helpers.serving.server import http_protocol, peer
from helpers.serving.server.batching import Batcher
from helpers.serving.server.idle import Idle
from helpers.serving.server.metrics import Metrics
from helpers.serving.server.options import Options
from helpers.serving.server.version_manager import Manager

log = logging.getLogger("helpers.serving")

OPEN_FILES = 65_536


def serve(options: Options) -> None:
    """Serve until SIGINT or SIGTERM.

    Parameters
    ----------
    options : helpers.serving.server.options.Options

    Raises
    ------
    ServingError
        the server cannot start; the text says why
    """
    _raise_open_file_limit()
    follow_parent()
    web = _bound(options.host, options.rest_api_port)  # bind now, listen when the models are loaded
    rpc = _bound(options.host, options.port)
    metrics = Metrics()
    batching = options.batching_options()
    models = options.models()
    for model in models:
        if not os.path.exists(model.base_path):
            log.warning("Could not find base path %s for servable %s", model.base_path, model.name)
    import_tensorflow()  # after the checks above, because the import takes seconds
    from helpers.serving.server import grpc_service
    from helpers.serving.server.rest import App
    from helpers.serving.server.version_loader import make_loader

    threads = options.request_threads or 4 * (os.cpu_count() or 1)
    if batching:  # each request that waits for its batch occupies a thread
        threads = max(threads, min(2 * batching.max_batch_size, 128))
    _warn_of_others(options)
    seconds = os.environ.pop(IDLE, None)
    idle = Idle(float(seconds)) if seconds else None
    manager = Manager(
        make_loader(options, metrics, Batcher(batching) if batching else None),
        max(float(os.environ.pop(POLL, options.file_system_poll_wait_seconds)), 0),
        options.max_num_load_retries,
        max(options.load_retry_interval_micros, 0) / 1e6,
        options.servable_versions_always_present,
    )
    labels_ahead = options.allow_version_labels_for_unavailable_models
    with contextlib.ExitStack() as stack:
        stack.callback(manager.stop)
        manager.start(models, labels_ahead)
        if options.model_config_file and options.model_config_file_poll_wait_seconds > 0:
            stack.callback(ConfigPoller(manager, options).stop)
        sys.setswitchinterval(0.001)  # so that loading a version does not delay requests
        if rpc:
            rpc.close()
            server = grpc_service.make_server(manager, options, metrics, threads, idle)
            _listen(server, options)
            stack.callback(lambda: server.stop(2).wait())
            log.info("Running gRPC ModelServer at %s:%s ...", options.host, options.port)
        if idle:
            idle.watch()
        if web:
            executor = stack.enter_context(ThreadPoolExecutor(threads, "rest"))
            _serve_http(App(manager, options, metrics, executor), web, options, idle)
        else:
            _wait_for_signal()


def _warn_of_others(options):
    """Say who can use the server, on a computer where others can log in."""
    if not options.own_user_only and (others := peer.other_users()):
        log.warning(
            "This computer has %d other user accounts. Each of them can call this server%s. "
            "--own_user_only and --allow_config_reload=false prevent this.",
            others,
            " and make it load any model" if options.port and options.allow_config_reload else "",
        )


def _bound(host, port):
    """Return a socket that is bound to the port, or None for port 0."""
    if not port:
        return None
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only if the socket names its protocol. Without TCP_NODELAY, each
    # small response waits 40 ms for an acknowledgement of the client.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise ServingError(
            UNAVAILABLE, f"Cannot listen on {host}:{port}: {error.strerror}; choose another port"
        ) from None
    return found


def _listen(server, options):
    address = f"[{options.host}]" if ":" in options.host else options.host
    try:
        server.add_insecure_port(f"{address}:{options.port}")
    except RuntimeError:
        raise ServingError(UNAVAILABLE, "Failed to BuildAndStart gRPC server") from None
    server.start()


def _serve_http(app, web, options, idle):
    protocol = http_protocol.OwnProtocol if options.own_user_only else http_protocol.Protocol
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=5,
        http=idle.noting(protocol) if idle else protocol,
    )
    log.info("%s at:%s:%s ...", LISTENS, options.host, options.rest_api_port)
    uvicorn.Server(config).run(sockets=[web])


def _wait_for_signal():
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1):
        pass


class ConfigPoller:
    """A thread that reads the configuration file regularly; an invalid file changes nothing.

    Parameters
    ----------
    manager : helpers.serving.server.version_manager.Manager
    options : helpers.serving.server.options.Options
    seconds : float, optional
        between two reads; the default is that of the options
    """

    def __init__(self, manager: Manager, options: Options, seconds: float | None = None) -> None:
        self._manager, self._options = manager, options
        self._seconds = seconds or options.model_config_file_poll_wait_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell the thread to end; the method does not wait for it."""
        self._ended.set()

    def _work(self):
        ahead = self._options.allow_version_labels_for_unavailable_models
        while not self._ended.wait(self._seconds):
            try:
                models = self._options.models()
                self._manager.reload(models, ahead, lambda: not self._ended.is_set())
            except ServingError as error:
                log.error("PollFilesystemAndReloadConfig failed to ReloadConfig: %s", error.message)


def _raise_open_file_limit():
    """Raise the limit of open files, which limits the connections, to at most OPEN_FILES."""
    if os.name == "posix":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        limit = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        if soft < limit:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def follow_parent() -> None:
    """End this process as soon as the process that has started it ends.

    The parent has the other end of the pipe at our standard input, so the pipe closes when the
    parent ends. A fork of the parent can keep the pipe open. So a second thread watches the parent
    itself.
    """
    if PARENT not in os.environ:
        return
    parent = int(os.environ.pop(PARENT))

    def until_input_ends():
        while os.read(0, 4096):
            pass
        os._exit(0)

    def until_parent_ends():
        try:
            select.select([os.pidfd_open(parent)], [], [])
        except ProcessLookupError:
            pass
        except (AttributeError, OSError):  # only Linux has pidfd_open
            while os.getppid() == parent:
                time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=until_input_ends, daemon=True).start()
    if os.name == "posix":
        threading.Thread(target=until_parent_ends, daemon=True).start()
