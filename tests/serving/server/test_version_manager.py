"""Test which versions are served, with fake models: without TensorFlow and without a server."""

import time

import pytest

from helpers.serving.protocol.errors import INTERNAL, ServingError
from helpers.serving.server.version_folders import Model
from helpers.serving.server.version_manager import Manager
from helpers.serving.server.version_states import AVAILABLE, END, LOADING

SOON = 120  # seconds; an idle machine needs a tenth of a second


class Fake:
    """A servable that records when it is loaded and closed."""

    def __init__(self, events, number):
        self.events, self.number = events, number
        events.append(("load", number))

    def close(self):
        self.events.append(("close", self.number))


@pytest.fixture
def world(tmp_path):
    """Yield a base path, a manager of its versions, and a list of events."""
    world = World(tmp_path / "m")
    yield world
    world.manager.stop()


class World:
    def __init__(self, base):
        self.base, self.events, self.broken = base, [], set()
        self.manager = Manager(self.load, poll_seconds=0.02, max_retries=0)

    def load(self, model, number, path):
        if number in self.broken:
            raise ServingError(INTERNAL, f"{path.name} is broken")
        return Fake(self.events, number)

    def add(self, *names):
        for name in names:
            (self.base / str(name)).mkdir(parents=True)

    def remove(self, name):
        (self.base / str(name)).rmdir()

    def serve(self, *policy, labels=()):
        self.manager.start([Model("m", str(self.base), *policy, labels=labels)])

    def available(self):
        return sorted(n for n, state, _ in self.manager.states("m") if state == AVAILABLE)

    def becomes(self, *numbers):
        wait_for(lambda: self.available() == sorted(numbers), lambda: self.manager.states("m"))


def wait_for(condition, explain=str):
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end, explain()
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ((), [12]),
        (("latest", 2), [5, 12]),
        (("latest", 9), [3, 5, 12]),
        (("all",), [3, 5, 12]),
        (("specific", frozenset({3, 5, 7})), [3, 5]),
    ],
)
def test_policies(world, policy, found):
    world.add("3", "0005", "12", "v13", "14x", "tmp-15", "99999999999999999999")
    world.serve(*policy)
    world.becomes(*found)
    assert world.manager.acquire("m").number == max(found)


def test_the_new_version_is_loaded_before_the_old_one_is_closed(world):
    world.add(1)
    world.serve()
    world.add(2)
    world.becomes(2)
    wait_for(lambda: ("close", 1) in world.events)
    assert world.events == [("load", 1), ("load", 2), ("close", 1)]


def test_a_version_in_use_is_closed_when_its_requests_are_done(world):
    world.add(1)
    world.serve()
    using = world.manager.acquire("m")
    world.add(2)
    world.becomes(2)
    time.sleep(0.1)
    assert ("close", 1) not in world.events
    world.manager.release(using)
    wait_for(lambda: ("close", 1) in world.events)
    wait_for(lambda: world.manager.states("m", 1) == [(1, END, None)])


def test_a_broken_version_ends_with_its_error_and_the_old_one_stays(world):
    world.broken = {2}
    world.add(1)
    world.serve()
    world.add(2)
    wait_for(lambda: world.manager.states("m")[0][:2] == (2, END))
    assert "2 is broken" in str(world.manager.states("m", 2)[0][2])
    assert world.manager.acquire("m").number == 1
    world.remove(2)  # rolled back
    time.sleep(0.2)
    world.becomes(1)
    world.broken = set()
    world.add(2)  # fixed, but TensorFlow Serving does not load a number again that has ended
    time.sleep(0.2)
    world.becomes(1)
    world.add(3)
    world.becomes(3)


def test_a_reload_keeps_the_version_that_serves_while_a_higher_one_has_failed(world):
    world.broken = {2}
    world.add(1)
    world.serve()
    world.add(2)
    wait_for(lambda: world.manager.states("m")[0][:2] == (2, END))

    def reload(*versions):
        world.manager.reload([Model("m", str(world.base), "specific", frozenset(versions))])

    reload(1)
    world.add(3)
    reload(1, 3)
    world.becomes(1, 3)
    world.broken = set()
    reload(1, 2)  # the failed version was given up, so its number can be loaded again
    world.becomes(1, 2)
    assert ("close", 1) not in world.events


def test_a_removed_version_can_be_added_again(world):
    world.add(1, 2)
    world.serve()
    world.remove(2)
    world.becomes(1)
    world.add(2)
    world.becomes(2)


def test_a_load_is_tried_again(tmp_path):
    attempts = []

    def load(model, number, path):
        attempts.append(number)
        if len(attempts) < 3:
            raise ServingError(INTERNAL, "not yet")
        return Fake([], number)

    (tmp_path / "1").mkdir()
    manager = Manager(load, 0.02, max_retries=2, retry_seconds=0.05)
    manager.start([Model("m", str(tmp_path))])
    assert attempts == [1, 1, 1]
    manager.stop()


def test_waiting_for_another_attempt_does_not_delay_other_versions(tmp_path):
    def load(model, number, path):
        if number == 2:
            raise ServingError(INTERNAL, "broken")
        return Fake([], number)

    for number in ("1", "2"):
        (tmp_path / number).mkdir()
    manager = Manager(load, 0.02, max_retries=5, retry_seconds=60)
    manager.start([Model("m", str(tmp_path), "all")])
    assert [(n, state) for n, state, _ in manager.states("m")] == [(2, LOADING), (1, AVAILABLE)]
    (tmp_path / "2").rmdir()
    wait_for(lambda: manager.states("m", 2)[0][1] == END)
    manager.stop()


def test_start_fails_if_no_version_can_be_loaded(world):
    world.broken = {1}
    world.add(1)
    with pytest.raises(ServingError) as caught:
        world.serve()
    assert str(caught.value) == (
        "UNKNOWN: 1 servable(s) did not become available: {{{name: m version: 1} due to error: "
        "INTERNAL: 1 is broken}, }"
    )


def test_the_versions_stay_when_the_base_path_is_gone(world):
    world.add(1)
    world.serve()
    world.base.rename(world.base.with_name("away"))
    time.sleep(0.2)
    world.becomes(1)


@pytest.mark.parametrize(("keep_last", "left"), [(False, []), (True, [1])])
def test_an_emptied_base_path(world, keep_last, left):
    """TensorFlow Serving unloads removed versions, unless a flag forbids this."""
    world.manager._keep_last = keep_last
    world.add(1)
    world.serve()
    world.remove(1)
    time.sleep(0.2)
    world.becomes(*left)


def test_labels(world):
    world.add(1, 2)
    world.serve("all")
    world.becomes(1, 2)

    def label(**labels):
        model = Model("m", str(world.base), "all", labels=tuple(labels.items()))
        world.manager.reload([model])

    label(stable=1, canary=2)
    assert world.manager.labelled("m", "canary") == 2
    with pytest.raises(ServingError, match="assign label to version 3 of model m, which is not"):
        label(stable=1, canary=3)
    assert (
        world.manager.labelled("m", "canary") == 2
    )  # a label keeps its version if the new one is not available
    label(stable=2)
    assert world.manager.labelled("m", "stable") == 2
    with pytest.raises(ServingError, match="Unrecognized servable version label: canary"):
        world.manager.labelled("m", "canary")


def test_a_label_for_a_later_version_needs_a_flag(world):
    world.add(1)
    model = Model("m", str(world.base), labels=(("stable", 1),))
    with pytest.raises(ServingError, match="not currently available for inference"):
        world.manager.start([model])
    world.manager.start([model], labels_ahead=True)
    assert world.manager.labelled("m", "stable") == 1


def test_a_reload_replaces_the_models(world, tmp_path):
    world.add(1)
    world.serve()
    (tmp_path / "other" / "7").mkdir(parents=True)
    world.manager.reload([Model("other", str(tmp_path / "other"))])
    assert world.manager.acquire("other").number == 7
    wait_for(lambda: ("close", 1) in world.events)
    with pytest.raises(ServingError, match=r"Servable not found for request: Latest\(m\)"):
        world.manager.acquire("m")


@pytest.mark.parametrize("where", ["version", "file"])
def test_links_out_of_the_base_path_are_refused(tmp_path, where):
    from helpers.serving.server.version_folders import check_inside

    base, outside = tmp_path / "base", tmp_path / "outside"
    (outside / "1").mkdir(parents=True)
    (outside / "1" / "saved_model.pb").touch()
    (base / "2").mkdir(parents=True)
    if where == "version":
        (base / "1").symlink_to(outside / "1")
    else:
        (base / "1").mkdir()
        (base / "1" / "saved_model.pb").symlink_to(outside / "1" / "saved_model.pb")
    with pytest.raises(ServingError, match="leads outside the base path"):
        check_inside(base, base / "1")
    (base / "3").symlink_to(base / "2")  # a link inside the base path is allowed
    check_inside(base, base / "3")
