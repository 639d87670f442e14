"""Lesson 08 with TFS_URL prints the same outputs, from a server that it did not start.

If TFS_URL is set already, the lesson uses this server, for example TensorFlow Serving. Then
COURSE_EXPORTS must be set, too, and the server must wait for versions below this folder: see
`.github/workflows/tensorflow-serving.yml`.
"""

import os
import subprocess

import nbformat
import pytest
from nbclient import NotebookClient

from helpers.notebooks import derive
from helpers.paths import ROOT
from helpers.scratch import SCRATCH
from helpers.serving.launch.process import Server, free_ports

NAME = "08_serving"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A server that waits for the first version in the folder to which the lesson exports."""
    if "TFS_URL" in os.environ:
        yield None
        return
    base = tmp_path / SCRATCH / NAME / "run1" / "shop"
    rest, grpc = free_ports(2)
    server = Server(
        {
            "model_name": "shop",
            "model_base_path": base,
            "rest_api_port": rest,
            "port": grpc,
            # The server may load version 1 while the lesson still writes it.
            "max_num_load_retries": 10,
            "load_retry_interval_micros": 500_000,
        }
    )
    monkeypatch.setenv("COURSE_EXPORTS", str(tmp_path))
    monkeypatch.setenv("TFS_URL", server.rest)
    monkeypatch.setenv("TFS_GRPC", server.grpc)
    yield server
    server.stop()


def texts(notebook):
    return [
        [output.get("text") or output["data"]["text/plain"] for output in cell.get("outputs", ())]
        for cell in notebook.cells
        if "lesson.q" not in cell.source
    ]


@pytest.mark.weekly
def test_the_cells_run_against_another_server(elsewhere, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    notebook = derive(NAME, "notebooks")
    stored = texts(nbformat.read(ROOT / "notebooks" / f"{NAME}.ipynb", as_version=4))
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
        coalesce_streams=True,
    ).execute(stderr=subprocess.DEVNULL)
    assert texts(notebook) == stored
    if elsewhere:
        assert elsewhere.running and "servable version {name: shop version: 5}" in elsewhere.log
