"""`make links` against a website on this machine: pages, parts, titles, and missing pages."""

import http.server
import threading

import pytest

from tests.support import links

PAGES = {
    "/guide": b"<html><title>A  guide\n&amp; more</title><h2 id='inputs'>Inputs</h2></html>",
}


class Website(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = PAGES.get(self.path)
        self.send_response(200 if page else 404)
        self.end_headers()
        self.wfile.write(page or b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def website():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Website)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def course(tmp_path):
    for folder in ("solutions", "docs", "helpers/errors/known"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_links_stand_in_pages_lessons_and_known_errors(course):
    (course / "solutions" / "01_a.py").write_text("# See [the\n# guide](https://one.test/a#b).\n")
    (course / "docs" / "page.md").write_text("[a](https://one.test/a#b) and [x](other.md)\n")
    known = '[[error]]\nreported = ["some/project#12"]\n'
    (course / "helpers" / "errors" / "known" / "saving.toml").write_text(known)
    assert links.links(course) == {
        "https://one.test/a#b": ["docs/page.md", "solutions/01_a.py"],
        "https://github.com/some/project/issues/12": ["helpers/errors/known/saving.toml"],
    }


def test_the_course_has_links():
    found = links.links()
    assert sum("github.com" in address for address in found) >= 50
    lessons = {file for files in found.values() for file in files if file.startswith("solutions/")}
    assert len(lessons) >= 4


def test_a_page_and_its_part_are_reached(website):
    assert links.ask(f"{website}/guide#inputs") == links.Answer(
        f"{website}/guide#inputs", True, "200", "A guide & more"
    )


def test_missing_pages_and_parts_are_told(website, capsys):
    addresses = [f"{website}/guide", f"{website}/none", f"{website}/guide#outputs"]
    answers = [links.ask(address) for address in addresses]
    assert [answer.reached for answer in answers] == [True, False, False]
    status = links.report(answers, {address: ["README.md"] for address in addresses})
    assert status == links.SOME_BROKEN
    told = capsys.readouterr().out
    assert "404" in told and "the page has no part 'outputs'" in told
    assert told.endswith("1 of 3 links reached\n")


def test_without_a_network_no_link_is_called_broken(website, capsys):
    closed = "http://127.0.0.1:9/guide"  # no program listens there
    answer = links.ask(closed)
    assert not answer.reached and answer.words.startswith("no answer: ")
    assert links.report([answer], {closed: ["README.md"]}) == links.NO_ANSWER
