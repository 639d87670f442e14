"""`python -m helpers.clinic`, as a program of its own."""

import os
import subprocess
import sys
import tomllib

import pytest

from helpers.clinic import CASES
from helpers.errors import show
from helpers.errors.find import find
from helpers.errors.known_error import known_errors
from helpers.paths import ROOT

PASTED = ROOT / "tests" / "errors" / "pasted"
POSITIVES = tomllib.loads((PASTED / "positives.toml").read_text(encoding="utf-8"))["text"]
NEGATIVES = tomllib.loads((PASTED / "negatives.toml").read_text(encoding="utf-8"))["text"]
REAL = {text["key"]: text["text"] for text in reversed(POSITIVES)}
UNKNOWN = next(text["text"] for text in NEGATIVES if len(find(text["text"]).nearest) > 1)
FAR = "KeyError: 'price'"
SERVER = '{"error": "Servable not found for request: Latest(churn)"}'


def run(*arguments, text=b""):
    """(exit status, standard output, standard error) of the program."""
    done = subprocess.run(
        [sys.executable, "-m", "helpers.clinic", *map(str, arguments)],
        cwd=ROOT,
        input=text.encode() if isinstance(text, str) else text,
        capture_output=True,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("key", ["save-writes-no-export", "class-not-known", "signature-by-name"])
def test_a_real_text_gets_its_case(key):
    status, out, err = run(text=REAL[key])
    assert (status, err) == (0, "")
    assert out == f"{show.as_text(CASES[key])}\n"
    words = " ".join(out.split())
    for part in (key, CASES[key].cause, CASES[key].experiment, CASES[key].cure):
        assert part in words


def test_a_file_is_read(tmp_path):
    file = tmp_path / "traceback.txt"
    file.write_text(REAL["columns"], encoding="utf-8")
    assert run(file) == run("-", text=REAL["columns"])
    assert run(file)[0] == 0


def test_the_code_is_printed_on_request():
    status, out, _ = run("--code", text=REAL["columns"])
    assert status == 0
    assert out == f"{CASES['columns'].as_text()}\n"


def test_an_error_without_code_in_the_clinic_is_found():
    for options in ((), ("--code",)):
        status, out, err = run(*options, text=SERVER)
        assert (status, err) == (0, "")
        assert out == f"{show.as_text(known_errors()['server-unknown-model'])}\n"
        assert "needs       TensorFlow Serving." in out


def test_what_is_far_from_all_cases_gets_no_names():
    status, out, err = run(text=FAR)
    assert (status, err) == (1, "")
    first, *step = out.splitlines()
    assert first == "not in this clinic"
    assert " ".join(step).startswith("next: Paste the whole traceback: ")


def test_what_is_not_in_the_clinic_gets_the_near_cases():
    status, out, err = run(text=UNKNOWN)
    assert (status, err) == (1, "")
    first, *nearest = out.split("\nnext: ")[0].splitlines()
    assert first == "not in this clinic; nearest:"
    assert [line.split(":")[0].strip() for line in nearest] == [
        case.key for case in find(UNKNOWN).nearest
    ]
    assert 2 <= len(nearest) <= 3


@pytest.mark.parametrize(
    "text",
    [
        b"FailedPreconditionError: \xff\xfe\x80 Table not initialized.",
        "FailedPreconditionError: Table not initialized.".encode("utf-16"),
        b"\xef\xbb\xbfFailedPreconditionError: Table not initialized.\r\n",
    ],
    ids=["no UTF-8", "UTF-16", "with a byte order mark"],
)
def test_bytes_in_another_encoding_are_read(text):
    status, out, err = run(text=text)
    assert (status, err) == (0, "")
    assert out.startswith("Table not initialized (table-not-initialized)\n")


@pytest.mark.parametrize("text", [b"", b" \n\t\n", b"\x00\x00", b"12 34"])
def test_a_text_without_words_is_bad_use(text):
    status, out, err = run(text=text)
    assert (status, out) == (2, "")
    assert "the text contains no words" in err


def test_an_empty_file_is_bad_use(tmp_path):
    (tmp_path / "empty.txt").touch()
    status, out, err = run(tmp_path / "empty.txt")
    assert (status, out) == (2, "")
    assert "the text contains no words" in err


def test_a_file_that_cannot_be_read_is_bad_use(tmp_path):
    for path in (tmp_path / "none.txt", tmp_path):
        status, out, err = run(path, text=REAL["columns"])
        assert (status, out) == (2, "")
        assert err.startswith(f"python -m helpers.clinic: cannot read {path}: ")
        assert err.count("\n") == 1


def test_closed_standard_input_is_bad_use():
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m helpers.clinic <&-', sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "the text contains no words" in done.stderr


def test_a_terminal_is_told_what_to_do_and_empty_input_is_bad_use():
    pty = pytest.importorskip("pty")
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "helpers.clinic"],
        cwd=ROOT,
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        os.close(inside)
        said = program.stderr.readline()
        os.write(terminal, b"\x04")  # Ctrl-D on an empty line
        out, err = program.communicate(timeout=60)
    os.close(terminal)
    assert said.startswith("Paste the traceback")
    assert (program.returncode, out) == (2, "")
    assert "the text contains no words" in err


def test_unknown_options_are_bad_use():
    status, out, err = run("--what")
    assert (status, out) == (2, "")
    assert "usage: python -m helpers.clinic" in err


def test_help_names_the_exit_status():
    status, out, err = run("--help")
    assert (status, err) == (0, "")
    assert "Exit status: 0" in out and "FILE" in out and "--code" in out


def test_it_starts_without_tensorflow():
    code = (
        "import runpy, sys\nsys.argv = ['clinic', '--help']\n"
        "try:\n    runpy.run_module('helpers.clinic', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)
