"""Test the canary widget: call its functions, and set `.value` of its controls."""

import http.server
import json
import re
import threading

import ipywidgets
import pytest

from helpers.display.palette import BLUE, ORANGE
from helpers.serving.rollout.router import Router
from helpers.widgets.canary_slider import CUSTOMERS, canary, describe, draw, send

BODY = {"instances": [[1.0, 1.0]]}


class Versions(http.server.BaseHTTPRequestHandler):
    """A server whose version 1 answers all requests, and whose version 2 refuses several rows."""

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
    """Return a request with two rows for every second customer, else with one row."""
    return {"instances": [[1.0, 1.0]] * (1 + int(customer[-1]) % 2)}


def test_each_customer_sends_one_request_and_is_counted(router):
    parts = []
    replies = send(router, lambda _: BODY, lambda so_far: parts.append(len(so_far)))
    assert len(replies) == len(CUSTOMERS) and all(reply.ok for reply in replies)
    assert parts == [50, 100, 150, 200]
    in_canary = sum(router.route(customer).role == "canary" for customer in CUSTOMERS)
    assert 10 <= in_canary <= 30
    assert counts(router) == {"version 1": (200 - in_canary, 0), "version 2": (in_canary, 0)}
    send(router, lambda _: BODY)
    assert sum(n for n, _ in counts(router).values()) == len(CUSTOMERS), "counts start at zero"


def test_errors_are_counted_for_the_version_that_returned_them(router):
    send(router, some_rows)
    (_, none), (asked, errors) = counts(router).values()
    assert none == 0 < errors < asked
    assert describe(router).endswith(f"version 2: {asked} requests, {errors} errors")


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_the_picture_has_a_bar_for_each_version_also_without_requests(router, percent):
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
    looks = {
        "version 1": (BLUE, "-"),
        "version 2": (ORANGE, "--"),
    }  # the line styles differ, so that colours are not necessary
    asked = {0: "1", 50: "12", 100: "2"}[percent]
    assert look == {f"version {target}": looks[f"version {target}"] for target in asked}


def test_the_picture_of_errors_alone_has_no_times(router):
    router.percent = 100
    replies = send(router, lambda _: {"instances": [[1.0], [1.0]]})
    left, right = draw(replies, 1, 2).axes
    assert not right.lines
    assert [bar.get_width() for container in left.containers for bar in container] == [0, 0, 0, 200]


def test_the_widget_opens_with_the_present_share_and_its_picture(router):
    before = [*router.history]
    view = canary(router, some_rows)
    part, words, shown = view.children
    assert part.value == 10 and [*router.history] == before
    assert words.value == describe(router) == view.alt
    assert sum(n for n, _ in counts(router).values()) == len(CUSTOMERS)
    assert f'src="data:image/png;base64,{view.png}"' in shown.value and "<table" in shown.value
    data, metadata = view._repr_mimebundle_()
    assert data["image/png"] == view.png and metadata["image/png"]["alt"] == view.alt


def test_each_share_splits_the_customers(router):
    view = canary(router, some_rows)
    part, words, shown = view.children
    assert isinstance(part, ipywidgets.BoundedIntText) and part.description, "it has a name"
    seen = []
    words.observe(lambda change: seen.append(change["new"]), "value")
    part.value = 50
    assert router.percent == 50
    assert seen[0] == "50 of 200 requests sent" and seen[-1] == describe(router) == words.value
    asked = router.counts()["version 2"].requests
    assert 80 < asked < 120
    assert f">{asked}</td>" in shown.value and "one &lt;row&gt; only" in shown.value
    assert f'alt="{describe(router)}"' in shown.value and "data:image/png" in shown.value
    part.value = 0
    assert words.value == "version 1: 200 requests, 0 errors"


def test_the_table_and_the_picture_agree_at_every_moment(router):
    view = canary(router, some_rows)
    part, _, shown = view.children
    seen = []
    shown.observe(lambda change: seen.append(change["new"]), "value")
    part.value = 60
    assert len(seen) == 4
    for value in seen:
        drawn = re.search(r'alt="([^"]+)"', value)[1]
        pairs = re.findall(r"version (\d): (\d+) requests, (\d+) errors", drawn)
        assert len(pairs) == 2
        for number, requests, errors in pairs:
            row = re.search(rf">version {number}</th>.*?</tr>", value)[0]
            assert f">{requests}</td>" in row and f">{errors}</td>" in row


def test_the_widget_says_that_the_canary_has_ended(router):
    view = canary(router, some_rows)
    router.rollback()
    view.children[0].value = 50
    assert "no canary is running" in view.children[1].value
    view = canary(router, some_rows)
    assert view.children[1].value == "No canary is running." and not view.children[2].value
    assert "image/png" not in view._repr_mimebundle_()


def test_the_widget_says_that_the_router_rolled_back(address):
    router = Router(address, "shop", stable=1, canary=2, percent=5, max_error_rate=0.05, window=20)
    view = canary(router, some_rows)
    view.children[0].value = 100
    assert router.canary is None
    assert "rolled back automatically" in view.children[2].value


def test_the_widget_shows_errors_of_the_request_function(router):
    view = canary(router, lambda customer: {}[customer])
    view.children[0].value = 50
    assert "customer-000" in view.children[1].value
    assert "&lt;" in canary(router, lambda customer: {}["<b>"]).children[1].value
    view = canary(router, lambda customer: [1.0])
    view.children[0].value = 60
    assert "body must be a dict" in view.children[1].value


def test_wrong_arguments_are_refused(router):
    with pytest.raises(TypeError, match="router must be a Router, not 'http"):
        canary("http://127.0.0.1:8501", lambda _: BODY)
    with pytest.raises(TypeError, match="body_of must be a function"):
        canary(router, BODY)


def test_the_text_form_describes_the_widget(router):
    text = canary(router, lambda _: BODY)._repr_mimebundle_()
    text = (text[0] if isinstance(text, tuple) else text)["text/plain"]
    assert "a field for the canary's share" in text and "version 2 gets 10 %" in text
    assert max(map(len, text.splitlines())) <= 100
