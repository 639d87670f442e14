"""The built website, and a server and a browser for it."""

import functools
import http.server
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from helpers.paths import SITE
from helpers.runtimes.browser import FLAGS, find_browser
from helpers.website import source
from tests.support.browser import PATIENCE

HTML = SITE / "html"


def built_site() -> Path:
    """Return the folder of the website. Skip the test if it is not up to date.

    Where REQUIRE_SITE is set, as in CI, the test fails instead.
    """
    with tempfile.TemporaryDirectory() as folder:
        source.write(Path(folder))
        expected = source.digest(Path(folder))
    built = SITE / "built"
    if built.is_file() and built.read_text() == expected:
        return HTML
    message = "the website is not built from these files: make site"
    if os.environ.get("REQUIRE_SITE", "") not in ("", "0"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback address, and yield the address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *details):
        pass


@contextmanager
def open_page(**options) -> Iterator[Page]:
    """Open a page in chromium. Its attribute `requested` lists the addresses that it asks for.

    Skip the test if there is no browser. Where REQUIRE_BROWSER is set, the test fails instead.

    Parameters
    ----------
    **options : Any
        Of playwright's `Browser.new_context`.
    """
    if not find_browser() and os.environ.get("REQUIRE_BROWSER", "") in ("", "0"):
        pytest.skip("chromium is not here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=list(FLAGS), timeout=PATIENCE * 1000
        )
        context = browser.new_context(**options)
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.requested = []
        context.on("request", lambda request: page.requested.append(request.url))
        yield page
        browser.close()
