"""The picture and the code with which the README begins."""

import os
import re
import subprocess
import sys

from helpers.paths import ROOT

LINES = 8


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_picture_is_a_diagram_of_the_course():
    ((words, path),) = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", readme())
    assert path.startswith("notebooks/images/") and path.endswith(".svg")
    assert (ROOT / path).exists()
    assert len(words) >= 60


def test_the_code_runs_alone(tmp_path):
    """Without the course, in a fresh process."""
    (text,) = re.findall(r"^```python\n(.*?)^```$", readme(), re.S | re.M)
    assert "helpers" not in text
    assert len([line for line in text.splitlines() if line.strip()]) == LINES
    assert "These eight lines" in readme()
    done = subprocess.run(
        [sys.executable, "-I", "-c", text],
        cwd=tmp_path,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "my_export" / "saved_model.pb").exists()
