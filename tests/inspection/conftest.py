"""What several files of these tests use."""

import pytest

from tests.inspection import exports
from tests.inspection.exports import copied


@pytest.fixture
def sums(tmp_path):
    """A copy of an export, for one test to damage."""
    return copied(exports.sums(), tmp_path / "sums")
