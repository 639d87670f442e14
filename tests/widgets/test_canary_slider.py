"""The canary widget: its functions plainly, the widget by setting `.value`."""

import http.server
import json
import threading

import pytest

from helpers.serving.rollout.router import Router
from helpers.widgets.canary_slider import CUSTOMERS, canary, describe, draw, send

BODY = {"instances": [[1.0, 1.0]]}


class Versions(http.server.BaseHTTPRequestHandler):
    """Version 1 answers all, version 2 refuses more than one row."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        bad = "versions/2" in self.path and len(body["instances"]) > 1
        text = json.dumps({"error": "one <row> only"} if bad else {"predictions": []}).encode()
        self.send_response(400 if bad else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Versions) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def router(address):
    return Router(address, "shop", stable=1, canary=2, percent=10)


def counts(router):
    return {name: tuple(count) for name, count in router.counts().items()}


def some_rows(customer):
    """Two rows from every second customer."""
    return {"instances": [[1.0, 1.0]] * (1 + int(customer[-1]) % 2)}


def test_every_customer_asks_once_and_is_counted(router):
    parts = []
    replies = send(router, lambda _: BODY, lambda so_far: parts.append(len(so_far)))
    assert len(replies) == len(CUSTOMERS) and all(reply.ok for reply in replies)
    assert parts == [50, 100, 150, 200]
    wanted = sum(router.route(customer).role == "canary" for customer in CUSTOMERS)
    assert 10 <= wanted <= 30
    assert counts(router) == {"version 1": (200 - wanted, 0), "version 2": (wanted, 0)}
    send(router, lambda _: BODY)
    assert sum(n for n, _ in counts(router).values()) == len(CUSTOMERS), "counted from zero"


def test_errors_are_counted_where_they_belong(router):
    send(router, some_rows)
    (_, none), (asked, errors) = counts(router).values()
    assert none == 0 < errors < asked
    assert describe(router).endswith(f"version 2: {asked} requests, {errors} errors")


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_the_picture_has_a_bar_for_each_version_also_where_nobody_asked_it(router, percent):
    router.percent = percent
    left, right = draw(send(router, some_rows), 1, 2).axes
    widths = [sum(bar.get_width() for bar in container) for container in left.containers]
    assert len(widths) == 4, "answers and errors of two versions"
    count = router.counts()
    assert [widths[0] + widths[1], widths[2] + widths[3]] == [
        count[name].requests if name in count else 0 for name in ("version 1", "version 2")
    ]
    assert [label.get_text() for label in left.get_yticklabels()] == ["1", "2"]
    look = {line.get_label(): (line.get_color(), line.get_linestyle()) for line in right.lines}
    looks = {"1": ("#0072b2", "-"), "2": ("#d55e00", "--")}  # told apart without colours, too
    asked = {0: "1", 50: "12", 100: "2"}[percent]
    assert look == {target: looks[target] for target in asked}


def test_nothing_but_errors_is_drawn(router):
    router.percent = 100
    replies = send(router, lambda _: {"instances": [[1.0], [1.0]]})
    left, right = draw(replies, 1, 2).axes
    assert not right.lines
    assert [bar.get_width() for container in left.containers for bar in container] == [0, 0, 0, 200]


def test_the_slider_splits_the_customers(router):
    view = canary(router, some_rows)
    part, words, rows, image = view.children
    assert part.value == 10 and router.counts() == {}
    seen = []
    words.observe(lambda change: seen.append(change["new"]), "value")
    part.value = 50
    assert router.percent == 50
    assert seen[0] == "50 of 200 asked" and seen[-1] == describe(router) == words.value
    asked = router.counts()["version 2"].requests
    assert 80 < asked < 120
    assert f">{asked}</td>" in rows.value and "one &lt;row&gt; only" in rows.value
    assert f'alt="{describe(router)}"' in image.value and "data:image/png" in image.value
    part.value = 0
    assert words.value == "version 1: 200 requests, 0 errors"


def test_a_canary_that_was_ended_is_told(router):
    view = canary(router, some_rows)
    router.rollback()
    view.children[0].value = 50
    assert "no canary is running" in view.children[1].value


def test_a_canary_that_ends_by_itself_is_told(address):
    router = Router(address, "shop", stable=1, canary=2, percent=5, max_error_rate=0.05, window=20)
    view = canary(router, some_rows)
    view.children[0].value = 100
    assert router.canary is None
    assert "rolled back by itself" in view.children[2].value


def test_what_the_request_function_raises_is_told(router):
    view = canary(router, lambda customer: {}[customer])
    view.children[0].value = 50
    assert "customer-000" in view.children[1].value
    view = canary(router, lambda customer: [1.0])
    view.children[0].value = 60
    assert "a body is a dict" in view.children[1].value


def test_other_arguments_are_refused(router):
    with pytest.raises(TypeError, match="a Router is wanted, not 'http"):
        canary("http://127.0.0.1:8501", lambda _: BODY)
    with pytest.raises(TypeError, match="a function of a name"):
        canary(router, BODY)


def test_the_text_form_says_what_there_is_to_see(router):
    text = canary(router, lambda _: BODY)._repr_mimebundle_()
    text = (text[0] if isinstance(text, tuple) else text)["text/plain"]
    assert "a slider for the canary's part" in text and "version 2 gets 10 %" in text
    assert max(map(len, text.splitlines())) <= 100
