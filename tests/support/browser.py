"""A real JupyterLab in a real browser: a server of its own on a copy of the course.

    with Lab() as lab, lab.open("01_basic_export") as notebook:
        notebook.run_all()

Every wait ends: after `PATIENCE` seconds at the latest it raises, with a screenshot saved.
`python -m tests.support.browser shot 01_basic_export picture.png live_training` takes a picture.
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
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from helpers.notebooks import learner_environment
from helpers.paths import ROOT
from helpers.runtimes.browser import FLAGS, find_browser

PATIENCE = 180  # seconds: two busy cores may need ten times what an idle machine does
SETTINGS = {
    # All cells are in the page, not only those in view: what a test does not find is not there.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


class Lab:
    """A JupyterLab server and a browser, both stopped when the `with` block ends.

    folder : Path, the temporary folder with the copy of the course and all that the server writes
    """

    def __init__(self, width=1280, height=900):
        self.size = {"width": width, "height": height}
        self.folder = None

    def __enter__(self):
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(_temporary_folder()))
            self.course = _copy_course(self.folder / "course")
            self.address, self.token = stack.enter_context(_server(self.folder, self.course))
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

    def passed(self):
        """{lesson name: [exercise keys]}: what the progress file says."""
        file = Path(learner_environment(self.folder)["COURSE_PROGRESS"])
        return json.loads(file.read_text()) if file.exists() else {}

    @contextmanager
    def open(self, name):
        """The Notebook `name` ("01_basic_export") in a new page, its kernel ready and idle."""
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        notebook = Notebook(page, f"notebooks/{name}.ipynb")
        try:
            page.goto(
                f"{self.address}lab/tree/{notebook.path}?reset&token={self.token}",
                wait_until="commit",  # the page's own readiness is asked for below
            )
            notebook.wait_until_idle()
            yield notebook
            notebook.shut_down()
        except Exception as error:
            error.add_note(_evidence(notebook))
            raise
        finally:
            page.close()


class Notebook:
    """One notebook, open in a page.

    page : playwright's Page, for what this class has no word for
    console : list of str, the errors that the page wrote to its console
    abroad : list of str, addresses asked for that are not on this machine
    """

    def __init__(self, page, path):
        self.page, self.path = page, path
        self.console, self.abroad = [], []
        page.on("console", lambda m: m.type == "error" and self.console.append(m.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self._note_if_abroad(request.url))

    def _note_if_abroad(self, url):
        if url.startswith(("http", "ws")) and "//127.0.0.1:" not in url:
            self.abroad.append(url)

    def _when(self, script, value=None):
        """The value of `script`, JavaScript about `panel`, as soon as there is one that is true.

        Never a promise: the page would wait for it without an end.
        """
        found = self.page.wait_for_function(
            f"({{path, value}}) => {{ {_FIND_PANEL} return {script}; }}",
            arg={"path": self.path, "value": value},
            polling=100,
            timeout=PATIENCE * 1000,
        )
        return found.json_value()

    def wait_until_idle(self):
        self._when(
            "panel?.context.isReady && panel.revealed && panel.sessionContext.isReady"
            " && panel.sessionContext.session?.kernel?.status === 'idle'"
        )

    def run_all(self):
        """Run > Run All Cells, and wait until every cell has run."""
        self._run("notebook:run-all-cells")

    def _run(self, command):
        # Not awaited: behind a dialog the command would never end.
        self._when(
            "window.ran = null, void window.jupyterapp.commands.execute(value)"
            ".then(() => { window.ran = 'all' }, error => { window.ran = String(error) }), true",
            command,
        )
        how = self._when("window.ran ?? document.querySelector('.jp-Dialog')?.innerText")
        assert how == "all", f"JupyterLab could not run the cells; it says: {how}"
        self.wait_until_idle()

    def cells(self):
        """The cells as nbformat has them, a list of dict."""
        return json.loads(self._when("JSON.stringify(panel.content.model.toJSON().cells)"))

    def source(self, text):
        """The source of the one cell that contains `text`."""
        return self._find(text)[1]

    def cell(self, text):
        """The one cell whose source contains `text`, a Locator."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(self._find(text)[0])

    def output(self, text):
        """What lies below the one cell whose source contains `text`, a Locator."""
        return self.cell(text).locator(".jp-Cell-outputArea")

    def _find(self, text):
        sources = ["".join(cell["source"]) for cell in self.cells()]
        found = [(n, source) for n, source in enumerate(sources) if text in source]
        assert len(found) == 1, f"{len(found)} cells of {self.path} contain {text!r}, not one"
        return found[0]

    def type(self, text, code):
        """Type `code` in place of the one cell that contains `text`, and run it."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)
        self._when("panel.content.activeCell.model.sharedModel.source === value", code)
        self._run("notebook:run-cell")

    def show(self, cell):
        """Scroll `cell`, a Locator, to the top of the notebook."""
        cell.evaluate("element => element.scrollIntoView({block: 'start'})")

    def shoot(self, file):
        self.page.screenshot(path=file, timeout=PATIENCE * 1000)

    def shut_down(self):
        """End the kernel: the next notebook wants its memory."""
        self._when("void panel.sessionContext.shutdown(), true")
        self._when("!panel.sessionContext.session")


_FIND_PANEL = """
    const shell = window.jupyterapp?.shell;
    const panel = [...(shell?.widgets('main') ?? [])].find(
        widget => widget.context?.path === path && widget.sessionContext);
"""


@contextmanager
def _temporary_folder():
    folder = tempfile.mkdtemp(prefix="course-browser-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_course(target):
    """What the lessons read, so that nothing here can change the originals."""
    for folder, pattern in (("notebooks", "*.ipynb"), ("solutions", "*.py")):
        (target / folder).mkdir(parents=True)
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
def _server(folder, course):
    """Start JupyterLab; its address and token. Nothing of the user's own Jupyter is touched."""
    token = secrets.token_hex(16)
    own = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
    }
    for name, values in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    environment = {
        # A kernel that finds pytest's variables hides what C++ code prints; a learner sees it.
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
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        "--ServerApp.ip=127.0.0.1",
        # Should another program take the port first, the server tries the next ones.
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=50"),
        f"--ServerApp.root_dir={course}",
        "--LabApp.expose_app_in_browser=True",
        # Should the test be killed before it can stop the server, both end by themselves.
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
        _stop(server)


def _address(server, runtime, log):
    """The address that the server writes down once it listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            with suppress(ValueError):  # half written
                return json.loads(file.read_text())["url"]
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start; its last words:\n{log.read_text()[-2000:]}")


def _stop(server):
    """End the server with its kernels and what they started, whatever state they are in."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = server.children(recursive=True)
        server.terminate()  # it ends its kernels, and they end their clean processes
    _, alive = psutil.wait_procs([server, *family], timeout=20)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=20)


def _evidence(notebook):
    """A screenshot in a folder that stays, and the page's own complaints, in words."""
    file = Path(tempfile.mkdtemp(prefix="course-screenshot-")) / "page.png"
    try:
        notebook.page.screenshot(path=file, timeout=20_000)
    except Exception as error:
        return f"no screenshot could be taken: {error}"
    return "\n".join([f"screenshot: {file}", *notebook.console[-5:]])


def main(arguments):
    if len(arguments) not in (3, 4) or arguments[0] != "shot":
        raise SystemExit(
            "usage: python -m tests.support.browser shot NOTEBOOK OUT.png [TEXT OF A CELL]"
        )
    _, name, out, *text = arguments
    with Lab(width=1200, height=800) as lab, lab.open(name) as notebook:
        notebook.run_all()
        sliders = notebook.page.locator(".jp-Notebook").get_by_role("slider")
        if sliders.count():
            sliders.first.press("ArrowRight")  # a widget that has been used shows more
            notebook.page.locator(".widget-html img").first.wait_for()
            notebook.wait_until_idle()
        if text:
            notebook.show(notebook.cell(text[0]))
        notebook.shoot(out)


if __name__ == "__main__":
    main(sys.argv[1:])
