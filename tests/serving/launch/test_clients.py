"""The clients of the serving lesson see the state that the block has left."""

import threading

from helpers.serving.launch.clients import Asking


def test_each_client_asks_once_after_the_block():
    state, busy = ["before"], threading.Event()

    def ask():
        seen = state[0]
        busy.wait(1)  # a busy machine: each client has one request under way until the block ends
        return 200, seen

    with Asking(ask, clients=2) as asking:
        state[0] = "after"
        busy.set()
    assert [seen for _, seen in asking.answers].count("after") >= 2


def test_a_request_that_raises_is_an_answer_that_failed():
    with Asking(lambda: {}["model"], clients=1) as asking:
        pass
    status, error = asking.failed[0]
    assert status is None and isinstance(error, KeyError)
