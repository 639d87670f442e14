"""The ways from rows to answers, and the sweep over batch sizes."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.artifact.saved_model import NotAnArtifact
from helpers.benchmark import sweep
from helpers.benchmark.predictors import PART, litert, routes
from helpers.benchmark.timing import Ratio
from helpers.models import ComplexModel
from helpers.readers import ReaderError


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Make two exports of ComplexModel with different weights, and the LiteRT file of each."""
    folder, made = tmp_path_factory.mktemp("exports"), []
    for number in range(2):
        tf.keras.utils.set_random_seed(number)
        model, export_dir = ComplexModel(), folder / str(number)
        model.build((None, 10))
        archive = tf.keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint("serving_default", model.inference)
        archive.write_out(export_dir, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            str(export_dir), signature_keys=["serving_default"]
        )
        file = folder / f"{number}.tflite"
        file.write_bytes(converter.convert())
        made.append((export_dir, file, model))
    return made


def test_every_way_gives_the_same_numbers(exports):
    export_dir, file, model = exports[0]
    ways = routes(export_dir, file)
    assert len(ways) == 7
    for size in (1, 3, 100, 2):
        rows = sweep.rows_for(size)
        for way, function in ways.items():
            answer = function(rows)
            assert isinstance(answer, np.ndarray) and answer.shape == (size, 1), way
            np.testing.assert_allclose(answer, model(rows), rtol=1e-5, atol=1e-5, err_msg=way)


@pytest.mark.parametrize("size", [PART, PART + 1, 2 * PART, 5 * PART + 7])
def test_litert_takes_many_rows_in_parts(exports, size):
    _, file, model = exports[0]
    answer, rows = litert(file), sweep.rows_for(size)
    np.testing.assert_allclose(answer(rows), model(rows), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(answer(rows[-1:]), model(rows[-1:]), rtol=1e-5, atol=1e-5)


def test_litert_keeps_no_answer_of_another_call(exports):
    answer, rows = litert(exports[0][1]), sweep.rows_for(2)
    first = answer(rows[:1])
    kept = first.copy()
    assert answer(rows[1:]) != kept and first == kept


def test_a_sweep_in_its_own_process_refuses_other_numbers(exports):
    (export_dir, _, _), (_, another, _) = exports
    with pytest.raises(ReaderError, match="LiteRT returns other numbers than NumPy for 1 rows"):
        sweep.sweep(export_dir, another)


@pytest.mark.weekly
def test_without_onnx_runtime_the_course_s_own_python_measures(exports, monkeypatch):
    export_dir, file, _ = exports[0]
    monkeypatch.setattr("helpers.runtimes.missing", lambda runtime: f"no {runtime} here")
    found = sweep.sweep(export_dir, file)
    assert found.missing == "no onnx here" and "ONNX Runtime" not in found.ways
    assert list(found.ratios) == list(sweep.SIZES)
    # On a quiet machine these are about 6,000 and 0.3. A median holds on a busy machine too.
    assert found.middle("model.predict", 1) > 500 and found.middle("LiteRT", 1) < 3


def test_what_a_sweep_needs(exports, tmp_path):
    export_dir, file, _ = exports[0]
    with pytest.raises(FileNotFoundError, match=r"no LiteRT file 'none\.tflite'"):
        sweep.sweep(export_dir, tmp_path / "none.tflite")
    with pytest.raises(NotAnArtifact):
        sweep.sweep(tmp_path, file)


@pytest.fixture
def made_up():
    """Make pairs whose medians are 1,234 and 0.5, and then 2 and 0.25."""
    ratios = {
        1: {"model.predict": Ratio((1234.0,) * 8), "LiteRT": Ratio((0.5,) * 8)},
        65536: {"model.predict": Ratio((1.0, 3.0) * 4), "LiteRT": Ratio((0.25,) * 8)},
    }
    return sweep.Sweep(ratios, {1: 6.6e-6, 65536: 0.081}, "It is <not> there: make runtimes")


def test_a_sweep_prints_itself(made_up):
    assert str(made_up).splitlines() == [
        "NumPy's time for one call, and the others as multiples of it",
        "rows                1  65,536",
        "NumPy          6.6 µs   81 ms",
        "model.predict   1,234       2",
        "LiteRT            0.5    0.25",
    ]
    assert made_up["LiteRT", 1].below(1) and made_up.middle("model.predict", 65536) == 2


@pytest.mark.parametrize("key", [("XLA", 1), ("LiteRT", 2), "LiteRT", ("LiteRT", [1]), None])
def test_what_was_not_measured_is_named(made_up, key):
    with pytest.raises(KeyError, match=r"give one of model\.predict, LiteRT and one of the numb"):
        made_up[key]
