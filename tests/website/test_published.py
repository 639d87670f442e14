"""What a public copy of the course adds: buttons that start a lesson, cards, previews."""

import os
import subprocess

import nbformat
import pytest
import yaml

from helpers.paths import ROOT, SITE
from helpers.website.source import write_mark
from tests.website.test_pages import Page

ADDRESS = "https://owner.github.io/course/"
PYTHON = SITE / "venv/bin/python"


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """The page of a small lesson, built as the workflow of a public copy builds the website."""
    if not PYTHON.exists():
        demanded = os.environ.get("REQUIRE_SITE", "") not in ("", "0")
        (pytest.fail if demanded else pytest.skip)("Sphinx is not installed: make site")
    folder = tmp_path_factory.mktemp("published")
    for name in ("notebooks", "_static"):
        (folder / "source" / name).mkdir(parents=True)
    write_mark(folder / "source/_static/mark.png")
    (folder / "source/_static/course.css").touch()
    toctree = "```{toctree}\nnotebooks/01_small\n```"
    (folder / "source/index.md").write_text(f"# Course\n\nIt is a course.\n\n{toctree}\n")
    cell = nbformat.v4.new_markdown_cell("# Small lesson\n\nIt shows a model.")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "source/notebooks/01_small.ipynb")
    command = (PYTHON, "-m", "sphinx", "-b", "html", "--quiet", "--fail-on-warning", "-c")
    command += (ROOT / "docs", "-D", f"html_static_path={folder}/source/_static")
    done = subprocess.run(
        [*command, folder / "source", folder / "html"],
        env=os.environ | {"SITE_REPOSITORY": "owner/course", "SITE_ADDRESS": ADDRESS},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return Page(folder / "html/notebooks/01_small.html")


def test_buttons_start_the_lesson(lesson):
    binder = "https://mybinder.org/v2/gh/owner/course/HEAD"
    assert f"{binder}?urlpath=lab/tree/notebooks/01_small.ipynb" in lesson.links
    assert "https://codespaces.new/owner/course?quickstart=1" in lesson.links


def test_card_of_a_lesson_has_an_absolute_address(lesson):
    image = lesson.meta["og:image"]
    assert image.startswith(f"{ADDRESS}_images/") and image.endswith(".png")
    assert (lesson.path.parents[1] / image.removeprefix(ADDRESS)).is_file()
    assert lesson.meta["twitter:card"] == "summary_large_image"
    assert lesson.meta["og:image:alt"] == lesson.meta["og:description"] == "It shows a model."


def steps_of(job, condition):
    return [step for step in job["steps"] if step.get("if", condition) == condition]


def test_workflow_keeps_the_site_of_a_pull_request_and_publishes_others():
    workflow = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text("utf-8"))
    assert {"push", "pull_request"} <= workflow[True].keys()  # `on` is YAML for true
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    preview = steps_of(build, "github.event_name == 'pull_request'")
    uploads = {step["uses"]: step["with"] for step in preview if "with" in step}
    assert uploads.keys() == {"actions/upload-artifact@v4"}
    (kept,) = uploads.values()
    assert kept["path"] == ".site/html" and kept["include-hidden-files"]
    commands = [step["run"] for step in preview if "run" in step]
    assert "make site" in commands and not any("${{" in command for command in commands)
    assert "steps.preview.outputs.artifact-url" in preview[-1]["env"]["PREVIEW"]
    assert [step.get("id") for step in preview if "uses" in step][-1] == "preview"

    others = steps_of(build, "github.event_name != 'pull_request'")
    assert others[-1]["uses"].startswith("actions/upload-pages-artifact@")
    assert publish["if"] == "github.event_name != 'pull_request'" and publish["needs"] == "build"
    # A pull request from another fork runs its own code: it may not write anything.
    assert workflow["permissions"] == {"contents": "read"} and "permissions" not in build
