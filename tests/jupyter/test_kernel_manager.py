"""A kernel listens when JupyterLab's server connects to it."""

import asyncio
import socket
import sys
import time

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from helpers.jupyter import kernel_manager
from helpers.jupyter.__main__ import KERNEL_MANAGER
from helpers.jupyter.kernel_manager import KernelManager

ORDINARY = ("-m", "ipykernel_launcher", "-f", "{connection_file}")
SILENT = ("-c", "import time; time.sleep(60)")
AT_ITS_END = ("-c", "pass")


def started(arguments, then):
    """Start a kernel of a command, call a function of its manager, and return the seconds."""

    async def start_and_end():
        manager = KernelManager()
        manager._kernel_spec = KernelSpec(argv=[sys.executable, *arguments])
        begin = time.monotonic()
        await manager.start_kernel()
        try:
            seconds = time.monotonic() - begin
            then(manager)
        finally:
            await manager.shutdown_kernel(now=True)
        return seconds

    return asyncio.run(start_and_end())


def test_a_kernel_that_has_started_listens(monkeypatch):
    monkeypatch.setattr(kernel_manager, "PATIENCE", 60)

    def connect(manager):
        for port in manager.ports:
            socket.create_connection((manager.ip, port)).close()

    assert started(ORDINARY, connect) < 60


@pytest.mark.parametrize("arguments", [SILENT, AT_ITS_END])
def test_a_kernel_that_does_not_listen_is_not_waited_for_long(arguments, monkeypatch):
    monkeypatch.setattr(kernel_manager, "PATIENCE", 0.2)
    assert 0.2 <= started(arguments, lambda _: None) < 30


def test_jupyters_server_takes_this_manager():
    manager = AsyncMappingKernelManager(kernel_manager_class=KERNEL_MANAGER)
    assert isinstance(manager.kernel_manager_factory(), KernelManager)
