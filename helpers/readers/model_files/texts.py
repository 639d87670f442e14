"""Model files that are texts, and texts that stand in place of a model file."""

import json
import re
from pathlib import Path

from helpers.readers.model_files.sentences import from_model, joined, some
from helpers.text import printable, safe_repr, shorten

MOST_BYTES = 2**26  # of a text that is read; a larger one is not
BEGINNING = 120  # characters of a text that a message shows
GRAPH = re.compile(rb"(\s*#[^\n]*\n)*\s*(node|library|versions)\s*\{")
PARAMETER = re.compile(
    r'<layer id="\d+" name="([^"]*)" type="Parameter".*?'
    r'<data shape="([^"]*)" element_type="([^"]*)"',
    re.DOTALL,
)
FLOAT16 = 'type="Const"[^>]*>\\s*<data element_type="f16"'


def describe(path: Path, head: bytes) -> str:
    """Say what a model of OpenVINO or TensorFlow.js, or a graph, is; "" for any other file."""
    if path.stat().st_size > MOST_BYTES:
        return ""
    if b"<net " in head and is_text(head):
        return _openvino(path, path.read_text(encoding="utf-8", errors="replace"))
    if path.suffix == ".bin" and (graph := path.with_suffix(".xml")).is_file():
        name = printable(path.name)
        return joined(
            f"{name} holds the weights of the OpenVINO model {printable(graph.name)}.",
            "OpenVINO reads both files together.",
            f"Give {printable(graph.name)} to this command.",
        )
    if head.lstrip().startswith(b"{"):
        return _of_browsers(path)
    if GRAPH.match(head) and is_text(head):
        return joined(
            f"{printable(path.name)} is a graph of TensorFlow 1 (GraphDef), written as text.",
            "Python can use it. TensorFlow Serving cannot, because it has no signature.",
            "Write it as a binary file, and give that one to this command: "
            "google.protobuf.text_format.Parse(TEXT, tf.compat.v1.GraphDef()).SerializeToString().",
        )
    return ""


def is_text(head: bytes) -> bool:
    """Say whether the first bytes of a file are a text."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # a letter may be cut at the end
            return False
        text = head[: error.start].decode("utf-8-sig")
    return bool(text.strip()) and all(c.isprintable() or c.isspace() for c in text)


def describe_any(path: Path, head: bytes) -> str:
    """Say that a file is a text, and how it begins: often it is the error of a download."""
    text = head.decode("utf-8-sig", errors="ignore")
    return joined(
        f"{printable(path.name)} is a text, not a model. It begins with "
        f"{safe_repr(shorten(text, BEGINNING), BEGINNING + 20)}.",
        "No reader can use it.",
        "If it is the message of a failed download, download the file again.",
        from_model("the model itself"),
    )


def _openvino(path, text):
    name, weights = printable(path.name), path.with_suffix(".bin")
    inputs = [
        f"{layer}: {dtype} ({shape.replace(',', ', ')})"
        for layer, shape, dtype in PARAMETER.findall(text)
    ]
    lacking = "" if weights.is_file() else f"Its weights, {printable(weights.name)}, are missing."
    short = ""
    if re.search(FLOAT16, text):
        short = (
            "Its weights are float16, as openvino.save_model stores them unless you pass "
            "compress_to_fp16=False."
        )
    return joined(
        f"{name} is a model of OpenVINO (IR). It takes {some(inputs) or 'nothing'}.",
        lacking or short,
        "OpenVINO can use it. TensorFlow Serving, LiteRT and the other readers of this course "
        "cannot.",
        "To get an export, export the model that it was converted from: model.export(DIRECTORY). "
        "OpenVINO reads that export, too: --also openvino compares its numbers.",
    )


def _of_browsers(path):
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return ""
    if not isinstance(content, dict) or not {"modelTopology", "weightsManifest"} <= content.keys():
        return ""
    files = [
        str(file)
        for group in content["weightsManifest"] or ()
        for file in (group.get("paths", ()) if isinstance(group, dict) else ())
    ]
    lacking = [file for file in files if not (path.parent / Path(file).name).is_file()]
    return joined(
        f"{printable(path.name)} is a model of TensorFlow.js ({safe_repr(content.get('format'))}).",
        f"Files with its weights are missing: {some(lacking)}." if lacking else "",
        "Programs in JavaScript can use it. TensorFlow Serving, LiteRT and Python cannot.",
        from_model("the model that it was converted from"),
    )
