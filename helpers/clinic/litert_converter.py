"""The code of the errors of LiteRT's converter."""

import numpy as np

from helpers import readers
from helpers.clinic.case import Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line, line_model


def convert_texts(folder):
    import tensorflow as tf

    module = tf.Module()
    texts = tf.TensorSpec((None,), tf.string, name="text")
    module.lower = tf.function(lambda text: tf.strings.lower(text), input_signature=[texts])
    tf.saved_model.save(module, folder / "lower", signatures=module.lower)
    readers.run(folder / "lower", "serving_default", {"text": ["Cat"]}, "litert")


def convert_numbers(folder):
    """Only the endpoint for numbers is converted. Another endpoint turns text into numbers."""
    import tensorflow as tf

    module = tf.Module()
    texts = tf.TensorSpec((None,), tf.string, name="text")
    numbers = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.prepare = tf.function(lambda text: tf.strings.length(text), input_signature=[texts])
    module.double = tf.function(lambda x: 2 * x, input_signature=[numbers])
    signatures = {"prepare": module.prepare, "serving_default": module.double}
    tf.saved_model.save(module, folder / "signatures", signatures=signatures)
    return Works(folder / "signatures", inputs={"x": ROWS}, expected=2 * ROWS)


STEPS = np.full((1, 10, 4), 0.5, np.float32)


def recurrent_model(**options):
    """Return a model with a recurrent layer for 10 steps of 4 numbers."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    steps = tf.keras.Input((10, 4), name="x")
    return tf.keras.Sequential([steps, tf.keras.layers.LSTM(2, **options)])


def convert_an_open_batch(folder):
    recurrent_model().export(folder / "steps", verbose=False)
    readers.run(folder / "steps", "serving_default", {"x": STEPS}, "litert")


def convert_one_row(folder):
    import tensorflow as tf

    model = recurrent_model()
    rows = tf.keras.InputSpec(shape=(1, 10, 4), dtype="float32", name="x")
    model.export(folder / "steps", input_signature=[rows], verbose=False)
    unrolled = recurrent_model(unroll=True)  # This cure keeps the number of rows open.
    unrolled.export(folder / "unrolled", verbose=False)
    answer = readers.run(folder / "unrolled", "serving_default", {"x": STEPS}, "litert")
    return Works(
        folder / "steps", inputs={"x": STEPS}, expected=model(STEPS).numpy(), got=answer["output_0"]
    )


def causal_model():
    """Return a model with causal attention, for any number of steps of 4 numbers."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    steps = tf.keras.Input((None, 4), name="x")
    attention = tf.keras.layers.MultiHeadAttention(1, 2)
    return tf.keras.Model(steps, attention(steps, steps, use_causal_mask=True))


def convert_an_open_length(folder):
    causal_model().export(folder / "steps", verbose=False)
    readers.run(folder / "steps", "serving_default", {"x": STEPS}, "litert")


def convert_a_fixed_length(folder):
    import tensorflow as tf

    model = causal_model()
    rows = tf.keras.InputSpec(shape=(None, 10, 4), dtype="float32", name="x")
    model.export(folder / "steps", input_signature=[rows], verbose=False)
    return Works(folder / "steps", inputs={"x": STEPS}, expected=model(STEPS).numpy())


def line_with_policy(policy):
    """Return the line y = 2x + 1 that computes with a dtype policy."""
    import tensorflow as tf

    layer = tf.keras.layers.Dense(1, dtype=policy)
    model = tf.keras.Sequential([tf.keras.Input((1,), name="x"), layer])
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    return model


def convert_half_floats(folder):
    line_with_policy("mixed_float16").export(folder / "line", verbose=False)
    readers.run(folder / "line", "serving_default", {"x": ROWS}, "litert")


def convert_a_float32_copy(folder):
    model = line_with_policy("mixed_float16")
    copy = line_with_policy("float32")
    copy.set_weights(model.get_weights())
    copy.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def convert_a_quantised_model(folder):
    model = line_model()
    model.quantize("int8")
    model.export(folder / "line", verbose=False)
    readers.run(folder / "line", "serving_default", {"x": ROWS}, "litert")


def let_the_converter_quantise(folder):
    answer = answer_after_calibration(folder, np.float32)
    assert np.allclose(answer, ANSWERS, atol=0.1)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def answer_of(converter):
    """Convert, and return the answers (3, 1) for ROWS."""
    from helpers.processes.quiet import quiet
    from helpers.readers.litert_interpreter import open_litert

    with quiet():  # The converter prints the types that it uses.
        content = converter.convert()
    runner = open_litert(content, delegates=False).get_signature_runner()
    return np.concatenate([runner(x=row[None])["output_0"] for row in ROWS])


def answer_after_calibration(folder, dtype):
    """Return the answers (3, 1) for ROWS of the line, quantised with ROWS of `dtype`."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(exported_line(folder)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[None].astype(dtype)] for row in ROWS)
    return answer_of(converter)


def calibrate_with_doubles(folder):
    answer_after_calibration(folder, np.float64)


def integer_converter(folder):
    """Return a converter of the line that shall use only integers."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(exported_line(folder)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter


def quantise_without_rows(folder):
    answer_of(integer_converter(folder))


def quantise_with_arrays(folder):
    converter = integer_converter(folder)
    converter.representative_dataset = lambda: (row[None] for row in ROWS)
    answer_of(converter)


def quantise_with_lists(folder):
    converter = integer_converter(folder)
    converter.representative_dataset = lambda: ([row[None]] for row in ROWS)
    assert np.allclose(answer_of(converter), ANSWERS, atol=0.1)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


# key -> the broken and the cured function
FORMS = {
    "litert-no-such-operation": (convert_texts, convert_numbers),
    "litert-open-recurrent": (convert_an_open_batch, convert_one_row),
    "litert-open-length": (convert_an_open_length, convert_a_fixed_length),
    "litert-float-dtype": (convert_half_floats, convert_a_float32_copy),
    "litert-keras-int8": (convert_a_quantised_model, let_the_converter_quantise),
    "calibration-dtype": (calibrate_with_doubles, let_the_converter_quantise),
    "calibration-missing": (quantise_without_rows, quantise_with_lists),
    "calibration-not-a-list": (quantise_with_arrays, quantise_with_lists),
}
