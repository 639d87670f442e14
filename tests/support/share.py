"""A pytest plugin: each commit runs a share of the longest tests, once a week all of them run.

Some tables of tests have hundreds of cases, and many cases make an export of their own. With all of
them, `.ci/run` takes longer than a commit can wait. So a bare `pytest` leaves out

* the cases of a test marked `share(4)`, but the first, the fifth, the ninth ...;
* the tests marked `weekly`.

`make test ALL=1` (`pytest --all`) leaves out nothing; the schedule of .github/workflows/test.yml
runs it. A run that names a test leaves out nothing either: `pytest FILE::TEST`, `-k`, `-m`.
"""

from collections import Counter

ALL = "--all"


def pytest_addoption(parser):
    parser.addoption(ALL, action="store_true", help="leave out no case of the tests with a share")


def pytest_configure(config):
    config.addinivalue_line("markers", "share(n): without --all, run one case in n of this test")
    config.addinivalue_line("markers", "weekly: run this test with --all only")


def _names_tests(config) -> bool:
    chosen = config.option
    return bool(chosen.keyword or chosen.markexpr or any("::" in name for name in config.args))


def pytest_collection_modifyitems(config, items):
    """Leave out what belongs to the weekly run."""
    if config.getoption(ALL) or _names_tests(config):
        return
    seen = Counter()
    kept, left_out = [], []
    for item in items:
        later = item.get_closest_marker("weekly") is not None
        share = item.get_closest_marker("share")
        if share and not later:
            test = item.nodeid.partition("[")[0]
            later = seen[test] % share.args[0] != 0
            seen[test] += 1
        (left_out if later else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_terminal_summary(terminalreporter, config):
    if not (config.getoption(ALL) or _names_tests(config)):
        terminalreporter.write_line(
            f"Of the longest tests, a share was run. All of them: make test ALL=1 (pytest {ALL})"
        )
