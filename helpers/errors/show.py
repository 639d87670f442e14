"""A known error as text and as HTML."""

import html
import textwrap

from helpers.display.html_table import CELL, ROW, TABLE
from helpers.errors.known_error import PLACES, KnownError
from helpers.errors.messages import WIDTH

# In a widget's HTML, JupyterLab shows a link like any other word.
LINK = "target='_blank' style='text-decoration:underline'"


def as_text(error: KnownError) -> str:
    """Return a known error as lines of at most WIDTH characters."""
    lines = [f"{error.title} ({error.key})"]
    for name, content in _rows(error).items():
        indents = {"initial_indent": f"  {name:<11} ", "subsequent_indent": " " * 14}
        lines += textwrap.wrap(content, WIDTH, break_on_hyphens=False, **indents)
    return "\n".join(lines)


def as_html(error: KnownError) -> str:
    """Return a known error as an HTML table, with links to the threads that report it."""
    rows = {name: html.escape(content) for name, content in _rows(error).items()}
    if error.reported:
        rows["reported"] = ", ".join(map(_link, error.reported))
    body = "".join(
        f"<tr style='{ROW}'><th scope='row' style='{CELL}nowrap'>{name}</th>"
        f"<td style='{CELL}pre-wrap;overflow-wrap:anywhere'>{content}</td></tr>"
        for name, content in rows.items()
    )
    title = f"<b>{html.escape(error.title)}</b> ({html.escape(error.key)})"
    return f"<table style='{TABLE}'><caption style='{CELL}normal'>{title}</caption>{body}</table>"


def _rows(error):
    symptom = f"{error.exception or 'no error'}, {PLACES[error.met_in]}: {error.text}"
    rows = {
        "symptom": symptom,
        "cause": error.cause,
        "experiment": error.experiment,
        "cure": error.cure,
        "needs": error.not_reproduced,
        "reported": ", ".join(error.reported),
    }
    return {name: content for name, content in rows.items() if content}


def _link(thread):
    project, _, number = thread.partition("#")
    words = html.escape(thread).replace("/", "/<wbr>")  # two short lines, and not a word in pieces
    address = f"https://github.com/{project}/issues/{number}"
    return f"<a href='{html.escape(address)}' {LINK}>{words}</a>"
