"""Parts of proofs in which an answer is a diagnosis and a repaired export.

Each function that takes a new folder returns the directory of an export in it.
"""

import shutil

import tensorflow as tf

KEY = "serving_default"


def spec(name, columns=1, rows=None, dtype=tf.float32):
    return tf.TensorSpec((rows, columns), dtype, name=name)


ROWS = spec("rows", 2)


def signature_of(exercise):
    """The loaded signature that was given; it keeps its loaded object alive."""
    loaded = tf.saved_model.load(exercise.given())
    signature = loaded.signatures[KEY]
    signature.loaded = loaded
    return signature


def repaired(diagnosis, cure, /, *arguments, **options):
    """The answer of a diagnosis and an export that is made when it is asked for."""
    return lambda folder: (diagnosis, cure(folder, *arguments, **options))


def as_it_was(diagnosis, exercise):
    return lambda _: (diagnosis, exercise.given())


def just(*answer):
    return lambda _: answer


def module(folder, function, *specs, **kept):
    """A tf.Module with one signature; `kept` are its attributes."""
    saved = tf.Module()
    for name, value in kept.items():
        setattr(saved, name, value)
    signature = tf.function(function, input_signature=specs)
    tf.saved_model.save(saved, str(folder / "repaired"), signatures=signature)
    return folder / "repaired"


def archive(folder, function, *specs, track=None):
    """An ExportArchive with one endpoint."""
    export = tf.keras.export.ExportArchive()
    if track is not None:
        export.track(track)
    export.add_endpoint(KEY, function, list(specs) or None)
    export.write_out(folder / "repaired", verbose=False)
    return folder / "repaired"


def saved_again(folder, exercise):
    found = tf.saved_model.load(exercise.given())
    tf.saved_model.save(found, str(folder / "repaired"), signatures=dict(found.signatures))
    return folder / "repaired"


def over_the_given(folder, cure, exercise):
    """Write the repair over the export that was given."""
    made = cure(folder / "new")
    where = exercise.given()
    shutil.rmtree(where)
    return shutil.move(made, where)


def without_column(score):
    return tf.squeeze(score, 1)


def first_rows(score):
    """Score 100 rows only; all further ones get 0."""
    place = tf.range(tf.shape(score)[0])[:, tf.newaxis]
    return tf.where(place < 100, score, 0.0)
