"""Rich forms of what also has a plain text form."""

import html

CELL = "text-align:left;padding:.2em .8em;white-space:"


def table(head, rows):
    """An HTML table; `head` and every row are sequences of plain texts."""
    body = "".join(f"<tr>{''.join(_cell(c, 'td') for c in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(_cell(h, 'th') for h in head)}</tr>{body}</table>"


def _cell(content, tag):
    text = str(content)
    # Names and words stay whole; only sentences are broken where the window is narrow.
    space = "pre-wrap;overflow-wrap:anywhere" if len(text) > 40 else "nowrap"
    scope = " scope='col'" if tag == "th" else ""
    return f"<{tag}{scope} style='{CELL}{space}'>{html.escape(text)}</{tag}>"
