"""The proofs of exercise 5, the export of a model of photos."""

from helpers.exercises.lesson_05.exercises import export_for_photos
from tests.exercises.lesson_05 import photo_answers
from tests.exercises.lesson_05.photo_answers import photos
from tests.exercises.proofs import Mistake, Proofs

GOLDEN = "should answer as photo_model does for the prepared photo"
CHANGING = "should answer the same photo in the same way each time"

Q5 = Proofs(
    right={
        "the steps of the page": photos(),
        "decode_jpeg, which reads PNG too": photos(decode=photo_answers.by_jpeg),
        "layers of Keras": photo_answers.by_layers,
        "a tf.Module": photo_answers.as_module,
        "outputs of shape (n, 1)": photos(after=photo_answers.as_columns),
        "the second variant": photos(1),
    },
    wrong={
        "the code of the training": Mistake(
            photo_answers.as_in_training, "Write that step with TensorFlow operations"
        ),
        "its random step": Mistake(photo_answers.without_scale_of_numpy, CHANGING),
        "training not said": Mistake(
            photos(call=lambda x: export_for_photos.original().model(x)),
            "unless the endpoint calls photo_model(images, training=False)",
        ),
        "another scale": Mistake(photos(scale=lambda x: x / 255.0), GOLDEN),
        "another order of the names": Mistake(
            photos(after=photo_answers.in_order_of_the_page), "The probability is right."
        ),
        "numbers for species": Mistake(
            photos(after=photo_answers.as_numbers), "should give the species as a name, such as"
        ),
        "an output label": Mistake(
            photos(after=photo_answers.as_labels), "should have an output named 'species'"
        ),
        "all three probabilities": Mistake(
            photos(after=photo_answers.all_probabilities), "but gives a probability of shape (1, 3)"
        ),
        "prepared photos": Mistake(
            photo_answers.of_pixels, "should take encoded photos as strings, but takes float32"
        ),
        "one photo": Mistake(photo_answers.of_one_photo, "should accept any number of rows"),
        "another name": Mistake(photo_answers.of_images, "should take photos, but takes images"),
        "another key": Mistake(
            photos(export={"key": "serve"}), "should have the signature 'classify'"
        ),
        "constants": Mistake(
            photo_answers.with_constants, "should compute probability with the weights"
        ),
        "the model": Mistake(
            lambda _: (export_for_photos.given()[0],), "expected the path of an export directory"
        ),
    },
    near={
        "nearest pixels": photos(method="nearest"),
        "red and blue exchanged": photos(change=lambda image: image[..., ::-1]),
        "a little surer": photos(after=photo_answers.a_little_surer),
        "the largest of the batch": photos(after=photo_answers.of_the_batch),
        "training=True": photos(
            call=lambda x: export_for_photos.original().model(x, training=True)
        ),
        "the golden answers by file": photo_answers.of_known_files,
    },
    untouched=(...,),
)
