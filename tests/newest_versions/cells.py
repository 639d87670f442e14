"""A pytest plugin for the tried environment: write every failure as data to a file.

The variable NEWEST_RESULTS names the file. It gets {"ran": {file: number of passed and failed
tests}, "failed": [...]}. A failure is {"id", "error"}; that of a notebook's cell also has "stored"
and "now", the lines of its outputs.
"""

import json
import os
from pathlib import Path

import pytest

FAILED, RAN = [], {}


def lines(outputs):
    """Turn the outputs of a cell into lines: printed and plain text first, then HTML and SVG.

    Parameters
    ----------
    outputs : list of nbformat output nodes

    Returns
    -------
    list of str
    """
    printed, shown, others = {}, [], []
    for output in outputs:
        if output["output_type"] == "stream":
            printed[output["name"]] = printed.get(output["name"], "") + output["text"]
        elif output["output_type"] == "error":
            shown.append(f"{output['ename']}: {output['evalue']}")
        else:
            for kind, content in output.get("data", {}).items():
                if kind == "text/plain":
                    shown += content.splitlines()
                elif kind.startswith("text/") or kind.endswith("svg+xml"):
                    others.append(content)
    return [*"\n".join(printed.values()).splitlines(), *shown, *others]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        found = {"error": str(call.excinfo.value)}
        if getattr(item, "test_outputs", None) is not None:  # a notebook's cell that has run
            found |= {"stored": lines(item.cell.outputs), "now": lines(item.test_outputs)}
        report.user_properties.append(("newest", found))
    return report


def pytest_runtest_logreport(report):
    if report.when == "call" or report.failed:
        where = report.nodeid.split("::")[0]
        RAN[where] = RAN.get(where, 0) + 1
    if report.failed:
        found = dict(report.user_properties).get("newest", {"error": report.longreprtext})
        FAILED.append({"id": report.nodeid, **found})


def pytest_collectreport(report):
    if report.failed:
        FAILED.append({"id": report.nodeid, "error": report.longreprtext.splitlines()[-1]})


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):  # not a worker of xdist
        text = json.dumps({"ran": RAN, "failed": FAILED})
        Path(os.environ["NEWEST_RESULTS"]).write_text(text, encoding="utf-8")
