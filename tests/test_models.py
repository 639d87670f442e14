"""The reference models learn, and their exports give the same numbers in every reader."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import data, readers
from helpers.models import ComplexModel, LinearModel, MultiSignatureModel
from helpers.training import train, train_eagerly

# The same float32 sums, added up in another order by another program.
SAME = {"rtol": 1e-5, "atol": 1e-5}
# model: (training data, {its endpoint: (input's name, columns)}); "call" is the plain Keras method
MODELS = {
    LinearModel: (data.line, {"call": ("x", 1)}),
    ComplexModel: (data.row_sums, {"call": ("x", 10), "inference": ("features", 10)}),
    MultiSignatureModel: (
        data.two_features,
        {
            "call": ("x", 2),
            "predict_first_two_features": ("x", 2),
            "predict_first_three_features": ("x", 3),
        },
    ),
}
ENDPOINTS = [(model, name) for model, (_, endpoints) in MODELS.items() for name in endpoints]
EVERY_ENDPOINT = pytest.mark.parametrize(("model", "endpoint"), ENDPOINTS)
EVERY_MODEL = pytest.mark.parametrize("model", MODELS)


@pytest.fixture(scope="module")
def trained():
    """A function of a model's class: the model after the training that the lessons give it."""
    models = {}

    def get(kind):
        if kind not in models:
            tf.keras.utils.set_random_seed(1)
            models[kind] = kind()
            train(models[kind], *MODELS[kind][0](), progress=False)
        return models[kind]

    return get


@pytest.fixture(scope="module")
def exports(trained, tmp_path_factory):
    """A function of a model's class: the directories that model.export and ExportArchive wrote."""
    folder = tmp_path_factory.mktemp("exports")

    def get(kind):
        by_export, by_archive = folder / kind.__name__, folder / f"{kind.__name__} archive"
        if not by_export.exists():
            model = trained(kind)
            model.export(by_export, verbose=False)
            archive = tf.keras.export.ExportArchive()
            archive.track(model)
            for endpoint, (name, columns) in MODELS[kind][1].items():
                if endpoint == "call":
                    spec = tf.TensorSpec((None, columns), tf.float32, name=name)
                    archive.add_endpoint(endpoint, model.call, input_signature=[spec])
                else:  # it has its own input_signature
                    archive.add_endpoint(endpoint, getattr(model, endpoint))
            archive.write_out(by_archive, verbose=False)
        return by_export, by_archive

    return get


def rows(count, columns):
    return np.random.default_rng(count).normal(size=(count, columns)).astype(np.float32)


@EVERY_ENDPOINT
def test_every_weight_has_a_gradient_and_a_say(model, endpoint):
    """What a model cut off from its weights fails: its layers were first built inside a trace."""
    columns = MODELS[model][1][endpoint][1]
    made = model()  # new, so that this endpoint is the first thing that is ever called
    made.build((None, 2 if model is MultiSignatureModel else columns))
    function, x = getattr(made, endpoint), tf.constant(rows(100, columns))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(function(x) ** 2)
    weights = made.trainable_variables
    assert len(weights) == (6 if model is ComplexModel else 2)
    for weight, gradient in zip(weights, tape.gradient(total, weights), strict=True):
        assert gradient is not None, weight.path
        assert np.abs(gradient).max() > 0, weight.path
    for weight in weights:
        weight.assign(tf.zeros_like(weight))
    assert np.abs(function(x)).max() == 0


def test_linear_model_finds_the_line(trained):
    kernel, bias = (weight.numpy().item() for weight in trained(LinearModel).weights)
    # 100 points with noise 0.1 fix the slope to +- 0.017 and the intercept to +- 0.01 (standard
    # errors); 0.1 is more than five of either, and far less than the next whole number.
    assert (kernel, bias) == pytest.approx((2, 1), abs=0.1)
    # That much is the noise's doing. Training itself must arrive where least squares do.
    assert (kernel, bias) == pytest.approx(np.polyfit(*np.hstack(data.line()).T, 1), abs=0.01)


def test_multi_signature_model_finds_the_plane(trained):
    kernel, bias = (weight.numpy().ravel() for weight in trained(MultiSignatureModel).weights)
    # 200 rows with noise 0.1: a standard error of 0.012 at most, so 0.1 is eight of them
    assert [*kernel, *bias] == pytest.approx([2, 2, 1], abs=0.1)


def test_complex_model_finds_the_sum(trained):
    x, y = data.row_sums(seed=1)  # rows that it has not seen
    error = np.abs(trained(ComplexModel)(x) - y)
    # The sums have a standard deviation of 3.2, and a network of bent pieces is never quite flat:
    # 0.1 on average is 3 % of that; a model that has not learnt is off by 2.5.
    assert error.mean() < 0.1
    assert np.abs(y).mean() > 2


@pytest.mark.share(3)
@EVERY_MODEL
@pytest.mark.parametrize("reader", readers.READERS)
def test_export_gives_the_same_numbers(exports, trained, model, reader):
    by_export, by_archive = exports(model)
    endpoints = MODELS[model][1]
    for count in (1, 3, 100):
        for endpoint, (name, columns) in endpoints.items():
            x = rows(count, columns)
            expected = getattr(trained(model), endpoint)(x).numpy()
            (answer,) = readers.run(by_archive, endpoint, {name: x}, reader).values()
            np.testing.assert_allclose(
                answer, expected, **SAME, err_msg=f"{endpoint}, {count} rows"
            )
        x = rows(count, endpoints["call"][1])
        (name,) = (t.name for t in readers.signatures(by_export, reader)["serve"].inputs)
        for key in ("serve", "serving_default"):
            (answer,) = readers.run(by_export, key, {name: x}, reader).values()
            np.testing.assert_allclose(answer, trained(model)(x).numpy(), **SAME)


def test_endpoints_share_the_weights(trained):
    model, x = trained(MultiSignatureModel), rows(5, 3)
    two, three = model.predict_first_two_features(x[:, :2]), model.predict_first_three_features(x)
    np.testing.assert_array_equal(two, three)


@pytest.mark.parametrize("third", [-3.0, 1e6, np.nan])
def test_multi_signature_model_uses_the_first_two_of_three_columns(trained, third):
    model, x = trained(MultiSignatureModel), rows(5, 3)
    x[:, 2] = third
    np.testing.assert_array_equal(model(x), model(x[:, :2]))


@pytest.mark.parametrize("columns", [0, 1, 4])
def test_multi_signature_model_refuses_other_columns(trained, columns):
    with pytest.raises(ValueError, match=f"to have value 2.*shape \\(5, {columns}\\)"):
        trained(MultiSignatureModel)(rows(5, columns))


def test_endpoint_for_two_columns_slices_nothing():
    """Otherwise a server, which compares no shapes, would take three columns without an error."""
    model = MultiSignatureModel()
    model.build((None, 2))
    for function, slices in (
        (model.predict_first_two_features, False),
        (model.predict_first_three_features, True),
    ):
        operations = {node.type for node in function.get_concrete_function().graph.get_operations()}
        assert ("StridedSlice" in operations) == slices


def test_multi_signature_model_can_begin_with_three_columns():
    """Training, and `model.export` after it, accept what the model was called with first."""
    model, x = MultiSignatureModel(), rows(50, 3)
    y = 2 * x[:, :1] + 2 * x[:, 1:2] + 1
    assert train(model, x, y, steps=300, progress=False)[-1] < 0.01
    assert [weight.shape for weight in model.weights] == [(2, 1), (1,)]


# Training


@EVERY_MODEL
def test_training_in_one_graph_is_the_same_training(model):
    x, y = MODELS[model][0]()
    losses = []
    for method in (lambda *a: train(*a, progress=False)[-1], train_eagerly):
        tf.keras.utils.set_random_seed(1)
        made = model()
        made.build(x.shape)
        before = np.mean((made(x) - y) ** 2)
        losses.append(method(made, x, y, 5))
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)  # float32, in five steps
    assert losses[0] < 0.95 * before, "else equality says nothing"


def test_there_are_at_most_20_losses():
    assert train(LinearModel(), *data.line(), steps=60, progress=False).shape == (20,)
    assert train(LinearModel(), *data.line(), steps=3, progress=False).shape == (3,)


def test_progress_bar_is_the_same_on_two_runs(capsys):
    said = []
    for _ in range(2):
        tf.keras.utils.set_random_seed(1)
        train(LinearModel(), *data.line(), steps=200)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] == f"Training {'■' * 20} 200 steps, loss below 0.01\n"


def test_progress_bar_owns_up_to_a_loss_that_overflowed(capsys):
    train(LinearModel(), *data.line(), steps=20, learning_rate=1e30)
    assert capsys.readouterr().out.endswith(" 20 steps, the loss is not a number\n")


def test_data_of_other_kinds_are_taken(capsys):
    x, y = data.line()
    for kind in (np.float64, np.float32):
        losses = train(LinearModel(), x.astype(kind).tolist(), y.astype(kind), 20, progress=False)
        assert losses[-1] < losses[0]
        assert train(LinearModel(), x.astype(kind), y.astype(kind), 20, progress=False)[-1] > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "steps=0 and learning_rate=0.05 must be positive"),
        ({"steps": 2.5}, "steps=2.5 and"),
        ({"steps": "10"}, "steps='10' and"),
        ({"learning_rate": 0.0}, "learning_rate=0.0 must be positive"),
        ({"learning_rate": float("nan")}, "learning_rate=nan must be positive"),
        ({"x": np.ones((3, 1))}, "x has 3 and y has 100"),
        ({"x": np.ones((0, 1)), "y": np.ones((0, 1))}, "at least 1; x has 0"),
        (
            {"x": np.ones(100)},
            "x must have rows and columns",
        ),
        ({"y": np.ones(100)}, "the shape of the model's answers, (100, 1); it has (100,)"),
    ],
)
def test_bad_arguments_are_named(change, words):
    x, y = data.line()
    with pytest.raises(ValueError) as caught:
        train(LinearModel(), **{"x": x, "y": y, "progress": False, **change})
    assert words in str(caught.value)
