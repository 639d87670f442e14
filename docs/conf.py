"""The configuration of the website for Sphinx; `make site` reads it."""

import os
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # autodoc imports `helpers`
from helpers.display import palette  # noqa: E402

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# "owner/name" of the public copy that the buttons and the links to issues lead to. CI sets it.
REPOSITORY = os.environ.get("SITE_REPOSITORY", "")
ADDRESS = os.environ.get("SITE_ADDRESS", "")  # of the published site, for previews of links

project = "Exporting TensorFlow models"
author = PROJECT["authors"][0]["name"]
version = release = PROJECT["version"]
copyright = f"{author}. Texts: CC BY 4.0. Code: Apache-2.0"  # the name that Sphinx asks for
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxext.opengraph"]
root_doc = "index"
nb_execution_mode = "off"  # the notebooks have their outputs
nb_merge_streams = True
myst_heading_anchors = 3
smartquotes = False  # an error is searched with the quotation marks that it has
napoleon_google_docstring = False
autodoc_typehints = "none"  # numpydoc sections have the types in words
autodoc_member_order = "bysource"
suppress_warnings = ["myst.header"]  # a notebook's text may begin with a heading of level 3

html_theme = "sphinx_book_theme"
html_title = project
html_css_files = ["course.css"]
html_baseurl = ADDRESS
html_show_sphinx = False
html_use_index = False  # the page docs/api has the same names
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": False,
    "show_navbar_depth": 1,
    # The menu at the side has the search. A second one above it would be the same.
    "navbar_start": [],
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "show_toc_level": 2,
}
if REPOSITORY:
    html_theme_options |= {
        "repository_url": f"https://github.com/{REPOSITORY}",
        "use_repository_button": True,
        "use_issues_button": True,
        "repository_branch": "HEAD",  # the default branch, which the theme would name master
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    }
ogp_site_url = ADDRESS
ogp_enable_meta_description = True
# Programs that show a link show no SVG file, as the pictures of the lessons are. Each lesson gets
# a card.
NO_CARD = {"enable": False}
CARD = {"line_color": palette.BLUE, "image_mini": "_static/mark.png", "font": "DejaVu Sans"}
ogp_social_cards = NO_CARD


def setup(app):
    """Connect what Sphinx has no setting for."""
    app.connect("autodoc-process-docstring", _escape_lines)
    app.connect("html-page-context", _name_the_repository)
    app.connect("html-page-context", _choose_card, priority=400)  # before the card is drawn
    app.connect("html-page-context", _add_codespaces, priority=900)  # after the theme's buttons


def _escape_lines(app, what, name, thing, options, lines):
    # Sphinx would look for a substitution between two vertical lines.
    lines[:] = [line.replace("|", r"\|") for line in lines]


def _name_the_repository(app, page, template, context, doctree):
    """Tell the script of the error clinic where issues belong, if a repository is known."""
    if REPOSITORY and page == "clinic/index":
        meta = f'<meta name="course-repository" content="{REPOSITORY}">'
        context["metatags"] = context.get("metatags", "") + meta


def _choose_card(app, page, template, context, doctree):
    """Let the extension draw a card for the start page and the lessons only: each takes 0.2 s."""
    drawn = page == root_doc or page.startswith("notebooks/")
    app.config.ogp_social_cards = CARD if drawn else NO_CARD


def _add_codespaces(app, page, template, context, doctree):
    """Add GitHub Codespaces, which the theme does not know, to its buttons that start a lesson."""
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            group["buttons"].append(
                {
                    "type": "link",
                    "text": "Codespaces",
                    "tooltip": "Launch on GitHub Codespaces",
                    "icon": "fab fa-github",
                    "url": f"https://codespaces.new/{REPOSITORY}?quickstart=1",
                }
            )
