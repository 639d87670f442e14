"""Run `sh start.sh` in the working folder, ask JupyterLab for its page and files, and print them.

test_bundle.py runs it in a box that has no network but its own loopback address.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ADDRESS = "http://127.0.0.1:8888"  # free, because no other program is in the box
OPTIONS = ("--no-browser", "--allow-root", "--port=8888", "--IdentityProvider.token=secret")


def ask(path):
    request = urllib.request.Request(ADDRESS + path, headers={"Authorization": "token secret"})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


def wait_for(process):
    """Wait until JupyterLab answers. The test that runs this program has a time limit."""
    while process.poll() is None:
        try:
            return ask("/api")
        except urllib.error.URLError:  # the server does not listen yet
            time.sleep(0.05)
    raise SystemExit(f"start.sh ended with {process.returncode}")


if __name__ == "__main__":
    table = Path("/proc/net/dev").read_text().splitlines()[2:]
    interfaces = [line.split(":")[0].strip() for line in table]
    process = subprocess.Popen(["sh", "start.sh", *OPTIONS], stdout=sys.stderr)
    wait_for(process)
    files = json.loads(ask("/api/contents/notebooks"))["content"]
    print(
        json.dumps(
            {
                "interfaces": interfaces,
                "page": ask("/lab"),
                "notebooks": [file["name"] for file in files],
            }
        )
    )
    process.terminate()
    process.wait()
