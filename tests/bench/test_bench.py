"""The table that `make bench` ends with."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from helpers.paths import ROOT
from tests.bench import corpus, page, reader_commands, serving
from tests.bench.__main__ import Figure, main, report

GOOD = Figure("answer: time", "NumPy", 0.2, 0.25, "<")
MISSED = Figure("gain", "the slow one", 99.0, 100, ">")
LEFT_OUT = Figure("requests", "another: make bench-serving", None, 2, ">")


def test_a_figure_is_on_one_side_of_its_bar_or_on_it():
    assert GOOD.met() and not GOOD._replace(sign=">").met()
    assert not MISSED.met() and MISSED._replace(sign="<").met()
    assert GOOD._replace(value=0.25).met() and MISSED._replace(value=100).met()


def test_the_table_has_each_figure_with_its_baseline_bar_and_result(capsys):
    assert report(iter([GOOD, MISSED, LEFT_OUT])) == 1
    lines = [line.split("  ") for line in capsys.readouterr().out.strip().splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells == [
        ["figure", "baseline or unit", "measured", "bar"],
        ["answer: time", "NumPy", "0.20", "< 0.25", "pass"],
        ["gain", "the slow one", "99.00", "> 100", "FAIL"],
        ["requests", "another: make bench-serving", "> 2", "not measured"],
    ]


def test_one_missed_bar_fails_and_one_that_was_not_measured_does_not():
    assert report([GOOD, LEFT_OUT]) == 0
    assert report([GOOD, MISSED]) == 1


def test_what_is_promised_beside_other_servers_is_named_without_them():
    rows = list(serving.table())
    assert len(rows) == len(serving.OTHERS) * len(serving.BARS)
    assert {row.value for row in rows} == {None}
    assert all("make bench-serving" in row.against for row in rows)


def test_the_programs_that_start_the_other_servers_are_there(tmp_path):
    (program,) = serving.RIVALS.glob("kserve_*")
    assert program in serving.kserve("python", tmp_path, 1)
    assert (serving.RIVALS / "bentoml_service.py").is_file()


def test_the_other_servers_are_compared_round_by_round():
    ours, theirs = (dict.fromkeys([*serving.BARS, "client busy"], v) for v in (2.0, 4.0))
    rounds = {kind.name: [theirs, theirs] for kind in serving.OTHERS} | {"ours": [ours] * 2}
    *rows, busy = serving.table(rounds)
    assert {row.value for row in rows} == {0.5}
    assert busy.value == 4 and not busy.met()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the memory of a process")
def test_the_memory_of_a_command_and_of_what_it_starts_is_seen():
    """In a process of its own, which adopts what the command leaves."""
    code = (
        "from tests.bench import reader_commands as bench\n"
        "found = bench.run('no_such_folder')\n"
        "assert found.status == 2 and 'no such directory' in found.told, found\n"
        "assert 5 < found.own < found.resident < 1000, found\n"
        "kept = bench.subprocess.Popen(['sleep', '60'])\n"
        "bench.end_servers()\n"
        "assert kept.poll() is not None\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_an_export_of_the_bench_has_the_size_that_is_asked_for(tmp_path):
    assert 7 < reader_commands.made("embedding", tmp_path / "export", 8) < 9


def test_the_corpus_counts_false_passes_false_alarms_and_cures():
    def judged(*kinds, cure=""):
        export = SimpleNamespace(cure=print)
        return SimpleNamespace(
            right=not kinds, export=export, cure=cure, count=lambda kind: int(kind in kinds)
        )

    found = [judged(), judged("false pass"), judged("false alarm"), judged(cure="not told")]
    rows = [Figure(*cells) for cells in corpus.counted(found)]
    assert [row.value for row in rows] == [2, 1, 1, 3]
    assert [row.met() for row in rows] == [False, False, True, False]


def test_the_page_has_each_figure_that_was_written(tmp_path):
    data = tmp_path / "figures.json"
    page.store({"calls": [GOOD, MISSED]}, data)
    page.store({"memory": [LEFT_OUT]}, data)
    text = page.page(json.loads(data.read_text()))
    assert "| answer: time | NumPy | 0.20 | < 0.25 | met |" in text
    assert "| gain | the slow one | 99.00 | > 100 | **not met** |" in text
    assert "| requests | another: make bench-serving |  | > 2 | not measured |" in text
    assert text.index("### Calls") < text.index("### Memory") and "tensorflow-cpu 2." in text


def test_the_page_is_that_of_its_data():
    assert page.page(json.loads(page.DATA.read_text("utf-8"))) == page.PAGE.read_text("utf-8")


def test_each_place_that_the_page_names_exists():
    for place in re.findall(r"`((?:tests|docs|notebooks|solutions)/[^`]*)`", page.HEAD):
        assert list(ROOT.glob(place.rstrip("/"))), place


def test_an_unknown_section_is_named_with_those_that_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["cals"])
    assert "no section 'cals': there are training, calls," in capsys.readouterr().err
