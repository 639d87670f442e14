"""The error clinic as pages: one for each known error, and the data of the page with the box."""

import html
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from helpers.clinic import CASES
from helpers.clinic.show import code_of, shared_code
from helpers.errors.known_error import GENERAL, PLACES, KnownError, known_errors
from helpers.errors.show import as_html
from helpers.paths import ROOT

# What the groups of the known errors are about, in the order of the table.
GROUP_TITLES = {
    "saving": "Saving and exporting",
    "loading": "Loading",
    "calling": "Calling",
    "silent": "Wrong answers without an error",
    "serving": "Model servers",
    GENERAL: "Other errors of your own code",
}
PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!<>|~$&:@^='\"/])")
DESCRIPTION = 160  # characters of the description that a search engine shows


def page_errors() -> list[KnownError]:
    """Return the known errors that have a page: those that a pasted text can belong to, and all
    that the clinic has code for."""
    errors = known_errors().values()
    return [e for e in errors if e.group != GENERAL or e.marks or e.framed_marks]


def case_page(error: KnownError) -> str:
    """Return the page of a known error in MyST Markdown. Its title has the words of the error."""
    name = f"{error.exception}: {error.text}" if error.exception else error.title
    summary = f"{error.title}. {error.cause}"
    parts = [
        _front_matter(summary),
        f"# {escaped(name)}",
        f"**{escaped(error.title)}**, {PLACES[error.met_in]}.",
        f"## What is the cause?\n\n{escaped(error.cause)}",
        f"## What cures it?\n\n{escaped(error.cure)}",
        f"## How can you try it?\n\n{escaped(error.experiment)}",
    ]
    if error.not_reproduced:
        parts.append(
            f"The course does not run this error. It needs: {escaped(error.not_reproduced)}"
        )
    if case := CASES.get(error.key):
        fails = "raises the error" if error.exception else "gives a wrong answer"
        parts.append(f"## Which code {fails}?\n\n{_code(code_of(case.broken))}")
        parts.append(
            "## Which code works?\n\nIt gives the expected numbers.\n\n"
            f"{_code(code_of(case.cured))}"
        )
        if shared := shared_code(case.broken, case.cured):
            parts.append(f"Both use:\n\n{_code(shared)}")
    if error.reported:
        links = "\n".join(f"- [{escaped(each)}]({_thread(each)})" for each in error.reported)
        parts.append(f"## Who reports it?\n\n{links}")
    parts.append(
        "The text of your error differs? [Paste it in the error clinic](index.md). In the course, "
        f"`python -m helpers.clinic` knows this error as `{error.key}`."
    )
    return "\n\n".join(parts) + "\n"


def clinic_page(box: str) -> str:
    """Return the page with the box for a traceback, and the list of all known errors.

    Parameters
    ----------
    box : str
        The HTML of the box.
    """
    parts = [
        _front_matter(
            "Paste the traceback of TensorFlow, Keras, LiteRT or a model server, and read the "
            "cause and the cure. Your text stays in your browser."
        ),
        "# Error clinic",
        "Paste an error of TensorFlow, Keras, LiteRT or a model server. The page names the cause "
        "and the cure. Python runs in this page, in your browser. **Your text does not leave your "
        "computer.** The first answer takes some seconds, because the page loads Python (14 MB).",
        f"```{{raw}} html\n{box}\n```",
        "## All errors that the clinic knows",
    ]
    errors = page_errors()
    for group, title in GROUP_TITLES.items():
        here = [error for error in errors if error.group == group]
        rows = "\n".join(f"- [{escaped(e.title)}]({e.key}.md): {_symptom(e)}" for e in here)
        parts.append(f"### {title}\n\n{rows}")
    names = "\n".join(error.key for error in errors)
    parts.append(f"```{{toctree}}\n:hidden:\n\n{names}\n```")
    return "\n\n".join(parts) + "\n"


def write_data(folder: Path) -> None:
    """Write what the page with the box loads: the finder as a zip file, and the cases as JSON.

    Parameters
    ----------
    folder : Path
        It gets `clinic.zip` and `clinic_cases.json`.
    """
    with zipfile.ZipFile(folder / "clinic.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in finder_files():
            # Without the time of the file, the same files give the same archive.
            entry = zipfile.ZipInfo(path.relative_to(ROOT).as_posix())
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    shown = {key: _shown(error) for key, error in known_errors().items()}
    (folder / "clinic_cases.json").write_text(json.dumps(shown, ensure_ascii=False), "utf-8")


def finder_files() -> list[Path]:
    """Return the files of the course that `helpers.errors.find` needs, as a fresh Python tells."""
    ask = (
        "import sys, helpers.errors.find\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'helpers'),"
        " sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = sorted(map(Path, done.stdout.split("\n")[:-1]))
    return modules + sorted((ROOT / "helpers/errors/known").glob("*.toml"))


def escaped(text: str) -> str:
    """Return a text so that Markdown shows each of its characters."""
    return PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def _shown(error):
    """What the box shows of a case, and whether the case has a page."""
    case = CASES.get(error.key)
    pages = {each.key for each in page_errors()}
    shown = case.as_html() if case else as_html(error)
    return {"title": error.title, "html": shown, "page": error.key in pages}


def _symptom(error):
    text = f"{error.exception}: {error.text}" if error.exception else error.text
    return f"`` {' '.join(text.split())} ``"


def _front_matter(description):
    words = " ".join(description.split())
    if len(words) > DESCRIPTION:
        words = words[: DESCRIPTION - 2].rsplit(" ", 1)[0] + " …"
    return (
        f"---\nmyst:\n  html_meta:\n    description: {json.dumps(words, ensure_ascii=False)}\n---"
    )


def _code(source):
    return f"```python\n{source}\n```"


def _thread(thread):
    project, _, number = thread.partition("#")
    return html.escape(f"https://github.com/{project}/issues/{number}")
