"""Requirements 8 and 9: both versions in one server, the replacement, and the rollout."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from helpers import readers
from helpers.penguins.data import take
from helpers.readers.input_files import WrongOption
from helpers.readers.replacement import replace_old
from helpers.readers.sameness import close
from helpers.serving.launch.process import Server, ServerError, start
from helpers.serving.launch.status import wait_for
from helpers.teaching.assess import rollout
from helpers.teaching.assess.brief import ENDPOINTS, MODEL, VERSIONS, columns
from helpers.teaching.assess.folder import Delivery
from helpers.teaching.assess.model_checks import Found, asked, complete_rows
from helpers.teaching.assess.report import NotMet, NotTried
from helpers.text import shorten

ROWS = 12
LOADING = 60  # seconds for both versions


class Serving:
    """Both versions in one server, which starts when it is needed first.

    Parameters
    ----------
    delivery : Delivery
    """

    def __init__(self, delivery: Delivery):
        self._delivery = delivery
        self._server: Server | None = None
        self.failed = ""  # why requirement 8 is not met
        self.rows = take(complete_rows(), np.arange(ROWS) * 5)
        self._right: dict[tuple[int, str], dict[str, np.ndarray]] = {}

    def require_versions(self) -> None:
        """Raise NotTried unless both versions exist and can be called."""
        for number in VERSIONS:
            if number not in self._delivery.versions:
                raise NotTried(f"there is no version {number}")
            self._delivery.versions[number].require(1, 2)

    def server(self) -> Server:
        """Return the server with both versions; a version that it cannot load raises NotMet."""
        if self._server is None:
            base = self._delivery.base
            config = base.with_name("models.config")
            config.write_text(
                f'model_config_list {{ config {{ name: "{MODEL}" base_path: {json.dumps(str(base))}'
                ' model_platform: "tensorflow" model_version_policy { all { } } } }',
                encoding="utf-8",
            )
            try:
                self._server = start(model_config_file=config, max_num_load_retries=0)
                for number in VERSIONS:
                    wait_for(self._server.rest, MODEL, number, deadline=LOADING)
            except (ServerError, TimeoutError) as error:
                raise NotTried(f"the server was not ready: {shorten(str(error), 250)}") from None
            except RuntimeError as error:
                raise NotMet(f"the server: {shorten(str(error), 250)}") from None
        return self._server

    def right(self, number: int, key: str) -> dict[str, np.ndarray]:
        """Return what a version answers in Python."""
        if (number, key) not in self._right:
            version = self._delivery.versions[number]
            rows = columns(self.rows, key)
            (self._right[number, key],) = asked(version, key, [rows], [f"{ROWS} penguins"])
        return self._right[number, key]

    def body(self, key: str) -> dict[str, Any]:
        """Return the request for an endpoint: a column for each input."""
        inputs = {name: column.tolist() for name, column in columns(self.rows, key).items()}
        return {"signature_name": key, "inputs": inputs}

    def stop(self) -> None:
        """End the server, if it runs."""
        if self._server is not None:
            self._server.stop()


@contextmanager
def serving(delivery: Delivery) -> Iterator[Serving]:
    """Yield a Serving, and end its server."""
    both = Serving(delivery)
    try:
        yield both
    finally:
        both.stop()


def versions(both: Serving, delivery: Delivery) -> Found:
    """Requirement 8: a server answers with both versions, and 2 may replace 1."""
    both.require_versions()
    try:
        server = both.server()
        for number in VERSIONS:
            for key in ENDPOINTS:
                path = f"{MODEL}/versions/{number}:predict"
                status, answer = server.ask(path, both.body(key))
                if status != 200:
                    said = shorten(str(answer), 200)
                    raise NotMet(f"{key} of version {number}: status {status}, {said}")
                if not _is_answer(answer, both.right(number, key)):
                    raise NotMet(
                        f"{key} of version {number}: the server and Python answer differently"
                    )
        first, second = (both.right(number, "probabilities") for number in VERSIONS)
        if close(first["probabilities"], second["probabilities"]):
            raise NotMet(
                "version 2 should be a retrained model, but gives the answers of version 1"
            )
        new, old = (delivery.versions[number].path for number in reversed(VERSIONS))
        inputs = {key: columns(both.rows, key) for key in ENDPOINTS}
        found = replace_old(new, old, inputs, retrained=True)
        if found.exit_status == 1:
            changes = "; ".join(
                f"signature {one.signature}: {one.words}" for one in found.breaking[:2]
            )
            raise NotMet(shorten(f"{found.verdict} In detail: {changes}.", 300))
        if found.exit_status == 2:
            raise NotTried(found.verdict)
    except NotMet as error:
        both.failed = str(error)
        raise
    except (readers.ReaderError, WrongOption, OSError) as error:  # a timeout is an OSError
        both.failed = str(error)
        raise NotTried(f"the two versions: {shorten(str(error), 250)}") from None
    return "the server answers with both, they differ, and no client of version 1 breaks", {}


def rolled_out(both: Serving, delivery: Delivery) -> Found:
    """Requirement 9: the plan splits the users, ends a bad version, and has enough users."""
    plan = rollout.read_plan(delivery.original)
    rollout.require_enough_users(plan)
    rollout.require_guard(plan)
    both.require_versions()
    if both.failed:
        raise NotTried("requirement 8 is not met, so no server has two versions to choose from")
    address = both.server().rest

    def expected(number, answer):
        return _is_answer(answer, both.right(number, "probabilities"))

    rollout.require_replies(plan, address, both.body("probabilities"), expected)
    return (
        "users get their versions, a version that fails is ended, all users get version 1 after "
        "the rollback, and the experiment has enough users"
    ), {}


def _is_answer(answer, right):
    """Compare the columns of a REST answer with the outputs of Python, by name."""
    got = (answer or {}).get("outputs")
    if got is None:
        return False
    if len(right) == 1:  # then the server leaves out the name
        got = {next(iter(right)): got}
    if not isinstance(got, dict) or got.keys() != right.keys():
        return False
    return all(_same(np.asarray(got[name]), values) for name, values in right.items())


def _same(got, values):
    if values.dtype.kind == "f":
        return got.shape == values.shape and bool(np.allclose(got, values, rtol=1e-4, atol=1e-5))
    texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]
    return got.tolist() == texts
