"""The widget of the error clinic: paste an error or choose a case, and read its cause and cure."""

import html

import ipywidgets

from helpers.clinic import CASES
from helpers.errors.find import Found, find
from helpers.errors.known_error import KnownError
from helpers.errors.show import as_html
from helpers.widgets.view import LONG_LABEL, View, one_at_a_time, style

INTRODUCTION = (
    "In a running notebook: paste an error, or choose a case, and read its cause and cure."
)
NOTHING = "Paste an error, or choose a case."
UNKNOWN = "<b>not in this clinic</b>"
FOUND = "found in your text:"


def clinic(text: str = "") -> View:
    """Make the widget: a box for an error, a list of the cases, and the case with its code.

    An error that is not in the clinic shows what to do next, and near cases as buttons, if there
    are any. An error without code in the clinic, such as one of a server, is shown without being
    in the list.

    Parameters
    ----------
    text : str
        The error with which the widget opens: a traceback, a log, or the response of a server.

    Returns
    -------
    View
        Its text form has the case of `text`. Without a text it has the list of the cases.
    """
    error = ipywidgets.Textarea(
        value=text,
        description="error",
        placeholder="paste a traceback, its last line, a log, or the response of a server",
        layout=ipywidgets.Layout(width="95%", height="8em"),
    )
    choice = ipywidgets.Dropdown(
        options=[
            ("none", ""),  # With None as its value, the list would show nothing.
            *((f"{case.group}: {case.title}", key) for key, case in CASES.items()),
        ],
        description="case",
        layout=ipywidgets.Layout(width="95%"),
    )
    verdict, answer = ipywidgets.HTML(), ipywidgets.HTML()
    nearest = ipywidgets.HBox(layout=ipywidgets.Layout(flex_flow="row wrap"))

    guarded = one_at_a_time()

    @guarded
    def look(_=None):
        found = find(error.value)
        verdict.value = _verdict(found)
        nearest.children = [button(case) for case in found.nearest]
        open_case(found.case)

    @guarded
    def show(_=None):
        key = choice.value
        answer.value = CASES[key].as_html() if key else ""
        found = find(error.value)
        if key and found.case and found.case.key != key:
            verdict.value = ""  # the words are those of another case

    def open_case(case: KnownError | None):
        choice.value = case.key if case and case.key in CASES else ""
        answer.value = _page(case)

    def button(case):
        # The button is as wide as its words, or has several lines: JupyterLab cuts off longer ones.
        wide = ipywidgets.Layout(width="auto", max_width="98%")
        button = ipywidgets.Button(
            description=case.title, tooltip=f"Show the case {case.key}", layout=wide
        )
        button.add_class(LONG_LABEL)
        button.on_click(lambda _: open_case(case))
        return button

    look()
    error.observe(look, "value")
    choice.observe(show, "value")
    return View([error, choice, verdict, nearest, answer, style()], _text(find(text)))


def _page(case):
    if case is None:
        return ""
    return CASES[case.key].as_html() if case.key in CASES else as_html(case)


def _verdict(found):
    if found.case:
        return f"<div style='line-height:1.4'>{FOUND} <b>{html.escape(found.line)}</b></div>"
    if not found.words:
        return NOTHING
    step = f"<div>{html.escape(found.next_step)}</div>"
    return f"{UNKNOWN}{step}nearest:" if found.nearest else f"{UNKNOWN}{step}"


def _text(found: Found) -> str:
    if found.case:
        return f"{INTRODUCTION}\n\n{FOUND} {found.line}\n\n{found}"
    if found.words:
        return f"{INTRODUCTION}\n\n{found}"
    cases = (f"  {case.group}: {case.title}" for case in CASES.values())
    return "\n".join((f"{INTRODUCTION} The cases:", *cases))
