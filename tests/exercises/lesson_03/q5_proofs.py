"""Models on the endpoint of another team in lesson 03, right and wrong."""

import functools

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_03 import parcel_exports
from helpers.exercises.lesson_03.exercises import build_on_an_endpoint
from helpers.exercises.lesson_03.parcel_exports import COLUMNS, FEATURES, GIVEN
from tests.exercises.proofs import Mistake, Proofs

keras = tf.keras
SPEC = [tf.TensorSpec((None, COLUMNS), tf.float32, name="parcel")]


def given():
    """The directory of the other team."""
    return build_on_an_endpoint.original()[0]


def numbers():
    return parcel_exports.made_in(given())


def frozen(endpoint="features", trainable=False):
    return keras.layers.TFSMLayer(given(), call_endpoint=endpoint, trainable=trainable)


def trained_head(scale=1.0, shift=0.0, activation="sigmoid"):
    """A head as training leaves it, without the training."""
    made = numbers()
    head = keras.layers.Dense(1, activation=activation)
    head.build((None, FEATURES))
    head.set_weights([scale * made.rule, np.array([shift - scale * made.limit])])
    return head


def model(*layers, columns=COLUMNS):
    return keras.Sequential([keras.Input((columns,)), *layers])


def export(folder, built):
    built.export(folder, verbose=False)
    return folder


def archive(folder, function, spec=SPEC, name="serve"):
    written = keras.export.ExportArchive()
    written.add_endpoint(name, function, spec)
    written.write_out(folder, verbose=False)
    return folder


def fitted(built, optimizer, epochs, rows=GIVEN):
    x, late = parcel_exports.parcels(numbers(), rows, seed=0)
    tf.keras.utils.set_random_seed(1)
    built.compile(optimizer, "binary_crossentropy")
    built.fit(x, late, epochs=epochs, verbose=0)
    return built


def answer(make):
    """An answer of one directory: `make` gets it and returns a path."""
    return lambda folder: (make(folder / "delay"),)


def of_model(make):
    """An answer that exports the Keras model that `make` builds."""
    return answer(lambda folder: export(folder, make()))


def of_function(make, spec=SPEC):
    """An answer that exports the function of parcels that `make` makes of the loaded export."""

    def written(folder):
        found = tf.saved_model.load(given())
        return archive(folder, make(found), spec)

    return answer(written)


def functional():
    parcel = keras.Input((COLUMNS,), name="numbers_of_the_parcel")
    return keras.Model(parcel, trained_head()(frozen()(parcel)))


def by_a_trained_archive(found):
    head = trained_head()
    return lambda parcel: head(found.features(parcel))


def of_right(change):
    """An answer whose endpoint is `change` of the right function and the parcels."""

    def make(found):
        right = by_a_trained_archive(found)
        return lambda parcel: change(right, parcel, found)

    return of_function(make)


def by_the_signature(found):
    head = trained_head()
    return lambda parcel: head(found.signatures["features"](parcel=parcel)["output_0"])


def changed_weights(found, change):
    for variable in found.signatures["features"].variables:
        change(variable)
    return by_a_trained_archive(found)


def constants(found):
    made = numbers()
    head = trained_head()
    return lambda parcel: head(tf.nn.relu(parcel @ made.kernel + made.bias))


def own_network():
    """A network that computes the same, with the bias of the features a little off."""
    made = numbers()
    hidden = keras.layers.Dense(FEATURES, activation="relu")
    hidden.build((None, COLUMNS))
    hidden.set_weights([made.kernel, made.bias + 0.01])
    return model(hidden, trained_head())


def unused(found):
    """It calls the endpoint, and takes 0 times its answer."""
    made, head = numbers(), trained_head()

    def other(parcel):
        return head(tf.nn.relu(parcel @ made.kernel + made.bias))

    return lambda parcel: other(parcel) + 0 * found.features(parcel)[:, :1]


def old_recipe(folder):
    tf.saved_model.save(model(frozen(), trained_head()), str(folder))
    return folder


def plane_head():
    """The best limit for `hours`, as a sharp sigmoid."""
    x, late = parcel_exports.parcels(numbers(), GIVEN, seed=0)
    hours = frozen("hours")(x)
    head = keras.layers.Dense(1, activation="sigmoid")
    head.build((None, 1))
    limit = np.median(hours)
    sign = 1.0 if np.mean((hours > limit) == late) > 0.5 else -1.0
    head.set_weights([np.array([[sign]]), np.array([-sign * limit])])
    return model(frozen("hours"), head)


PROOFS = Proofs(
    right={
        "a Sequential model": of_model(lambda: model(frozen(), trained_head())),
        "a functional model": of_model(functional),
        "trained with Adam": of_model(
            lambda: fitted(
                model(frozen(), keras.layers.Dense(1, activation="sigmoid")),
                keras.optimizers.Adam(0.05),
                50,
            )
        ),
        "an endpoint of the loaded export": of_function(by_a_trained_archive),
        "the signature of the loaded export": of_function(by_the_signature),
        "a head of two layers": of_model(
            lambda: model(
                frozen(), trained_head(0.5, activation=None), keras.layers.Activation("sigmoid")
            )
        ),
        "trainable, and not trained": of_model(
            lambda: model(frozen(trainable=True), trained_head())
        ),
        "a path as text": lambda folder: (
            str(export(folder / "delay", model(frozen(), trained_head()))),
        ),
        "a plain endpoint under the default's name": answer(
            lambda folder: archive(folder, model(frozen(), trained_head()), name="serving_default")
        ),
    },
    wrong={
        "the given export": Mistake(
            lambda _: (given(),), "serving_default should take features of shape (None, 4)"
        ),
        "not trained": Mistake(
            of_model(
                lambda: (
                    tf.keras.utils.set_random_seed(1),
                    model(frozen(), keras.layers.Dense(1, activation="sigmoid")),
                )[1]
            ),
            "should be right for 285 of 300 new parcels, but is right for",
        ),
        "trained too briefly": Mistake(
            of_model(
                lambda: fitted(
                    model(frozen(), keras.layers.Dense(1, activation="sigmoid")), "adam", 1
                )
            ),
            "Train longer, or with a larger learning rate",
        ),
        "weights trained further": Mistake(
            of_model(lambda: fitted(model(frozen(trainable=True), trained_head()), "sgd", 1)),
            "different numbers. Did a training change them? trainable=False prevents it",
        ),
        "a network of its own": Mistake(
            of_model(
                lambda: model(
                    keras.layers.Dense(16, activation="relu"),
                    keras.layers.Dense(1, activation="sigmoid"),
                )
            ),
            "should read the kernel of features, a variable of shape (4, 6), but reads no variable",
        ),
        "the numbers of the weights": Mistake(
            of_function(constants), "Let your model call the endpoint features"
        ),
        "a limit for hours": Mistake(
            of_model(plane_head), "Choose the endpoint features for the TFSMLayer"
        ),
        "no sigmoid": Mistake(
            of_model(lambda: model(frozen(), trained_head(activation=None))),
            "should give chances between 0 and 1, but gives numbers from -",
        ),
        "labels": Mistake(
            of_right(lambda right, parcel, _: tf.round(right(parcel))),
            "have only 2 different values",
        ),
        "32 parcels at a time": Mistake(
            of_function(
                by_a_trained_archive, [tf.TensorSpec((32, COLUMNS), tf.float32, name="parcel")]
            ),
            "should accept any number of rows, but takes parcel of shape (32, 4)",
        ),
        "the features of the parcel as input": Mistake(
            of_model(lambda: model(trained_head(), columns=FEATURES)),
            "of shape (None, 4), but takes",
        ),
        "the old recipe": Mistake(answer(old_recipe), "fails in the session (Python)"),
        "all features": Mistake(
            of_model(lambda: model(frozen())),
            "of shape (300, 1), but gives an output of shape (300, 6)",
        ),
        "the model": Mistake(
            lambda _: (model(frozen(), trained_head()),), "expected the path of an export directory"
        ),
        "two outputs": Mistake(
            of_right(
                lambda right, parcel, found: {
                    "chance": right(parcel),
                    "features": found.features(parcel),
                }
            ),
            "should have one output, but has two",
        ),
    },
    near={
        "changed by the mean of each request": of_right(
            lambda right, parcel, _: right(parcel) ** (1 + 0.1 * tf.reduce_mean(right(parcel)))
        ),
        "late and in time exchanged": of_model(lambda: model(frozen(), trained_head(-1.0))),
        "a head that is off": of_model(lambda: model(frozen(), trained_head(shift=-1.5))),
        "the chances of one parcel for all": of_right(
            lambda right, parcel, _: tf.repeat(right(parcel)[:1], tf.shape(parcel)[0], axis=0)
        ),
        "two columns exchanged": of_right(lambda right, parcel, _: right(parcel[:, ::-1])),
        "the bias of the features a little off": of_function(
            functools.partial(
                changed_weights,
                change=lambda v: v.assign_add(0.001 * tf.ones_like(v) * (len(v.shape) == 1)),
            )
        ),
        "the kernel times 1.01": of_function(
            functools.partial(changed_weights, change=lambda v: v.assign(v * 1.01))
        ),
        "its own weights, near those of the team": of_model(own_network),
        "0 times the endpoint": of_function(unused),
        "chances above 1": of_right(lambda right, parcel, _: 2 * right(parcel)),
    },
    untouched=(...,),
)
