"""A browser: the .onnx files in a page with onnxruntime-web, opened in chromium.

The page uses WebAssembly only. A server on the loopback address provides the page, and the page's
content security policy allows it to reach no other server.
"""

import base64
import functools
import http.server
import os
import shutil
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import numpy as np

from helpers.paths import RUNTIMES
from helpers.processes.clean_process import CleanProcess
from helpers.runtimes import onnx_runtime, runtime_process
from helpers.runtimes.conversions import Converted
from helpers.runtimes.installed import not_installed

NAMES = ("chromium", "chromium-browser", "google-chrome")
PAGE = Path(__file__).with_name("browser_page.html")
LOCK = Path(__file__).with_name("package-lock.json")
MODULES = RUNTIMES / "browser" / "node_modules"
ORT = MODULES / "onnxruntime-web" / "dist"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
}
POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'"
FLAGS = (
    "--no-sandbox",  # CI runs as root in a container, and opens the course's own pages only
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Without these, chromium starts processes for its own menus and for the next page.
LEAN = "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess"
START = 120  # seconds for chromium and the page on a busy machine
process = CleanProcess("helpers.runtimes.browser")


def missing() -> str:
    """Return a sentence that says what this computer does not have, or ""."""
    lacking = onnx_runtime.missing() or not_installed(
        "onnxruntime-web and what it needs", MODULES.parent / "installed", LOCK
    )
    if lacking:
        return lacking
    if not find_browser():
        return "chromium is missing: sudo apt install chromium, or set BROWSER_PATH to one"
    if not find_spec("playwright"):
        return "The package playwright is missing: install the course's own environment, make env"
    return ""


def find_browser() -> str | None:
    """Return the path of the browser: $BROWSER_PATH, or the first of NAMES on the PATH, or None."""
    chosen = os.environ.get("BROWSER_PATH")
    found = (shutil.which(name) for name in ([chosen] if chosen else NAMES))
    return next(filter(None, found), None)


def converted(directory: Path, keys: list[str]) -> Converted:
    """Return the .onnx files, which tf2onnx makes for ONNX Runtime too, that the page opens."""
    return onnx_runtime.opened_files(directory, keys, "browser", process)


class Page:
    """The page in a browser, and the server that provides it. Only the child makes one."""

    def __init__(self):
        from playwright.sync_api import sync_playwright

        self.models = {}
        handler = functools.partial(_Handler, self.models)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(
            executable_path=find_browser(), args=[*FLAGS, LEAN], timeout=START * 1000
        )
        self.page = self.browser.new_page()
        self.page.goto(f"http://127.0.0.1:{self.server.server_port}/")
        self.page.wait_for_function("window.ready", timeout=START * 1000)

    def close(self):
        """End the browser and the server."""
        self.browser.close()
        self.playwright.stop()
        self.server.shutdown()
        self.server.server_close()

    def load(self, folder: str, name: str) -> "Signature":
        """Load the .onnx file `name` of `folder` in the page."""
        number = len(self.models)
        self.models[f"/{number}.onnx"] = Path(folder) / name
        evaluate(self.page, "number => load(number)", number)
        return Signature(self.page, number)


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, models, *details):
        self.models = models
        super().__init__(*details)

    def do_GET(self):
        if self.path == "/":
            file = PAGE
        elif self.path in self.models:
            file = self.models[self.path]
        else:
            file = ORT / Path(self.path).name
        if file.suffix not in TYPES or not file.is_file():
            self.send_error(404)
            return
        body = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", TYPES[file.suffix])
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *details):
        pass


class PageError(RuntimeError):
    """An error of a script of the page, without its traceback."""


def evaluate(page, script: str, argument: object) -> object:
    """Call a JavaScript function of one argument in the page and return the result.

    Raises
    ------
    PageError
    """
    from playwright.sync_api import Error

    try:
        return page.evaluate(script, argument)
    except Error as error:
        text = error.message.split("\n    at ")[0]
        raise PageError(text.removeprefix("Page.evaluate: ").removeprefix("Error: ")) from None


class Signature(runtime_process.Loaded):
    """One .onnx file in onnxruntime-web."""

    def __init__(self, page, number: int):
        self.page, self.number = page, number

    def call(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: _unpack(tensor) for name, tensor in self._ask(feed, 1)["outputs"].items()}

    def nanoseconds(self, feed: dict[str, np.ndarray], calls: int) -> float:
        return self._ask(feed, calls)["milliseconds"] * 1e6

    def _ask(self, feed, calls):
        tensors = {name: _pack(array) for name, array in feed.items()}
        return evaluate(self.page, "all => run(...all)", [self.number, tensors, calls])


def _pack(array):
    """Return an array as JSON can hold it: numbers as the base64 of their bytes."""
    if array.dtype == object:
        data, dtype = [v.decode() if isinstance(v, bytes) else v for v in array.ravel()], "string"
    else:
        data, dtype = base64.b64encode(array.tobytes()).decode(), array.dtype.name
    return {"type": dtype, "dims": list(array.shape), "data": data}


def _unpack(tensor):
    shape, data = tensor["dims"], tensor["data"]
    if tensor["type"] == "string":
        return np.array(data, object).reshape(shape)
    flat = np.frombuffer(bytearray(base64.b64decode(data)), np.dtype(tensor["type"]))
    return flat.reshape(shape)


def main() -> NoReturn:
    """Open the page and answer the questions about .onnx files."""
    pages = []
    runtime_process.answer_questions(
        lambda folder, name: pages[0].load(folder, name), lambda: pages.append(Page())
    )
