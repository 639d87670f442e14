"""Operations that LiteRT computes by another formula are named, and are as the sentences say."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.readers import litert_limits
from helpers.readers.compare import compare

KEY = "serving_default"
SPEC = tf.TensorSpec((None,), tf.float32, name="x")
FUNCTIONS = {
    # the function, numbers that agree, and numbers of which the sentence warns
    "Softplus": (tf.nn.softplus, [-3, 0, 88], [88.8, 100]),
    "Log1p": (tf.math.log1p, [0.01, 0.5, 3], [5e-8, 1e-9]),
    "Expm1": (tf.math.expm1, [0.01, -0.5, 3], [5e-8, 1e-9]),
}


def save(directory, function):
    module = tf.Module()
    module.serve = tf.function(lambda x: {"y": function(x)}, input_signature=[SPEC])
    tf.saved_model.save(module, directory, signatures=module.serve)
    return directory


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_told_is_so(tmp_path, name):
    function, usual, others = FUNCTIONS[name]
    directory = save(tmp_path / "export", function)
    assert litert_limits.operations(directory) == [name]
    report = compare(directory)
    assert report.exit_status == 0 and "within the limits noted" in report.verdict
    assert f"LiteRT computes {name} as {litert_limits.FORMULAS[name]}." in report.text()
    for numbers, agree in ((usual, True), (others, False)):
        x = {"x": np.float32(numbers)}
        right, got = (readers.run(directory, KEY, x, r)["y"] for r in ("python", "litert"))
        assert np.allclose(got, right, rtol=1e-3, atol=0) is agree, (numbers, right, got)


def test_other_operations_and_names_are_not_told(tmp_path):
    def softplus_by_name(x):
        return tf.exp(x, name="Softplus")

    directory = save(tmp_path / "export", softplus_by_name)
    assert litert_limits.operations(directory) == []
    assert not compare(directory).notes


def test_without_litert_there_is_nothing_to_tell(tmp_path):
    def refused(x):
        return tf.strings.to_number(tf.strings.as_string(tf.nn.softplus(x)))

    report = compare(save(tmp_path / "export", refused))
    assert not any("Softplus" in note for note in report.notes)


def test_an_export_without_a_graph(tmp_path):
    assert litert_limits.operations(tmp_path) == []
    (tmp_path / "saved_model.pb").touch()
    assert litert_limits.operations(tmp_path) == []
