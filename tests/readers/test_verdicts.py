"""What each reader does, compared with the answers of the model."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.artifact import NotAnArtifact
from helpers.models import LinearModel
from helpers.readers.outcomes import FAILS, NOT_TRIED, OTHER, SAME
from helpers.readers.verdicts import STATUSES, verdicts

X = np.array([[0.0], [1.0], [10.0]], np.float32)


@pytest.fixture(scope="module")
def model():
    model = LinearModel()
    model(X)
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    return model


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    model.export(folder, verbose=False)
    return folder


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    size, age = (tf.keras.Input((1,), name=name) for name in ("size", "age"))
    model = tf.keras.Model([size, age], {"sum": size + age, "product": size * age})
    folder = tmp_path_factory.mktemp("two")
    model.export(folder, verbose=False)
    return folder


def statuses(*arguments, **options):
    return [verdict.status for verdict in verdicts(*arguments, **options)]


def test_readers_that_agree_with_the_model(exported, model):
    found = verdicts(exported, X, model(X))
    assert [verdict.reader for verdict in found] == list(readers.READERS)
    for verdict in found:
        assert (verdict.status, verdict.error) == (SAME, "")
        np.testing.assert_allclose(verdict.outputs["output_0"], [[1], [3], [21]], rtol=1e-5)
    assert statuses(exported, X.tolist(), np.asarray(model(X)), signature="serve") == [SAME] * 3


def test_readers_that_agree_with_each_other_and_not_with_the_model(exported, model):
    assert statuses(exported, X, model(X) + 0.01) == [OTHER] * 3
    assert statuses(exported, X, model(X)[:2]) == [OTHER] * 3


def test_each_status_of_the_popular_recipe(model, tmp_path):
    tf.saved_model.save(model, str(tmp_path))
    python, session, litert = verdicts(tmp_path, X, model(X))
    assert [v.status for v in (python, session, litert)] == [SAME, FAILS, OTHER]
    assert set(STATUSES) == {SAME, FAILS, OTHER}
    assert session.error.startswith("FailedPreconditionError: ") and not session.outputs
    assert len(session.error) <= 160 and "\n" not in session.error
    assert litert.outputs["output_0"].shape == (3, 1)


def test_empty_answers_and_time_over_are_not_tried_properly(exported, model, monkeypatch):
    none = np.zeros((0, 1), np.float32)
    assert set(statuses(exported, none, none)) <= {NOT_TRIED, FAILS}
    assert statuses(exported, none, none)[0] == NOT_TRIED

    def late(*arguments):
        raise readers.ReaderError("python", "TimeoutError: no answer within 60 seconds")

    monkeypatch.setattr(readers, "run", late)
    assert statuses(exported, X, model(X)) == [NOT_TRIED] * 3


def test_inputs_and_outputs_by_name(two):
    rows = {"size": X, "age": 2 * X}
    right = {"sum": 3 * X, "product": 2 * X * X}
    assert statuses(two, rows, right) == [SAME] * 3
    assert statuses(two, rows, right | {"sum": X}) == [OTHER] * 3
    assert statuses(two, {"size": X}, right) == [FAILS] * 3


def test_only_some_readers_are_asked(exported, model):
    found = verdicts(exported, X, model(X), which=["litert", "session"])
    assert [verdict.reader for verdict in found] == ["litert", "session"]


def test_an_array_for_several_inputs_or_outputs_is_refused(two):
    with pytest.raises(TypeError, match="has 2 inputs, age, size: give a dict"):
        verdicts(two, X, X)
    with pytest.raises(TypeError, match="has 2 outputs, product, sum: give a dict"):
        verdicts(two, {"size": X, "age": X}, X)


def test_what_cannot_be_called_is_refused(exported, tmp_path):
    with pytest.raises(KeyError, match="no signature 'score' in this export: it has serv"):
        verdicts(exported, X, X, signature="score")
    with pytest.raises(NotAnArtifact):
        verdicts(tmp_path / "none", X, X)
