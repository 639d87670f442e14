"""Send the conformance vectors to a server at an address, and report where it differs from ours.

1. `python -m tests.serving.conformance_models FOLDER [SEEN_AS]` writes the models to a new FOLDER
   and prints the flags of the server.
2. Start the server with these flags.
3. `python -m tests.serving.against REST GRPC FOLDER [--seen-as SEEN_AS]` sends all vectors.

For example, REST is http://127.0.0.1:8501 and GRPC is 127.0.0.1:8500. SEEN_AS is the path of FOLDER
for the server, if that path is different. The command adds versions to FOLDER while the server
runs, so use a new FOLDER for each server.

`tests/serving/test_conformance.py` requires of our server the response that each vector expects.
Therefore a vector that gets another response is a difference between the two servers. The report is
Markdown. The exit status is 0 if all vectors got the expected response, 1 if some did not, and 2 if
the vectors, or some of them, could not be tried.
"""

import argparse
import http.client
import json
import socket
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.serving import conformance, conformance_models

LATE = {"1": "AVAILABLE", "2": "AVAILABLE", "3": "END", "4": "END"}  # after write_late
SECONDS = 300  # until the models are loaded


def wait_for(condition, explain, seconds):
    """Wait until `condition()` is true; raise TimeoutError with the text of `explain()`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not after {seconds:g} seconds: {explain()}")
        time.sleep(0.1)


def states(server, name):
    """Return the state of each version of a model; nothing if the server does not answer."""
    try:
        body = conformance.rest(server, "GET", f"/v1/models/{quote(name, safe='')}")[2]
        listed = json.loads(body).get("model_version_status", [])
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    return {status["version"]: status["state"] for status in listed}


def available(server, name):
    """Return whether all versions of a model are loaded; they load at the same time."""
    found = set(states(server, name).values())
    return "AVAILABLE" in found and found <= {"AVAILABLE", "END"}


def loaded(server):
    """Return whether a server has loaded all models of the vectors."""
    return all(available(server, name) for name in conformance_models.SERVED)


def _missing(server):
    found = {name: states(server, name) for name in conformance_models.SERVED}
    return {name: of for name, of in found.items() if "AVAILABLE" not in of.values()}


def add_late_versions(server, seconds=SECONDS):
    """Add versions while the server runs, and wait until they are loaded or have failed.

    Raises
    ------
    TimeoutError
        the text has the states of the versions
    """
    conformance_models.write_late(server["folder"])
    wait_for(
        lambda: states(server, "late") == LATE,
        lambda: f"the versions of the model late are {states(server, 'late')}, not {LATE}",
        seconds,
    )


def send(server, vectors):
    """Send vectors to a server until it does not listen any more.

    Parameters
    ----------
    server : dict
        `rest` and `grpc`, its addresses; `models`, the path of the models for the server
    vectors : list of dict
        of `conformance.read`

    Returns
    -------
    list of (dict, list of str)
        the vectors with another response, and the differences
    list of dict
        the vectors that were not tried
    """
    different = []
    for number, vector in enumerate(vectors):
        over_grpc = "call" in vector or "labels" in vector
        if not _listens(server["grpc"] if over_grpc else server["rest"]):
            return different, vectors[number:]
        try:
            wrong = conformance.differences(vector, server)
        except (OSError, http.client.HTTPException) as error:
            wrong = [f"no response: {type(error).__name__}: {error}"]
        if wrong:
            different.append((vector, wrong))
    return different, []


def _listens(address):
    parts = urlsplit(address if "//" in address else f"//{address}")
    try:
        socket.create_connection((parts.hostname, parts.port), conformance.SECONDS).close()
    except OSError:
        return False
    return True


def report(server, tried, different, notes):
    """Return the report as Markdown.

    Parameters
    ----------
    server : dict
        as in `send`
    tried : int
        the number of vectors that were sent
    different : list of (dict, list of str)
        of `send`
    notes : list of str
        what else happened

    Returns
    -------
    str
    """
    lines = [
        f"# Conformance vectors on {server['rest']} and {server['grpc']}",
        f"{tried} of {len(conformance.read())} vectors were tried. {len(different)} got another "
        "response than the course's server gives.",
        *notes,
    ]
    for vector, wrong in different:
        lines += [f"## {vector['area']}: {vector['id']}", f"Source: {vector['source']}"]
        if "unsettled" in vector:
            lines.append(f"No source settles this response: {vector['unsettled']}")
        lines.append("\n".join(["~~~~", *wrong, "~~~~"]))
    return "\n\n".join(lines)


def main(arguments):
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.serving.against", description=__doc__.splitlines()[0]
    )
    parser.add_argument("rest", help="for example http://127.0.0.1:8501")
    parser.add_argument("grpc", help="for example 127.0.0.1:8500")
    parser.add_argument("folder", help="of the models, as conformance_models has written them")
    parser.add_argument("--seen-as", help="the path of the folder for the server")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="until the models are there")
    given = parser.parse_args(arguments)
    folder = Path(given.folder).absolute()
    server = {"rest": given.rest.rstrip("/"), "grpc": given.grpc}
    server |= {"folder": folder, "models": given.seen_as or folder}
    try:
        wait_for(lambda: loaded(server), lambda: f"not loaded: {_missing(server)}", given.seconds)
    except TimeoutError as error:
        print(report(server, 0, [], [f"The models are not there: {error}"]))
        return 2
    notes = []
    try:
        add_late_versions(server, given.seconds)
    except TimeoutError as error:
        notes.append(f"Versions that were added: {error}")
    vectors = conformance.read()
    different, not_tried = send(server, vectors)
    status = 1 if different or notes else 2 if not_tried else 0
    if not_tried:
        name = f"{not_tried[0]['area']}: {not_tried[0]['id']}"
        notes.append(f"Before the vector `{name}`, the server did not listen any more.")
    print(report(server, len(vectors) - len(not_tried), different, notes))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
