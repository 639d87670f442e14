"""The code of the errors of LiteRT's interpreter."""

from helpers.clinic.case import Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line
from helpers.clinic.litert_converter import convert_numbers


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


def convert_with_select_ops(folder):
    import tensorflow as tf

    module = tf.Module()
    texts = tf.TensorSpec((None,), tf.string, name="text")
    module.lower = tf.function(lambda text: tf.strings.lower(text), input_signature=[texts])
    tf.saved_model.save(module, folder / "lower", signatures=module.lower)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "lower"))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    interpreter_of(converter.convert()).allocate_tensors()


def set_a_tensor_at_once(folder):
    interpreter = converted_line(folder)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], ROWS[:1])


def allocate_first(folder):
    interpreter = converted_line(folder)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], ROWS[:1])
    interpreter.invoke()
    got = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return Works(folder / "line", inputs={"x": ROWS[:1]}, expected=ANSWERS[:1], got=got)


def convert_a_function_alone(folder):
    import tensorflow as tf

    rows = tf.TensorSpec((1, 1), tf.float32, name="x")
    double = tf.function(lambda x: 2 * x, input_signature=[rows]).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([double], double)
    interpreter_of(converter.convert()).get_signature_runner()


def open_a_pointer(folder):
    path = folder / "line.tflite"
    path.write_text("version https://git-lfs.github.com/spec/v1\nsize 1136\n")
    interpreter_of(path)


def open_the_file_itself(folder):
    import tensorflow as tf

    path = folder / "line.tflite"
    converter = tf.lite.TFLiteConverter.from_saved_model(str(exported_line(folder)))
    path.write_bytes(converter.convert())
    got = interpreter_of(path).get_signature_runner()(x=ROWS)["output_0"]
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS, got=got)


# key -> the broken and the cured function
FORMS = {
    "litert-select-ops": (convert_with_select_ops, convert_numbers),
    "litert-tensor": (set_a_tensor_of_three_rows, use_the_signature_runner),
    "litert-signature-key": (use_the_default_key, use_a_listed_key),
    "litert-not-allocated": (set_a_tensor_at_once, allocate_first),
    "litert-no-signatures": (convert_a_function_alone, use_the_signature_runner),
    "not-a-litert-file": (open_a_pointer, open_the_file_itself),
}
