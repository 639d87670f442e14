"""A real JupyterLab on a copy of the course, in a real browser.

    with Lab() as lab, lab.open("01_basic_export") as notebook:
        notebook.run_all()

Every wait ends after `PATIENCE` seconds at the latest. Then it raises and saves a screenshot.
`python -m tests.support.browser shot 01_basic_export picture.png compare` takes a picture.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
from playwright.sync_api import Locator, Page, sync_playwright

from helpers.notebooks import learner_environment
from helpers.paths import ROOT
from helpers.runtimes.browser import FLAGS, find_browser
from helpers.teaching.single_user import fork_servers

PATIENCE = 180  # seconds: two busy cores may need ten times what an idle machine does
OFFLINE = {"apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}}
# Put all cells into the page, because JupyterLab would leave out those that are not in view.
SETTINGS = OFFLINE | {"notebook-extension/tracker": {"windowingMode": "none"}}


class Lab:
    """A JupyterLab server and a browser, which stop when the `with` block ends.

    Parameters
    ----------
    width, height : int
        Size of a page in pixels.
    settings : mapping
        JupyterLab's settings by the name of a plugin; with OFFLINE, all others are the defaults.

    Attributes
    ----------
    folder : Path
        Temporary folder with the copy of the course and everything that the server writes.
    """

    folder: Path

    def __init__(
        self, width: int = 1280, height: int = 900, settings: Mapping[str, Mapping] = SETTINGS
    ) -> None:
        self.size, self.settings = {"width": width, "height": height}, settings
        self._page: Page | None = None

    def __enter__(self):
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(_temporary_folder()))
            self.course = _copy_course(self.folder / "course")
            self.address, self.token = stack.enter_context(
                _server(self.folder, self.course, self.settings)
            )
            playwright = stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=list(FLAGS), timeout=PATIENCE * 1000
            )
            stack.callback(browser.close)
            self.context = browser.new_context(viewport=self.size)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def passed(self) -> dict[str, list[str]]:
        """Read the progress file: {lesson name: [exercise keys]}."""
        file = Path(learner_environment(self.folder)["COURSE_PROGRESS"])
        return json.loads(file.read_text()) if file.exists() else {}

    @contextmanager
    def open(self, name: str) -> Iterator["Notebook"]:
        """Open a notebook in JupyterLab, and wait until its kernel is ready.

        JupyterLab's page stays for the next notebook, unless something fails: loading it takes
        longer than anything that the page does afterwards.

        Parameters
        ----------
        name : str
            "01_basic_export".

        Yields
        ------
        Notebook
            Its kernel ends with the `with` block. An error gets the path of a screenshot.
        """
        loaded, self._page = self._page, None
        page = loaded or self.context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        notebook = Notebook(page, f"notebooks/{name}.ipynb")
        try:
            if loaded:
                notebook.open()
            else:
                page.goto(
                    f"{self.address}lab/tree/{notebook.path}?reset&token={self.token}",
                    wait_until="commit",  # the next line waits until the page is ready
                )
            notebook.wait_until_idle()
            yield notebook
            notebook.shut_down()
            notebook.close()
            self._page = page
        except Exception as error:
            error.add_note(_evidence(notebook))
            raise
        finally:
            if self._page is None:
                page.close()

    def time_to_first_output(self, name: str, text: str) -> tuple[float, float]:
        """Measure how soon a lesson begins, in a page that shows JupyterLab already.

        Parameters
        ----------
        name : str
            "01_basic_export".
        text : str
            What only the cell contains that is run.

        Returns
        -------
        tuple of two floats
            Seconds from opening the notebook to the end of the cell, and the same from Restart
            Kernel. The cell is run as soon as JupyterLab takes it.
        """
        assert self._page, "open a notebook first"
        notebook = Notebook(self._page, f"notebooks/{name}.ipynb")
        notebook.polling = 10
        begin = time.perf_counter()
        notebook.open()
        notebook.run_first(text)
        opened, begin = time.perf_counter() - begin, time.perf_counter()
        notebook.restart()
        notebook.run_first(text)
        restarted = time.perf_counter() - begin
        notebook.shut_down()
        notebook.close()
        return opened, restarted


class Notebook:
    """One notebook, open in a page.

    Parameters
    ----------
    page : playwright.sync_api.Page
    path : str
        Below the course.

    Attributes
    ----------
    console : list of str
        Errors that the page wrote to its console.
    abroad : list of str
        Requested addresses on other machines.
    polling : float
        Milliseconds between two looks at the page, while this waits for something.
    """

    polling: float = 100

    def __init__(self, page: Page, path: str) -> None:
        self.page, self.path = page, path
        self.console, self.abroad = [], []
        self._listeners = {
            "console": lambda m: m.type == "error" and self.console.append(m.text),
            "pageerror": lambda error: self.console.append(str(error)),
            "request": lambda request: self._note_if_abroad(request.url),
        }
        for event, listener in self._listeners.items():
            page.on(event, listener)

    def open(self) -> None:
        """Open the notebook in a page that shows JupyterLab already."""
        self._when("void window.jupyterapp.commands.execute('docmanager:open', {path}), true")

    def close(self) -> None:
        """Close the notebook without saving it, and stop listening to the page."""
        self._when("panel.dispose(), true")
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def _note_if_abroad(self, url):
        if url.startswith(("http", "ws")) and "//127.0.0.1:" not in url:
            self.abroad.append(url)

    def _when(self, script, value=None):
        """Return the value of `script`, JavaScript about `panel`, as soon as it is true.

        The value is never a promise, because the page would wait for it without a limit.
        """
        found = self.page.wait_for_function(
            f"({{path, value}}) => {{ {_FIND_PANEL} return {script}; }}",
            arg={"path": self.path, "value": value},
            polling=self.polling,
            timeout=PATIENCE * 1000,
        )
        return found.json_value()

    def wait_until_idle(self) -> None:
        """Wait until the notebook is shown and its kernel is idle."""
        self._when(
            "panel?.context.isReady && panel.revealed && panel.sessionContext.isReady"
            " && panel.sessionContext.session?.kernel?.status === 'idle'"
        )

    def run_all(self) -> None:
        """Choose Run > Run All Cells, and wait until every cell has run."""
        self._run("notebook:run-all-cells")

    def _run(self, command):
        # Not awaited, because the command never ends while a dialog is open.
        self._when(
            "window.ran = null, void window.jupyterapp.commands.execute(value)"
            ".then(() => { window.ran = 'all' }, error => { window.ran = String(error) }), true",
            command,
        )
        how = self._when("window.ran ?? document.querySelector('.jp-Dialog')?.innerText")
        assert how == "all", f"JupyterLab could not run the cells; it says: {how}"
        self.wait_until_idle()

    def restart(self) -> None:
        """Restart the kernel, and wait until it has begun to start."""
        self._when(
            "window.restarted = false, void panel.sessionContext.session.kernel.restart()"
            ".then(() => { window.restarted = true }), true"
        )
        self._when("window.restarted")

    def run_first(self, text: str) -> None:
        """Run the one cell that contains `text`, and wait until it has run in a new kernel."""
        cell = (
            "panel.content.widgets.find(w => w.model.type === 'code'"
            " && w.model.sharedModel.source.includes(value))"
        )
        self._when(
            f"panel?.context.isReady && panel.revealed && panel.sessionContext.isReady && {cell}"
            f" && (panel.content.activeCellIndex = panel.content.widgets.indexOf({cell}),"
            f" {cell}.model.sharedModel.execution_count = null, {cell}.model.clearExecution(),"
            " void window.jupyterapp.commands.execute('notebook:run-cell'), true)",
            text,
        )
        self._when(f"{cell}.model.executionCount === 1", text)

    def cells(self) -> list[dict]:
        """Return the cells as nbformat has them."""
        return json.loads(self._when("JSON.stringify(panel.content.model.toJSON().cells)"))

    def source(self, text: str) -> str:
        """Return the source of the one cell that contains `text`."""
        return self._find(text)[1]

    def cell(self, text: str) -> Locator:
        """Return the one cell whose source contains `text`."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(self._find(text)[0])

    def output(self, text: str) -> Locator:
        """Return the output area of the one cell whose source contains `text`."""
        return self.cell(text).locator(".jp-Cell-outputArea")

    def _find(self, text):
        sources = ["".join(cell["source"]) for cell in self.cells()]
        found = [(n, source) for n, source in enumerate(sources) if text in source]
        assert len(found) == 1, f"{len(found)} cells of {self.path} contain {text!r}, not one"
        return found[0]

    def type(self, text: str, code: str) -> None:
        """Replace the source of the one cell that contains `text` by `code`, and run it."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)
        self._when("panel.content.activeCell.model.sharedModel.source === value", code)
        self._run("notebook:run-cell")

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, and wait until the page has its new layout."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_timeout(500)  # JupyterLab delays its own layout after a change of size

    def choose_theme(self, name: str) -> None:
        """Change the theme of JupyterLab, and wait until the page has it."""
        command = "execute('apputils:change-theme', {theme: value})"
        self._when(f"void window.jupyterapp.commands.{command}, true", name)
        self._when("document.body.dataset.jpThemeName === value", name)
        self.page.wait_for_timeout(300)  # the style of the theme is loaded after its name

    def misfits(self) -> list[str]:
        """List what is wider than its output area, or is cut, and words that break into letters.

        What scrolls sideways, and is reached with the keyboard, may be wider. In a plain text
        output JupyterLab itself breaks words.
        """
        return self.page.evaluate(_MISFITS)

    def show(self, cell: Locator) -> None:
        """Scroll the cell to the top of the notebook."""
        cell.evaluate("element => element.scrollIntoView({block: 'start'})")

    def shoot(self, file: str | Path) -> None:
        """Save a screenshot of the page."""
        self.page.screenshot(path=file, timeout=PATIENCE * 1000)

    def shut_down(self) -> None:
        """End the kernel, because the next notebook needs its memory."""
        self._when("void panel.sessionContext.shutdown(), true")
        self._when("!panel.sessionContext.session")


_FIND_PANEL = """
    const shell = window.jupyterapp?.shell;
    const panel = [...(shell?.widgets('main') ?? [])].find(
        widget => widget.context?.path === path && widget.sessionContext);
"""


_MISFITS = """() => {
    const found = [];
    const short = /(?<![\\w.])[\\w.]{2,16}(?![\\w.])/g;  // a longer word may have to break
    const say = (what, node) => found.push(
        `${what}: <${node.tagName.toLowerCase()} class="${node.className}"> `
        + (node.innerText || node.alt || '').slice(0, 60));
    const scrolls = node => node.closest("[role=group][tabindex='0']");
    const broken = (text, word) => {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1;
    };
    for (const area of document.querySelectorAll('.jp-Notebook .jp-OutputArea-output')) {
        const right = area.getBoundingClientRect().right + 1;
        for (const node of area.querySelectorAll('*')) {
            if (node.clientWidth && node.getBoundingClientRect().right > right && !scrolls(node))
                say('wider than its output', node);
            const label = node.matches('button, select, .widget-label');
            if (label && node.scrollWidth > node.clientWidth + 1) say('cut', node);
        }
        for (const cell of area.querySelectorAll('td, th, p, li, .widget-html-content')) {
            const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
            while (walker.nextNode())
                for (const word of walker.currentNode.data.matchAll(short))
                    if (broken(walker.currentNode, word)) say(`broken word ${word[0]}`, cell);
        }
    }
    return [...new Set(found)];
}"""


@contextmanager
def _temporary_folder():
    folder = tempfile.mkdtemp(prefix="course-browser-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_course(target):
    """Copy what the lessons read, so that no test changes the originals."""
    for folder in ("docs", "notebooks/images"):
        shutil.copytree(ROOT / folder, target / folder)
    for folder, pattern in (("notebooks", "*.ipynb"), ("solutions", "*.py")):
        (target / folder).mkdir(parents=True, exist_ok=True)
        for file in (ROOT / folder).glob(f"[0-9][0-9]_{pattern}"):
            shutil.copy(file, target / folder)
    for file in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / file, target)
    if (ROOT / ".runtimes").exists():
        (target / ".runtimes").symlink_to(ROOT / ".runtimes")
    shutil.copytree(
        ROOT / "helpers", target / "helpers", ignore=shutil.ignore_patterns("__pycache__")
    )
    return target


@contextmanager
def _server(folder, course, settings):
    """Start JupyterLab apart from the user's own. Yield its address and token."""
    token = secrets.token_hex(16)
    own = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
    }
    for name, values in settings.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    environment = {
        # With pytest's variables, a kernel would hide what C++ code prints and a learner sees.
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        **{name: str(value) for name, value in own.items()},
        **learner_environment(folder),
        "JUPYTER_TOKEN": token,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "helpers.jupyter", "--no-browser", "--allow-root"),  # as make lab
        "--ServerApp.ip=127.0.0.1",
        # If another program takes the port first, the server tries the next ones.
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=50"),
        f"--ServerApp.root_dir={course}",
        "--LabApp.expose_app_in_browser=True",
        # If the test is killed before it can stop the server, server and kernels end themselves.
        *(
            "--MappingKernelManager.cull_idle_timeout=600",
            "--MappingKernelManager.cull_interval=60",
        ),
        "--ServerApp.shutdown_no_activity_timeout=600",
    ]
    log = folder / "server.log"
    with log.open("w") as stream:
        server = psutil.Popen(
            command, cwd=course, env=environment, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        yield _address(server, folder / "runtime", log), token
    finally:
        _stop(server, course)


def _address(server, runtime, log):
    """Return the address that the server writes to a file once it listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            with suppress(ValueError):  # half written
                return json.loads(file.read_text())["url"]
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start; its last words:\n{log.read_text()[-2000:]}")


def _stop(server, course):
    """End the server, its kernels and what they started, in any state."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = server.children(recursive=True)
        server.terminate()  # the server ends its kernels, which end their clean processes
    _, alive = psutil.wait_procs([server, *family], timeout=20)
    alive += fork_servers(course)  # they would wait for other kernels of this copy
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=20)


def _evidence(notebook):
    """Save a screenshot. Return its path and the errors in the page's console."""
    file = Path(tempfile.mkdtemp(prefix="course-screenshot-")) / "page.png"
    try:
        notebook.page.screenshot(path=file, timeout=20_000)
    except Exception as error:
        return f"no screenshot could be taken: {error}"
    return "\n".join([f"screenshot: {file}", *notebook.console[-5:]])


def main(arguments: list[str]) -> None:
    """Take a picture of a notebook; see the module."""
    if len(arguments) not in (3, 4) or arguments[0] != "shot":
        raise SystemExit(
            "usage: python -m tests.support.browser shot NOTEBOOK OUT.png [TEXT OF A CELL]"
        )
    _, name, out, *text = arguments
    with Lab(width=1200, height=800) as lab, lab.open(name) as notebook:
        notebook.run_all()
        if text:
            notebook.show(notebook.cell(text[0]))
        notebook.shoot(out)


if __name__ == "__main__":
    main(sys.argv[1:])
