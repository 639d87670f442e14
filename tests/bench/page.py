"""The page "What is proved and how", with the figures of the last `make bench` that wrote them."""

import datetime
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path

from helpers.paths import ROOT

DATA, PAGE = ROOT / "docs/what_is_proved.json", ROOT / "docs/what_is_proved.md"
PACKAGES = ("tensorflow-cpu", "keras", "numpy", "jupyterlab")
HEAD = (ROOT / "tests/bench/page_head.md").read_text("utf-8")


def store(sections: dict[str, Iterable], file: Path = DATA) -> None:
    """Add the figures of some sections to a file, with the day, the versions and the computer.

    Parameters
    ----------
    sections : dict of str to iterable of Figure
        By the name of the section. The figures of other sections stay.
    file : Path
    """
    data = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for name, figures in sections.items():
        data[name] = {
            "date": datetime.date.today().isoformat(),
            "python": platform.python_version(),
            "versions": {one: importlib.metadata.version(one) for one in PACKAGES},
            "cores": os.cpu_count(),
            "figures": [
                {**figure._asdict(), "met": figure.value is not None and figure.met()}
                for figure in figures
            ],
        }
    file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def page(data: dict) -> str:
    """Write the page.

    Parameters
    ----------
    data : dict
        What `store` has written.
    """
    lines = [HEAD]
    for name, section in data.items():
        versions = ", ".join(f"{one} {number}" for one, number in section["versions"].items())
        lines += [
            f"### {name.replace('_', ' ').capitalize()}",
            "",
            f"Measured on {section['date']}, with Python {section['python']}, {versions}, on a "
            f"computer with {section['cores']} cores.",
            "",
            "| figure | baseline or unit | measured | bar | |",
            "|---|---|---|---|---|",
        ]
        lines += [_row(figure) for figure in section["figures"]]
        lines.append("")
    return "\n".join(lines)


def _row(figure):
    value = figure["value"]
    measured, result = "", "not measured"
    if value is not None:
        measured = f"{value:.2f}" if 0.01 <= abs(value) < 1000 else f"{value:.3g}"
        result = "met" if figure["met"] else "**not met**"
    cells = (
        figure["name"],
        figure["against"],
        measured,
        f"{figure['sign']} {figure['bar']:g}",
        result,
    )
    return "| " + " | ".join(cells) + " |"


def write() -> None:
    """Write the page from its data."""
    PAGE.write_text(page(json.loads(DATA.read_text("utf-8"))), encoding="utf-8")
