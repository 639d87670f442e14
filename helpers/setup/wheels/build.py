"""Build the wheel that gives tensorflow-cpu the name tensorflow.

Run it with `python helpers/setup/wheels/build.py`.

tensorflow-serving-api, the messages of TensorFlow Serving's protocol, asks for a package by the
name tensorflow. On Linux and x86-64 the course installs tensorflow-cpu, which fills the same
folder, so the two must not be installed together. This wheel is only the name: it holds no module
and asks for tensorflow-cpu. Every installer then finds what it looks for, from the one lock.
"""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

VERSION = "2.21.0"  # of tensorflow-cpu; `make lock` after changing it
NAME = f"tensorflow-{VERSION}+cpu"
METADATA = f"""\
Metadata-Version: 2.1
Name: tensorflow
Version: {VERSION}+cpu
Summary: Only the name: tensorflow-cpu, which this asks for, has the modules.
Requires-Dist: tensorflow-cpu (=={VERSION})
"""
WHEEL = """\
Wheel-Version: 1.0
Generator: helpers/setup/wheels/build.py
Root-Is-Purelib: true
Tag: py3-none-any
"""


def build(folder):
    """Write the wheel, the same bytes each time; its path."""
    path = Path(folder, f"{NAME}-py3-none-any.whl")
    record = ""
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in (("METADATA", METADATA), ("WHEEL", WHEEL), ("RECORD", None)):
            name = f"{NAME}.dist-info/{name}"
            if text is None:
                text = record + f"{name},,\n"
            else:
                digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
                record += f"{name},sha256={digest.rstrip(b'=').decode()},{len(text)}\n"
            wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return path


if __name__ == "__main__":
    print(build(sys.argv[1] if sys.argv[1:] else Path(__file__).parent))
