"""The files that a visitor reads first agree with each other and with the course."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT

PAGES = ("README.md", "CONTRIBUTING.md")
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
# The types of fields in a GitHub issue form. All but markdown ask for something, under an id.
FIELDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
ROOMS = r"(?:helpers|tests|solutions|notebooks|\.github)"
PLACEHOLDER = re.compile(r"NN|[*]")  # `lesson_NN/` stands for many folders
# A path between backquotes, or the file in the second column of a table of two.
CITED = re.compile(rf"`({ROOMS}/[^`\s]+)`|^\| [^|]+ \| `([\w./-]+\.\w+)` \|$", re.M)


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def project():
    return tomllib.loads(read("pyproject.toml"))["project"]


def links(page):
    """Return the targets of the links and pictures of `page` that are files of this repository."""
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", read(page))]
    return sorted({target for target in targets if target and "://" not in target})


def cited_files(page):
    """Return the paths that `page` names as code, without those that stand for many."""
    found = {path or in_table for path, in_table in CITED.findall(read(page))}
    return sorted(path for path in found if not PLACEHOLDER.search(path))


def make_targets(text):
    """Return the targets of the `make` commands that `text` shows as code."""
    blocks = "\n".join(re.findall(r"^```\n.*?^```", text, re.S | re.M))
    spans = [*re.findall(r"`([^`\n]+)`", text), *blocks.splitlines()]
    commands = [shlex.split(span, comments=True) for span in spans if span.startswith("make ")]
    return {word for command in commands for word in command[1:] if "=" not in word}


def each(function):
    """Parametrize a test with every (page, what `function` finds there)."""
    return pytest.mark.parametrize(("page", "name"), [(p, n) for p in PAGES for n in function(p)])


@each(links)
def test_link_leads_to_a_file(page, name):
    assert (ROOT / name).exists(), f"{page} links to {name}, which does not exist"


@each(cited_files)
def test_cited_file_exists(page, name):
    assert (ROOT / name).exists(), f"{page} names {name}, which does not exist"


@each(lambda page: sorted(make_targets(read(page))))
def test_make_target_exists(page, name):
    targets = re.findall(r"^([a-z-]+):", read("Makefile"), re.M)
    assert name in targets, f"{page} names `make {name}`, but the Makefile has no such target"


@each(lambda page: sorted(set(re.findall(r"python -m (helpers(?:\.\w+)+)", read(page)))))
def test_command_exists(page, name):
    file = ROOT / name.replace(".", "/") / "__main__.py"
    assert file.exists(), f"{page} names `python -m {name}`, which does not exist"


def test_what_the_pages_must_name_is_found():
    """The tests above would pass for pages in which they find nothing."""
    named = {page: make_targets(read(page)) for page in PAGES}
    assert {"lab", "test", "reset", "runtimes"} <= named["README.md"]
    assert {"env", "test", "new-lesson", "notebooks", "newest", "bench", "lock"} <= named[PAGES[1]]
    assert {"CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "LICENSE-text"} <= set(links("README.md"))
    homes = {"helpers/exercises/export_checks.py", "helpers/display/palette.py", "pyproject.toml"}
    assert homes <= set(cited_files("CONTRIBUTING.md"))
    text = 'Run `make one A="b c"` or\n```\nmake two  # not three\n```\nand make four.'
    assert make_targets(text) == {"one", "two"}


def test_readme_gives_the_sum_of_the_minutes():
    rows = re.findall(r"^\| (\d\d) \|[^|]+\| (\d+) \|", read("README.md"), re.M)
    assert [number for number, _ in rows] == [name[:2] for name in lesson_names()]
    minutes = {
        name[:2]: re.search(r"\*\*(\d+) minutes", derive(name, "notebooks").cells[0].source)[1]
        for name in lesson_names()
    }
    assert dict(rows) == minutes
    total = sum(map(int, minutes.values()))
    (told,) = re.findall(r"(\d+) minutes", read("README.md"))
    assert int(told) == total, f"README.md: the lessons take {total} minutes together"


def test_readme_is_short():
    assert len(read("README.md").splitlines()) <= 115


def test_citation_agrees_with_the_project():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software"
    assert citation["title"] and citation["message"]
    assert citation["version"] == project()["version"]
    assert citation["authors"] == project()["authors"]
    assert citation["license"] == project()["license"].split(" AND ")[0]
    assert f"# {citation['title']}" == read("README.md").splitlines()[0]


def test_each_licence_of_the_project_has_its_text():
    assert project()["license"].split(" AND ") == ["Apache-2.0", "CC-BY-4.0", "CC0-1.0"]
    assert project()["license-files"] == ["LICENSE", "LICENSE-text"]
    code, text = read("LICENSE"), read("LICENSE-text")
    assert "Apache License" in code and "Version 2.0, January 2004" in code
    assert "9. Accepting Warranty or Additional Liability." in code
    assert "CC-BY-4.0" in text and "creativecommons.org/licenses/by/4.0/legalcode" in text
    assert "CC0 1.0" in read("helpers/penguins/README.md")


def test_changelog_has_the_version():
    versions = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.M)
    assert versions[0] == "Unreleased"
    assert project()["version"] in versions


@pytest.mark.parametrize("path", [p for p in FORMS if p.name != "config.yml"], ids=lambda p: p.stem)
def test_issue_form_is_complete(path: Path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"] and form["description"]
    kinds = {field["type"] for field in form["body"]}
    assert kinds <= FIELDS and kinds != {"markdown"}
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in asked]
    assert len(ids) == len(set(ids))
    labels = [field["attributes"]["label"] for field in asked]
    assert all(labels) and len(labels) == len(set(labels))
    assert any(field.get("validations", {}).get("required") for field in asked)
    for field in asked:
        if field["type"] == "dropdown":
            options = field["attributes"]["options"]
            assert all(isinstance(option, str) for option in options)
            assert len(options) == len(set(options)) > 1


def test_there_are_two_issue_forms():
    assert [path.name for path in FORMS] == [
        "config.yml",
        "error-not-in-the-clinic.yml",
        "lesson-is-wrong.yml",
    ]
    config = yaml.safe_load(read(".github/ISSUE_TEMPLATE/config.yml"))
    assert isinstance(config["blank_issues_enabled"], bool)
