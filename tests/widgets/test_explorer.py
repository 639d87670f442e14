"""The explorer: the pages plainly, the widget by setting `.value`."""

import re

import pytest

from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.widgets.explorer import EVERYTHING, MAIN, NOTHING, explorer
from tests.inspection import exports
from tests.inspection.exports import copied


@pytest.fixture(scope="module")
def two():
    made, _ = exports.given()
    return exports.sums(), made["branch"][0]


def parts(view):
    """export, beside, look, within, page"""
    return view.children[:5]


def typing(view):
    """Return the field for a path, and the words below it."""
    return view.children[5:7]


def test_the_last_export_is_beside_the_first_one_from_the_start(two, tmp_path):
    copy = copied(two[0], tmp_path / "copy")
    export, beside, *_, page = parts(explorer(*two, copy))
    assert export.options == ("sums", "branch", "copy") and export.value == "sums"
    assert beside.options == (NOTHING, *export.options) and beside.value == "copy"
    assert "<strong>sums/</strong>" in page.value and "<strong>copy/</strong>" in page.value
    beside.value = NOTHING
    assert page.value.count("<strong>") == 1
    _, alone, *_ = parts(explorer(two[0]))
    assert alone.value == NOTHING


def test_each_page_shows_its_part(two):
    _, beside, look, within, page = parts(explorer(*two))
    beside.value = NOTHING
    words = {
        "files": ("variables.index", "the graph and its signatures", "12, 23 kB"),
        "signatures": ("serving_default", "args_0", "(None, 10)"),
        "operations": ("MatMul", ">180 in all<"),
        "variables": ("complex_model", "(10, 64)", "variables/0"),
        "compare": ("Choose another export",),
    }
    assert [*words] == [*look.options]
    for name, texts in words.items():
        look.value = name
        assert all(text in page.value for text in texts), page.value
        assert within.layout.display == ("" if name == "operations" else "none")


def test_operations_of_one_function(two):
    export, beside, look, within, page = parts(explorer(*two))
    beside.value, look.value = NOTHING, "operations"
    assert within.options[:2] == (EVERYTHING, MAIN) and "__call__" in within.options
    assert "signature_wrapper___call__ (2)" in within.options, "two functions of one name"
    within.value = "__call__"
    assert ">3<" in page.value and "MatMul" in page.value and "SaveV2" not in page.value
    beside.value = "branch"
    assert "This export does not contain __call__" in page.value
    export.value = "branch"
    assert within.value == EVERYTHING and "cond_true" in within.options
    within.value = "cond_true"
    assert "WriteFile" in page.value


def test_two_compared(two, tmp_path):
    copy = copied(two[0], tmp_path / "copy")
    export, beside, look, _, page = parts(explorer(*two, copy))
    look.value = "compare"
    assert "a copy, every byte is the same" in page.value
    beside.value = "branch"
    assert "what differs: graph" in page.value
    (copy / "saved_model.pb").write_bytes(b"")
    beside.value = "copy"
    assert "cannot be compared" in page.value and "damaged or incomplete" in page.value
    export.value, look.value = "copy", "files"
    beside.value = NOTHING
    assert "variables.index" in page.value
    assert "fingerprint.pb" in page.value and ">inside<" not in page.value, (
        "the graph cannot be read"
    )


def test_a_typed_path_is_added_to_both_lists_and_chosen(two, tmp_path):
    copy = copied(two[1], tmp_path / "copy")
    view = explorer(*two)
    export, beside, *_, page = parts(view)
    path, problem = typing(view)
    path.value = f" {copy} "
    assert export.options == ("sums", "branch", "copy")
    assert beside.options == (NOTHING, *export.options)
    assert (export.value, beside.value, problem.value) == ("copy", "branch", "")
    assert "<strong>copy/</strong>" in page.value and "<strong>branch/</strong>" in page.value
    path.value = "sums"
    assert export.value == "sums" and len(export.options) == 3
    export.value = "branch"
    path.value = ""
    assert export.value == "branch" and not problem.value
    path.value = str(copy)
    assert export.value == "copy" and len(export.options) == 3, "the same path is added twice"


def test_a_path_that_is_no_export_changes_nothing(two, tmp_path):
    view = explorer(*two)
    export, *_, page = parts(view)
    path, problem = typing(view)
    before = page.value
    for text, words in (
        (str(tmp_path / "<b>gone"), "&lt;b&gt;gone"),
        ("x" * 5000, "5,000 characters"),
        ("\ud800\x1b", "ud800"),
    ):
        path.value = text
        assert "findings</th>" in problem.value and words in problem.value
        assert "<b>" not in problem.value and "\x1b" not in problem.value
        assert problem.value.encode() and page.value == before
    assert len(export.options) == 2
    path.value = "brnch"
    assert "Did you mean branch? It is in the list." in problem.value
    path.value = "branch"
    assert export.value == "branch" and not problem.value


def test_exports_of_one_name_can_be_told_apart(two, tmp_path):
    same = copied(two[1], tmp_path / "sums")
    export, *_, page = parts(explorer(two[0], same))
    assert export.options == ("sums", str(same))
    export.value = str(same)
    assert "serve, serving_default" not in page.value


def test_a_large_model_makes_no_large_page(tmp_path):
    path = exports.with_many_operations(tmp_path / "large", 50_000)

    def many(model):
        for number in range(1000):
            function = model.meta_graphs[0].graph_def.library.function.add()
            function.signature.name = f"one_{number:04}_of_many"
            node = function.node_def.add()
            node.name, node.op = "x", f"Type{number:04}"

    exports.edit(path, many)
    _, _, look, within, page = parts(explorer(path))
    assert len(within.options) < 210
    look.value = "operations"
    assert "50,0" in page.value and re.search(r"… \d+ more", page.value)
    for name in look.options:
        look.value = name
        assert len(page.value) < 40_000


def test_the_text_form_says_what_there_is(two):
    bundle = explorer(*two)._repr_mimebundle_()
    text = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/plain"]
    assert text.startswith("Live in Jupyter") and str(explore(two[0])) in text
    assert differences(*two).verdict in text
    assert max(map(len, text.splitlines())) <= 98


def test_explorer_wants_an_artifact():
    with pytest.raises(ValueError, match=r"explorer\(export_dir\)"):
        explorer()
