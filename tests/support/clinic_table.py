"""The clinic's table at the end of a test run: the results of tests/clinic/test_cases.py."""

HEAD = ("case", "exception", "met in", "cured in")


def rows(cases, proofs):
    """Return the lines of the table.

    Parameters
    ----------
    cases : list of str
        The keys in their order.
    proofs : list of dict
        What the fixture `proof` recorded. A proof without "seen" has failed.

    Returns
    -------
    list of tuple of str
        One tuple for each case, parallel to HEAD.
    """
    by_form = {(proof["case"], proof["form"]): proof for proof in proofs}
    nothing = {"seen": ["not run"]}
    lines = []
    for case in cases:
        broken = by_form.get((case, "broken"), nothing).get("seen", ["FAILED"])
        cured = by_form.get((case, "cured"), nothing).get("seen", ["FAILED"])
        lines.append((case, broken[0], "".join(broken[1:]), ", ".join(cured)))
    return lines


def pytest_terminal_summary(terminalreporter):
    proofs = []
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            found = [
                value for name, value in getattr(report, "user_properties", ()) if name == "clinic"
            ]
            if outcome == "error":  # The case left a file or a changed state.
                found = [{key: proof[key] for key in proof if key != "seen"} for proof in found]
            proofs += found
    if not proofs:
        return
    table = [HEAD, *rows(proofs[0]["all"], proofs)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    terminalreporter.section(f"the clinic on {proofs[0]['on']}")
    for line in table:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        terminalreporter.write_line(text.rstrip(), red="FAILED" in line or "not run" in line)
