"""The readers' tool is right about every quick export of the corpus, and its cures cure."""

import pytest

from helpers import readers
from helpers.readers import outcomes
from helpers.readers.report import Report, Row
from tests.corpus import judge
from tests.corpus.record import CASES, STATUSES, Export, export, load

QUICK = [one for one in load().values() if one.quick]


@pytest.mark.share(3)
@pytest.mark.parametrize("one", QUICK, ids=lambda one: one.name)
def test_what_the_tool_says_is_right(one, tmp_path):
    judged = judge.judge(one, tmp_path)
    assert judged.right, "\n".join([*map(str, judged.wrong), judged.told])
    assert not judged.cure, f"{judged.cure}\n{judged.told}"
    assert judged.report.exit_status == one.exit_status(
        list(dict.fromkeys(row.signature for row in judged.report.rows))
    )


ALL = {"python": "same", "session": "same", "litert": "same"}


@pytest.mark.parametrize(
    ("right", "said", "kind"),
    [
        ("fails", "answers", judge.FALSE_PASS),
        ("other", "same", judge.FALSE_PASS),
        ("not tried", "same", judge.FALSE_PASS),
        ("same", "other", judge.FALSE_ALARM),
        ("answers", "fails", judge.FALSE_ALARM),
        ("same", "not tried", judge.UNDECIDED),
        ("fails", "not tried", judge.UNDECIDED),
        ("fails", "other", judge.WRONG_KIND),
    ],
)
def test_a_row_that_is_not_right_is_counted_by_its_kind(right, said, kind):
    one = _export({**ALL, "litert": right})
    report = _report({"python": "answers", "session": "same", "litert": said})
    wrong = [*judge.wrong_rows(one, report)][-1]
    assert (wrong.reader, wrong.kind) == ("litert", kind)


def test_the_reference_answers_and_is_right():
    report = _report({"python": "answers", "session": "same", "litert": "same"})
    assert not [*judge.wrong_rows(_export(ALL), report)]


def test_readers_that_only_answer_are_no_pass():
    report = _report({"python": "answers", "session": "answers", "litert": "same"})
    assert [one.kind for one in judge.wrong_rows(_export(ALL), report)] == [judge.UNDECIDED] * 2
    failing = _export({**ALL, "session": "fails"})
    kinds = [judge.UNDECIDED, judge.FALSE_PASS]
    assert [one.kind for one in judge.wrong_rows(failing, report)] == kinds
    random = _export({**ALL, "python": "answers", "session": "answers"})
    assert not [*judge.wrong_rows(random, report)]


def test_a_verdict_is_for_all_signatures_or_for_each():
    each = _export({"a": ALL, "b": {**ALL, "litert": "fails"}})
    assert each.status("a", "litert") == outcomes.SAME
    assert each.status("b", "litert") == outcomes.FAILS
    assert (each.exit_status(["a"]), each.exit_status(["a", "b"])) == (0, 1)
    assert _export({**ALL, "litert": "not tried"}).exit_status(["a"]) == 2


def test_a_wrong_verdict_is_refused():
    for verdict, words in (({"python": "same"}, "not"), ({**ALL, "litert": "well"}, "'well'")):
        with pytest.raises(ValueError, match=words):
            export(family="none", verdict=verdict, why="")(_nothing)
    assert "_nothing" not in CASES


def _nothing(directory):
    pass


def _export(verdict):
    return Export("none", "none", _nothing, verdict, "")


def _report(statuses):
    rows = [Row("serve", reader, STATUSES[statuses[reader]]) for reader in readers.READERS]
    return Report("none", tuple(rows))
