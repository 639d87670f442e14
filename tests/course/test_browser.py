"""Each lesson in a real JupyterLab, used as a learner uses it: see `tests.support.browser`."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from helpers.notebooks import lesson_names, solution_of
from helpers.paths import ROOT
from helpers.runtimes.browser import NAMES, find_browser
from tests.support.axe import AXE, CONTRAST, violations
from tests.support.browser import PATIENCE, Lab, Notebook

NO_BROWSER = (
    "no browser, so no widget was moved: install chromium (Debian, Ubuntu: apt install chromium), "
    f"or name one in BROWSER_PATH. Looked on the PATH for {', '.join(NAMES)}."
)
# What ipywidgets shows in place of a widget whose kernel or code it cannot find.
BROKEN_WIDGET = re.compile("Error displaying widget|Loading widget|Error creating widget", re.I)

ANSI = re.compile("\x1b" + r"\[[0-9;]*m")  # the colours of a traceback


ALTERNATIONS = 40


def refresh_the_map(notebook):
    """Refresh shows the exercise that was just passed. A name opens its lesson in JupyterLab."""
    output = notebook.output("course_map()")
    row = output.locator("tr", has_text=re.compile("^00"))
    expect(row).to_contain_text("0 of 1 ○")
    expect(output).to_contain_text("Next: 00 Start here")
    output.get_by_role("button", name="Refresh").click()
    expect(row).to_contain_text("1 of 1 ●")
    expect(output).to_contain_text("Next: 01 Basic export")

    output.get_by_role("link", name="01 Basic export").last.click()
    tab = notebook.page.get_by_role("tab", name="01_basic_export.ipynb")
    expect(tab).to_have_attribute("aria-selected", "true")
    assert len(notebook.page.context.pages) == 1, "the link opens a tab of the browser"


def see_the_answers(notebook):
    """The table shows the numbers of each reader, also the wrong ones."""
    table = notebook.output("reader_answers(popular_dir").locator("table")
    expect(table.locator("th[scope=row]")).to_have_count(3)
    species = r"Adelie \(\d+%\), Gentoo \(\d+%\), Chinstrap \(\d+%\)"
    for words in (
        rf"✓ same numbers.*{species}",
        "✗ fails.*FailedPreconditionError",
        "✗ other numbers.*no error: .*((%|nan).*){3}",
    ):
        expect(table).to_contain_text(re.compile(words, re.S))


def alternate_requests(output, right, wrong):
    """Type a request and click Call, 40 times: the answer is that of this request.

    JupyterLab delivers what is typed on another thread than the click.
    """
    request, answer = output.get_by_role("textbox"), output.locator(".widget-html pre")
    call = output.get_by_role("button", name="Call")
    for number in range(ALTERNATIONS):
        text, mark = ((right, "✓"), (wrong, "✗"))[number % 2]
        request.fill(text)
        call.click()
        expect(answer).to_contain_text(mark)
        request.page.wait_for_timeout(50)  # an older answer could still come
        assert mark in answer.inner_text(), f"request {number} shows an older answer"


def edit_the_request(notebook):
    """Other numbers get another answer. An unknown name gets the error and the declared inputs."""
    output = notebook.output("signature_caller(")
    request, answer = output.get_by_role("textbox"), output.locator(".widget-html pre")
    expect(answer).to_contain_text("✓")
    before = answer.inner_text()

    right = request.input_value()
    type_into(request, right.replace("1.0", "2.0"))
    expect(answer).not_to_have_text(before)
    expect(answer).to_contain_text("✓")

    type_into(request, '{"unknown": [[1.0]]}')
    expect(answer).to_contain_text("✗ TypeError")
    expect(answer).to_contain_text("This signature takes")
    expect(answer).not_to_contain_text("✓")

    type_into(request, right)
    expect(answer).to_contain_text("✓")
    alternate_requests(output, right, '{"unknown": [[1.0]]}')


def choose_a_signature(notebook):
    """The request changes to one that the chosen signature accepts."""
    edit_the_request(notebook)
    output = notebook.output("signature_caller(")
    request, answer = output.get_by_role("textbox"), output.locator(".widget-html pre")
    for key, row in ("predict_two", "[[1.0, 1.0]]"), ("predict_three", "[[1.0, 1.0, 1.0]]"):
        output.get_by_role("combobox").select_option(key)
        expect(request).to_have_value(re.compile(re.escape(row)))
        expect(answer).to_contain_text("✓")


def look_up_an_error(notebook):
    """It opens with the error of the page. A pasted error shows its case, an unknown one none."""
    output = notebook.output("clinic(")
    error, case = output.get_by_role("textbox"), output.locator(".widget-html table")
    expect(output).to_contain_text("found in your text: Called a function referencing variables")
    expect(case).to_contain_text("The loaded object was not kept")
    frames = 'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    run()\n'
    error.click()  # a paste shows its case while the cursor stands in the box
    error.press("Control+A")
    known = f"{frames}AttributeError: '_UserObject' object has no attribute 'predict'"
    error.page.keyboard.insert_text(known)
    expect(case).to_contain_text("The loaded object has no predict and no call")
    expect(case.get_by_role("link").first).to_have_attribute("href", re.compile("/issues/"))
    broken, cured = output.locator("pre").first, output.locator("pre").nth(1)
    expect(broken).to_contain_text("loaded.predict(ROWS)")
    expect(cured).to_contain_text("loaded.serve(ROWS)")
    right = "element => element.getBoundingClientRect().right"
    assert cured.evaluate(right) <= output.evaluate(right), "long lines widen the widget"

    type_into(error, f"{frames}KeyError: 'score'")
    expect(output).to_contain_text("not in this clinic")
    expect(case).to_have_count(0)
    expect(output.get_by_role("combobox")).to_have_value("none")
    nearest = output.get_by_role("button")
    expect(nearest).to_have_count(0)
    type_into(
        error,
        "InvalidArgumentError: cannot compute AddV2 as input #1(zero-based) was expected to be a "
        "double tensor but is a float tensor",
    )
    expect(nearest).not_to_have_count(0)
    for number in range(nearest.count()):
        nearest.nth(number).click()
        expect(case).to_contain_text(nearest.nth(number).inner_text())


def enter_a_penguin(notebook):
    """The first row, another one, a missing value, a new island, and an unknown name."""
    output = notebook.output("signature_caller(")
    request, answer = output.get_by_role("textbox"), output.locator(".widget-html pre")
    expect(request).to_have_value(re.compile('"body_mass_g": \\[5100.0\\]'))
    expect(answer).to_contain_text("species: ['Gentoo']")
    row = (
        '{"bill_length_mm": [46.5], "body_mass_g": [3500], "island": ["Dream"], "sex": ["female"]}'
    )
    type_into(request, row)
    expect(answer).to_contain_text("species: ['Chinstrap']")
    type_into(request, row.replace("46.5", "NaN"))
    expect(answer).to_contain_text("✓ probability: [nan]")
    type_into(request, row.replace("Dream", "Paulet"))
    expect(answer).to_contain_text("found OOV values")
    type_into(request, row.replace("sex", "gender"))
    expect(answer).to_contain_text("✗ TypeError")
    alternate_requests(output, row, row.replace("sex", "gender"))


def explore_artifacts(notebook):
    """Two exports are shown from the start, each page shows its part, a path is added."""
    output = notebook.output("explorer(export_dir")
    export, beside, within = (output.locator("select").nth(number) for number in range(3))
    page, problem = output.locator(".widget-html").nth(0), output.locator(".widget-html").nth(1)
    path = output.get_by_role("textbox")
    expect(export).to_have_value("sums")
    expect(beside).to_have_value("retrained")
    for name in ("sums/", "retrained/"):
        expect(page.locator("strong", has_text=name)).to_be_visible()
    for name, words in (
        ("signatures", "args_0"),
        ("variables", "_all_variables/0"),
        ("operations", "MatMul"),
    ):
        output.get_by_role("button", name=name).click()
        expect(page).to_contain_text(words)
    within.select_option("traced_save")
    expect(page).to_contain_text("SaveV2")
    expect(page).not_to_contain_text("MatMul")

    output.get_by_role("button", name="compare").click()
    expect(page).to_contain_text("the same graph with other weights")
    beside.select_option("again")
    expect(page).to_contain_text("the same model exported again")
    type_into(path, "retraind")
    expect(problem).to_contain_text("no such directory")
    expect(problem).to_contain_text("Did you mean retrained?")
    type_into(path, "retrained")
    expect(export).to_have_value("retrained")
    expect(page).to_contain_text("the same graph with other weights")
    expect(problem).to_have_text("")


def move_the_canary(notebook):
    """Each share sends the customers' requests to the real server and changes the counts."""
    output = notebook.output("canary(watched")
    words, picture = output.locator(".widget-html").first, output.locator("img")
    share = output.get_by_role("spinbutton", name="canary %")
    expect(share).to_have_value("25")
    before, canaries = words.inner_text(), []
    pattern = r"^(?:version 1: (\d+) requests, 0 errors; )?version 2: (\d+) requests, \d+ errors$"
    assert re.match(pattern, before)
    for percent in "30", "100":
        share.fill(percent)
        share.press("Enter")
        expect(words).not_to_have_text(before)
        expect(words).to_have_text(re.compile(pattern))
        notebook.wait_until_idle()
        before = words.inner_text()
        stable, canary = (int(count or 0) for count in re.match(pattern, before).groups())
        assert stable + canary == 200
        canaries.append(canary)
        expect(output.locator("table")).to_contain_text(f"{canary}")
        expect(picture).to_have_attribute("alt", before)
        assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    assert 30 < canaries[0] < 90 and canaries[1] == 200, "30 % of them, and then all"


def see_the_differences(notebook):
    """The picture of the measurements has alternative text and a table."""
    look_at_the_picture(
        notebook.output("parity_picture("), r"litert: largest difference \d", "litert"
    )


def see_the_speed(notebook):
    output = notebook.output("speed_plot(")
    look_at_the_picture(output, r"multiple of NumPy's, from 1 to 65,536 rows", "model.predict")


def look_at_the_picture(output, words, row):
    picture = output.locator("img")
    expect(picture).to_have_attribute("alt", re.compile(words))
    assert picture.evaluate("image => image.complete && image.naturalWidth > 500")
    expect(output.locator("table")).to_contain_text(row)


def type_into(box, text):
    box.click()
    box.press("Control+A")
    box.page.keyboard.insert_text(text)
    box.press("Tab")  # the widget reads the box when it loses the focus


@dataclass(frozen=True)
class Case:
    """What to do in one lesson.

    Attributes
    ----------
    name : str
        Of the lesson.
    widget : str
        A text in the cell that shows the widget.
    stored : str
        What that cell shows before any cell has run.
    wrong, words : str
        A wrong answer to exercise `key`, and what the check says about it.
    use_widget : callable
        Function of the Notebook. The exercise was passed before the call.
    key : str
        Of the exercise.
    opens : str
        Name of the lesson that `use_widget` opens beside this one.
    """

    name: str
    widget: str
    stored: str
    wrong: str
    words: str
    use_widget: Callable
    key: str = "q1"
    opens: str = ""


CASES = [
    Case(
        name="00_start_here",
        widget="course_map()",
        stored="0 of 1",
        wrong="export_dir = popular_dir",
        words="export_dir should work in all three readers, but the session fails",
        use_widget=refresh_the_map,
        opens="01_basic_export",
    ),
    Case(
        name="01_basic_export",
        widget="reader_answers(popular_dir",
        stored="other numbers, no error",
        wrong="export_dir_1 = popular_dir  # made with tf.saved_model.save",
        words="tf.saved_model.save writes such exports of Keras models",
        use_widget=see_the_answers,
    ),
    Case(
        name="02_one_signature",
        widget="signature_caller(",
        stored="serving_default takes",
        wrong='spec_1 = tf.TensorSpec((3, 4), tf.float32, name="readings")',
        words="(3, 4)",
        use_widget=edit_the_request,
    ),
    Case(
        name="03_many_signatures",
        widget="signature_caller(",
        stored="predict_three takes",
        wrong="export_dir_1 = two_dir  # which has two endpoints only",
        words="signature 'classify', but its signatures are: predict_three, predict_two",
        use_widget=choose_a_signature,
    ),
    Case(
        name="04_inside_the_artifact",
        widget="explorer(export_dir",
        stored="the graph and its signatures",
        wrong="bias = found.variables[0].key",
        words="bias should be the four numbers themselves",
        use_widget=explore_artifacts,
        key="q2",
    ),
    Case(
        name="05_preprocessing_and_assets",
        widget="signature_caller(",
        stored="classify takes",
        wrong="mistake, estimate = lambda rows: rows, 0.5  # which changes nothing",
        words="mistake should change one of the columns",
        use_widget=enter_a_penguin,
    ),
    Case(
        name="06_error_clinic",
        widget="clinic(",
        stored="found in your text: Called a function referencing variables",
        wrong='reading = {"first error": "KeyError", "line": 18, "case": "shape-refused"}',
        words="you say 'KeyError', but this is the last error",
        use_widget=look_up_an_error,
    ),
    Case(
        name="09_rollout",
        widget="canary(watched",
        stored="(picture)",
        wrong="in_canary = lambda user, percent: True",
        words="about 0 should be in the canary at 0 %",
        use_widget=move_the_canary,
    ),
    Case(
        name="10_other_runtimes",
        widget="parity_picture(",
        stored="(picture)",
        wrong="litert_file_1 = shop_file  # of the shop's export",
        words="predict_two should answer -45.4428 for the row [-13, 6.99]",
        use_widget=see_the_differences,
    ),
    Case(
        name="11_performance",
        widget="speed_plot(",
        stored="(picture)",
        wrong="verdicts, times = dict.fromkeys(verdicts, 'publish'), 1.2",
        words="monday: you say 'publish', but it is 'too noisy'",
        use_widget=see_the_speed,
    ),
]


@pytest.fixture(scope="module")
def lab():
    if not find_browser():
        demanded = os.environ.get("REQUIRE_BROWSER", "") not in ("", "0")
        (pytest.fail if demanded else pytest.skip)(NO_BROWSER)
    expect.set_options(timeout=60_000)
    with Lab() as lab:
        yield lab


@pytest.mark.share(3)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lesson(lab, case):
    with lab.open(case.name) as notebook:
        before_running(notebook, case)
        notebook.run_all()
        after_running(notebook)
        answer_wrong_then_right(lab, notebook, case)
        case.use_widget(notebook)
        assert not notebook.console, "the page complains in the browser's console"
        assert not notebook.abroad, "the page needs a network"
        if case.opens:
            opened = Notebook(notebook.page, f"notebooks/{case.opens}.ipynb")
            opened.wait_until_idle()
            opened.shut_down()
            opened.close()
        readable_in_both_themes(notebook)
        fit_into_narrow_windows(lab, notebook)


def test_a_lesson_with_the_keyboard_alone(lab):
    """Run the cells, answer the exercise and use the widget without a mouse."""
    name, check = "00_start_here", "lesson.q1.check("
    active = "[panel.content.activeCellIndex, panel.content.mode]"

    def press(key, *, until):
        """Press a key again and again, and stop at most after 100 times."""
        for _ in range(100):
            if until():
                return
            notebook.page.keyboard.press(key)
        pytest.fail(f"the keyboard does not get there with {key}")

    with lab.open(name) as notebook:
        sources = ["".join(cell["source"]) for cell in notebook.cells()]
        assert notebook._when(active) == [0, "command"], "the notebook has the focus"
        press("Shift+Enter", until=lambda: notebook._when(active)[0] >= len(sources) - 1)
        notebook.wait_until_idle()
        exercise = next(n for n, source in enumerate(sources) if check in source)
        press("ArrowUp", until=lambda: notebook._when(active)[0] == exercise)
        notebook.page.keyboard.press("Enter")
        notebook.page.keyboard.press("Control+A")
        call = next(line for line in sources[exercise].splitlines() if line.startswith(check))
        notebook.page.keyboard.insert_text(f"{solution_of(name, 'q1')}\n{call}")
        notebook.page.keyboard.press("Control+Enter")
        expect(notebook.output(check)).to_contain_text("✓ passed")

        widget = notebook.output("course_map()")
        button = widget.get_by_role("button", name="Refresh")
        focused = "element => element === document.activeElement"
        notebook.page.keyboard.press("Escape")
        press("Tab", until=lambda: button.evaluate(focused))
        notebook.page.keyboard.press("Enter")
        expect(widget.locator("tr", has_text=re.compile("^00"))).to_contain_text("1 of 1 ●")


def readable_in_both_themes(notebook):
    """The lesson breaks no rule of level A or AA. `make site` installs axe."""
    if not AXE.exists():
        assert os.environ.get("REQUIRE_SITE", "") in ("", "0"), "axe is not installed: make site"
        return
    ours = ".jp-MarkdownOutput, .jp-OutputArea-output"
    assert not list(map(str, violations(notebook.page, ours)))
    notebook.choose_theme("JupyterLab Dark")
    assert not list(map(str, violations(notebook.page, ours, CONTRAST)))
    notebook.choose_theme("JupyterLab Light")


def fit_into_narrow_windows(lab, notebook):
    """Every output fits 800 pixels beside the file browser, and 640, as at a zoom of 200 %."""
    for width, height in (800, 900), (640, 450):
        notebook.resize(width, height)
        assert not notebook.misfits(), f"in a window of {width} pixels"
    notebook.resize(**lab.size)


def before_running(notebook, case):
    """Before any cell runs, the stored outputs show what the lesson will show."""
    stored = [output for cell in notebook.cells() for output in cell.get("outputs", ())]
    shown = notebook.page.locator(".jp-Notebook .jp-OutputArea-output")
    expect(shown).to_have_count(len(stored))
    texts = list(map(words_of, shown.all()))
    assert all(text.strip() for text in texts)
    assert case.stored in words_of(notebook.output(case.widget))
    assert not [text for text in texts if BROKEN_WIDGET.search(text)]


def words_of(output):
    """Return its text. A complete picture counts as its alternative text, or as "(picture)"."""
    images = "[...node.querySelectorAll('img')].filter(image => image.naturalWidth > 500)"
    words = "map(image => image.alt || '(picture)').join(' ')"
    return output.evaluate(f"node => node.innerText + {images}.{words}")


def after_running(notebook):
    cells = [cell for cell in notebook.cells() if cell["cell_type"] == "code"]
    bad = [
        ANSI.sub("", "\n".join(output.get("traceback") or [output["text"]]))
        for cell in cells
        for output in cell["outputs"]
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]
    assert not bad, "\n".join(bad)
    # A fresh kernel counts from 1, so these are not the stored counts.
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not BROKEN_WIDGET.search(notebook.page.locator(".jp-Notebook").inner_text())


def answer_wrong_then_right(lab, notebook, case):
    check = f"lesson.{case.key}.check("
    call = next(line for line in notebook.source(check).splitlines() if line.startswith(check))
    expect(notebook.output(check)).to_contain_text("not attempted")

    notebook.type(check, f"{case.wrong}\n{call}")
    expect(notebook.output(check)).to_contain_text("✗ not yet")
    expect(notebook.output(check)).to_contain_text(case.words)
    assert case.name not in lab.passed()

    notebook.type(check, f"{solution_of(case.name, case.key)}\n{call}")
    expect(notebook.output(check)).to_contain_text("✓ passed")
    assert lab.passed()[case.name] == [case.key]


def test_every_widget_is_used():
    with_widgets = [
        name
        for name in lesson_names()
        if "from helpers.widgets" in (ROOT / "solutions" / f"{name}.py").read_text("utf-8")
    ]
    assert with_widgets == [case.name for case in CASES], "give each a Case in this file"


def run_without_browser(tmp_path, **variables):
    """Run `test_lesson` in another pytest that finds no browser. Return exit status and output."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST_") and name not in ("BROWSER_PATH", "REQUIRE_BROWSER")
    }
    found = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--numprocesses=0", "-p", "no:cacheprovider"),
            "tests/course/test_browser.py::test_lesson",
        ],
        cwd=ROOT,
        env={**environment, "PATH": str(tmp_path), "COLUMNS": "400", **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return found.returncode, found.stdout


def test_without_browser_says_so(tmp_path):
    code, words = run_without_browser(tmp_path)
    assert code == 0, words
    assert f"{len(CASES)} skipped" in words
    assert NO_BROWSER in words, "pytest does not print the reason: addopts needs -rfEs"


def test_demanded_browser_is_missing(tmp_path):
    code, words = run_without_browser(tmp_path, REQUIRE_BROWSER="1")
    assert code == 1, words
    assert f"{len(CASES)} errors" in words
    assert NO_BROWSER in words


@pytest.mark.weekly
def test_browser_is_found_under_each_name(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    assert find_browser() is None
    for name in reversed((*NAMES, "mine")):
        (tmp_path / name).touch(mode=0o755)
        monkeypatch.setenv("BROWSER_PATH", "mine" if name == "mine" else "")
        assert find_browser() == str(tmp_path / name)
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "gone"))
    assert find_browser() is None, "BROWSER_PATH names the browser, so another one is wrong"
