"""HTML tables, for results that also have a plain text form."""

import html
from collections.abc import Iterable, Sequence

CELL = "text-align:left;padding:.2em .8em;white-space:"
NARROW = "text-align:left;padding:.2em .4em;white-space:normal"


def table(head: Sequence[object], rows: Iterable[Sequence[object]], narrow: bool = False) -> str:
    """Write an HTML table. Every text is escaped.

    Parameters
    ----------
    head : sequence of object
        The titles of the columns, shown as `str` writes them.
    rows : iterable of sequence of object
        Each row has as many cells as `head`.
    narrow : bool
        Whether every text may be broken between words, for a table of many columns.

    Returns
    -------
    str
        One `<table>` element.
    """
    body = "".join(f"<tr>{''.join(_cell(c, 'td', narrow) for c in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(_cell(h, 'th', narrow) for h in head)}</tr>{body}</table>"


def _cell(content: object, tag: str, narrow: bool) -> str:
    text = str(content)
    # Names and words stay whole, and only sentences are broken where the window is narrow.
    space = "pre-wrap;overflow-wrap:anywhere" if len(text) > 40 else "nowrap"
    scope = " scope='col'" if tag == "th" else ""
    style = NARROW if narrow else f"{CELL}{space}"
    return f"<{tag}{scope} style='{style}'>{html.escape(text)}</{tag}>"
