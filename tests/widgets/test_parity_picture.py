"""What is shown of a comparison of runtimes: figures in the picture, none in the stored text."""

import pytest

from helpers.runtimes.parity import Parity, Row
from helpers.widgets.parity_picture import parity_picture

GOOD = Row("litert", 2, 2, "same numbers", 2.4e-7, 2000, 0.25, 3e-6)
ABSENT = Row("onnx", 0, 2, "missing", note="ONNX Runtime is not installed: make runtimes")


@pytest.mark.parametrize("difference", [0.0, 2.4e-7, float("inf")])
def test_every_difference_can_be_drawn(difference):
    row = Row("c", 2, 2, "same numbers", difference, 2000, 0.25, 3e-6)
    data, metadata = parity_picture(Parity("export", (GOOD, row)))._repr_mimebundle_()
    assert data["image/png"]
    assert f"c: largest difference {difference:.1e}" in metadata["image/png"]["alt"]
    assert "2.4e-07" not in data["text/plain"], "what varies is not stored as text"


def test_absent_runtime_is_in_the_table_alone():
    view = parity_picture(Parity("export", (GOOD, ABSENT)))
    assert "onnx" not in view.alt and ABSENT.note in view.children[0].value
    alone = parity_picture(Parity("export", (ABSENT,)))
    assert ABSENT.note in alone.children[0].value
    assert "image/png" not in alone._repr_mimebundle_()
