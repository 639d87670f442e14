"""What a program in a box cannot do. Without bubblewrap, these tests are skipped."""

import ast
import os
import socket
import sys
import threading
from pathlib import Path

import psutil
import pytest

from helpers.paths import ROOT
from helpers.teaching.grade import box as boxes
from helpers.teaching.grade.box import Box, why_no_box
from helpers.teaching.grade.limits import Limits, has_mark, remove

WHY = why_no_box()
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY or "boxes work")


@pytest.fixture
def new_box(tmp_path):
    made = []

    def make(**limits):
        folder = tmp_path / str(len(made))
        course = tmp_path / "course"
        course.mkdir(exist_ok=True, mode=0o755)
        folder.mkdir()
        made.append(Box(course, folder, limits=Limits(**limits)))
        made[-1].prepare()
        return made[-1]

    yield make
    for one in made:
        assert not inside(one), "no process is left"


def inside(box):
    return [one for one in psutil.process_iter() if has_mark(one, box.token)]


def test_files_of_this_computer_do_not_exist(new_box, tmp_path):
    box = new_box()
    (tmp_path / "outside").write_text("secret")
    code = (
        "import os, sys\n"
        "for path in sys.argv[1:]:\n"
        "    try: print(open(path).read())\n"
        "    except OSError as error: print(type(error).__name__)\n"
        "print(sorted(os.listdir('.')), os.listdir('/tmp'))"
    )
    ended = box.run("-c", code, str(tmp_path / "outside"), str(Path(__file__)), "/etc/shadow")
    assert ended.status == 0
    lines = ended.output.decode().splitlines()
    assert lines[:3] == ["FileNotFoundError"] * 3
    folders, _, rest = lines[3].partition("] ")
    assert folders == "['exports', 'home', 'notebooks', 'out'"
    # The course and Python may be below /tmp.
    needed = [Path(path).resolve() for path in (ROOT, sys.prefix, sys.base_prefix)]
    assert {*ast.literal_eval(rest)} <= {path.parts[2] for path in needed if path.parts[1] == "tmp"}


def test_only_the_folders_of_the_box_are_writable(new_box, tmp_path):
    box = new_box()
    paths = ["/found", "/usr/found", "/etc/found", "/root/found", "/dev/found"]
    paths += [str(tmp_path / "found"), f"{box.course_inside}/found"]
    paths += [f"{box.inside}/found", "/tmp/found"]
    code = (
        "import sys\n"
        "for path in sys.argv[1:]:\n"
        "    try: open(path, 'w').write('found'); print(path)\n"
        "    except OSError: pass"
    )
    ended = box.run("-c", code, *paths)
    assert ended.output.decode().split() == [f"{box.inside}/found", "/tmp/found"]
    assert {path.parent.name for path in tmp_path.rglob("found")} == {"box", "tmp"}
    assert not any(os.path.exists(path) for path in paths)


def test_no_network_and_no_variables(new_box, monkeypatch):
    monkeypatch.setenv("SECRET", "key")
    listener = socket.create_server(("127.0.0.1", 0))
    code = (
        "import os, socket, sys\n"
        "try: socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2); print('connected')\n"
        "except OSError as error: print('refused')\n"
        "print(os.environ.get('SECRET'), os.getuid() != 0 or os.getppid())"
    )
    with listener:
        ended = new_box().run("-c", code, str(listener.getsockname()[1]))
    assert ended.output.decode().split() == ["refused", "None", "True"]


def test_processes_that_stay_are_ended(new_box):
    code = (
        "import subprocess\n"
        "for _ in range(3): subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
        "print('started')"
    )
    assert new_box().run("-c", code).output == b"started\n"


@pytest.mark.parametrize(
    ("limits", "code", "why"),
    [
        ({"seconds": 1}, "while True: pass", "ran for more than 1 seconds"),
        (
            {"memory": 10**8},
            "a = bytearray(3 * 10**8)\nwhile True: pass",
            "more than 100 MB of mem",
        ),
        (
            {"processes": 8},
            "import subprocess\nfor _ in range(20): subprocess.Popen(['sleep', '99'])\n"
            "while True: pass",
            "more than 8 processes",
        ),
        (
            {"disk": 10**6},
            "import time\nopen('a', 'wb').write(bytes(10**7))\nwhile True: time.sleep(1)",
            "wrote more than 1.0 MB",
        ),
    ],
    ids=["time", "memory", "processes", "disk"],
)
def test_limits(new_box, limits, code, why):
    ended = new_box(**limits).run("-c", code)
    assert ended.status is None and why in ended.why


def test_a_box_can_be_interrupted(new_box):
    box = new_box()
    threading.Timer(0.5, box.stop.set).start()
    assert box.run("-c", "while True: pass").why == "it was interrupted"


def test_a_folder_cannot_be_replaced_by_a_link(new_box, tmp_path):
    box = new_box()
    code = (
        "import os, shutil\n"
        "for path in ('/tmp', os.getcwd()):\n"
        "    try: os.rename(path, path + '2')\n"
        "    except OSError: print('kept')\n"
        "shutil.rmtree('home'); os.symlink('/', 'home')\n"
        "os.mkdir('locked'); os.mkdir('locked/a'); os.chmod('locked', 0)"
    )
    assert box.run("-c", code).output.split() == [b"kept", b"kept"]
    write = "import sys; print(open(sys.argv[1] + '/a', 'w').write('a'))"
    assert box.run("-c", write, box.private, private=True).output == b"1\n"
    exists = "import os, sys; print(os.path.exists(sys.argv[1] + '/a'))"
    assert box.run("-c", exists, box.private).output == b"False\n"
    remove(box.folder)
    assert not box.folder.exists() and os.path.exists("/usr")


def test_no_folder_of_a_box_hides_python(new_box, monkeypatch, tmp_path):
    """The course may be below a folder that has the name of a folder in the box."""
    names = ("course", "box", "check")
    needed = boxes._needed()
    monkeypatch.setattr(boxes, "_needed", lambda: [*needed, *(f"/{name}/a" for name in names)])
    box = new_box()
    paths = [box.course_inside, box.inside, box.private]
    assert paths == ["/course_", "/box_", "/check_"]
    bound = box.command("true", private=True)
    assert {bound[at + 2] for at, said in enumerate(bound) if said == "--bind"} >= {*paths[1:]}


def test_output_is_limited(new_box, monkeypatch):
    monkeypatch.setattr(boxes, "OUTPUT", 1000)
    ended = new_box().run("-c", "print('a' * 10**7)")
    assert ended.status == 0 and 1000 <= len(ended.output) < 10**6


def test_standard_input_arrives(new_box):
    code = "import sys; print(len(sys.stdin.buffer.read()))"
    assert new_box().run("-c", code, given=bytes(300_000)).output == b"300000\n"
