"""The code of the clinic's LiteRT errors: the converter or the interpreter refuses the export."""

from helpers import readers
from helpers.clinic.case import Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line


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


def interpreter_of(content):
    """Return an interpreter that does not print its delegate on stderr."""
    from helpers.readers.litert_interpreter import open_litert

    return open_litert(content, delegates=False)


def converted_line(folder):
    """Return an interpreter of the line y = 2x + 1."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(exported_line(folder)))
    return interpreter_of(converter.convert())


def set_a_tensor_of_three_rows(folder):
    interpreter = converted_line(folder)
    interpreter.allocate_tensors()
    place = interpreter.get_input_details()[0]["index"]
    interpreter.set_tensor(place, ROWS)


def use_the_signature_runner(folder):
    runner = converted_line(folder).get_signature_runner("serving_default")
    got = runner(x=ROWS)["output_0"]
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS, got=got)


def two_signatures(folder):
    """Return an interpreter with the signatures double and halve."""
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[rows])
    module.halve = tf.function(lambda x: {"y": x / 2}, input_signature=[rows])
    signatures = {"double": module.double, "halve": module.halve}
    tf.saved_model.save(module, folder / "signatures", signatures=signatures)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "signatures"))
    return interpreter_of(converter.convert())


def use_the_default_key(folder):
    return two_signatures(folder).get_signature_runner("serving_default")


def use_a_listed_key(folder):
    interpreter = two_signatures(folder)
    assert sorted(interpreter.get_signature_list()) == ["double", "halve"]
    got = interpreter.get_signature_runner("double")(x=ROWS)["y"]
    return Works(folder / "signatures", "double", {"x": ROWS}, expected=2 * ROWS, got=got)


# key -> the broken and the cured function
FORMS = {
    "litert-no-such-operation": (convert_texts, convert_numbers),
    "litert-tensor": (set_a_tensor_of_three_rows, use_the_signature_runner),
    "litert-signature-key": (use_the_default_key, use_a_listed_key),
}
