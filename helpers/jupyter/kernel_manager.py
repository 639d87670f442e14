"""Let JupyterLab connect to a kernel when the kernel listens.

JupyterLab's server connects to a new kernel at once, and asks it whether it is ready. Where the
kernel does not listen yet, the server can wait half a second before it asks again. A forked kernel
listens within a tenth of a second.
"""

import asyncio
import contextlib
import time

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

PATIENCE = 1.0  # seconds; an ordinary kernel on a busy computer takes longer, and is asked again


class KernelManager(ServerKernelManager):
    """Starts a kernel, and waits until it listens, but no longer than PATIENCE."""

    async def _async_launch_kernel(self, kernel_cmd, **kw):
        await super()._async_launch_kernel(kernel_cmd, **kw)
        end = time.monotonic() + PATIENCE
        while not await self._listens() and time.monotonic() < end:
            await asyncio.sleep(0.01)

    async def _listens(self) -> bool:
        if self.transport != "tcp":
            return True
        for port in self.ports:
            try:
                _, writer = await asyncio.open_connection(self.ip, port)
            except OSError:
                return False
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return True
