"""The clinic's cases of LiteRT: what a phone's interpreter refuses."""

from helpers import readers
from helpers.clinic.case import ALL, Case, Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line


def convert_texts(folder):
    import tensorflow as tf

    module = tf.Module()
    texts = tf.TensorSpec((None,), tf.string, name="text")
    module.lower = tf.function(lambda text: tf.strings.lower(text), input_signature=[texts])
    tf.saved_model.save(module, folder / "lower", signatures=module.lower)
    readers.run(folder / "lower", "serving_default", {"text": ["Cat"]}, "litert")


def convert_numbers(folder):
    """Texts become numbers before the phone's part, in an endpoint that is not converted."""
    import tensorflow as tf

    module = tf.Module()
    texts = tf.TensorSpec((None,), tf.string, name="text")
    numbers = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.prepare = tf.function(lambda text: tf.strings.length(text), input_signature=[texts])
    module.double = tf.function(lambda x: 2 * x, input_signature=[numbers])
    doors = {"prepare": module.prepare, "serving_default": module.double}
    tf.saved_model.save(module, folder / "doors", signatures=doors)
    return Works(folder / "doors", inputs={"x": ROWS}, wanted=2 * ROWS)


def interpreter_of(content):
    """An interpreter that does not announce on stderr what it computes with."""
    from helpers.readers.litert_interpreter import open_litert

    return open_litert(content, delegates=False)


def converted_line(folder):
    """An interpreter of the line y = 2x + 1."""
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
    return Works(folder / "line", inputs={"x": ROWS}, wanted=ANSWERS, got=got)


def two_doors(folder):
    """An interpreter with the signatures double and halve."""
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[rows])
    module.halve = tf.function(lambda x: {"y": x / 2}, input_signature=[rows])
    doors = {"double": module.double, "halve": module.halve}
    tf.saved_model.save(module, folder / "doors", signatures=doors)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "doors"))
    return interpreter_of(converter.convert())


def ask_for_the_default(folder):
    return two_doors(folder).get_signature_runner("serving_default")


def ask_for_a_key_there_is(folder):
    interpreter = two_doors(folder)
    assert sorted(interpreter.get_signature_list()) == ["double", "halve"]
    got = interpreter.get_signature_runner("double")(x=ROWS)["y"]
    return Works(folder / "doors", "double", {"x": ROWS}, wanted=2 * ROWS, got=got)


CASES = (
    Case(
        key="litert-no-such-operation",
        title="LiteRT has no such operation",
        group="calling",
        exception="ConverterError",
        met_in="litert",
        text="is neither a custom op nor a flex op",
        marks=(
            r"is neither a custom op nor a flex op",
            r"Some (ops are|of the operators in the model are) not supported by",
            r"Some ops in the model are custom ops",
            r"Select TensorFlow op\(s\), included in the given model, is\(are\) not supported",
            r"Regular TensorFlow ops are not supported by this interpreter",
            r"failed to legalize operation",
            r"Encountered unresolved custom op",
            r"hashtable need to be initialized before using",
        ),
        cause="LiteRT has a smaller set of operations than TensorFlow. Many operations on texts, "
        "most lookups and some recurrent layers are not in it.",
        experiment="The message names the operation. Look for the step of your model that makes "
        "it.",
        cure="Give that step an endpoint of its own and convert only the part behind it, with "
        "signature_keys=[...]. SELECT_TF_OPS needs an interpreter that was built with them.",
        reported=(
            "tensorflow/tensorflow#56162",
            "tensorflow/tensorflow#40157",
            "tensorflow/tensorflow#58635",
        ),
        broken=convert_texts,
        cured=convert_numbers,
        promised=ALL,
    ),
    Case(
        key="litert-tensor",
        title="LiteRT cannot set a tensor",
        group="calling",
        exception="ValueError",
        met_in="litert",
        text="Cannot set tensor: Dimension mismatch",
        marks=(r"Cannot set tensor: ",),
        cause="The interpreter holds one row of the declared dtype until it is resized, and "
        "set_tensor casts and resizes nothing.",
        experiment="Print interpreter.get_input_details(): shape is what it holds now, "
        "shape_signature has -1 where any number may be.",
        cure="Use interpreter.get_signature_runner(key)(x=rows), which resizes; or call "
        "resize_tensor_input and allocate_tensors first. Give float32.",
        reported=(
            "tensorflow/tensorflow#44529",
            "tensorflow/tensorflow#34296",
            "tensorflow/tensorflow#49979",
        ),
        broken=set_a_tensor_of_three_rows,
        cured=use_the_signature_runner,
        promised=ALL,
    ),
    Case(
        key="litert-signature-key",
        title="LiteRT has no signature of this name",
        group="calling",
        exception="ValueError",
        met_in="litert",
        text='Invalid signature_key provided: "serving_default"',
        marks=(
            r"Invalid signature_key provided",
            r"SignatureDef signature_key is None and model has",
        ),
        cause="The file has several signatures, and the key is not one of them, or none was given.",
        experiment="Print interpreter.get_signature_list().",
        cure="Name one of these. If the one you want is missing, convert again with it in "
        "signature_keys=[...].",
        reported=(),
        broken=ask_for_the_default,
        cured=ask_for_a_key_there_is,
        promised=ALL,
    ),
)
