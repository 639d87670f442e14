"""The proofs of exercise 5 of lesson 10: exports that are split into two halves."""

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_10.exercises import split_the_export
from tests.exercises.lesson_10 import answers as made
from tests.exercises.proofs import Mistake, Proofs

Q5 = Proofs(
    right={
        "the two methods, tracked": lambda _: ("reviews", made.the_halves()),
        "both written again": lambda folder: ("reviews", made.written_again(folder)),
        "tf.saved_model.save of what was loaded": lambda folder: (
            "reviews",
            made.saved_signatures(folder),
        ),
        "a Dense layer weighs": lambda folder: ("reviews", made.of_a_dense_layer(folder)),
        "the whole as well": lambda folder: (
            "reviews",
            made.split(folder, opinion=(made.reviews().opinion, None)),
        ),
        "a path as text": lambda _: (np.str_("reviews"), str(made.the_halves())),
    },
    wrong={
        "houses": Mistake(
            lambda _: ("houses", made.the_halves()),
            "'houses' gives the same answers in LiteRT",
        ),
        "colours, for they are words": Mistake(
            lambda _: ("colours", made.the_halves()),
            "'colours' gives the same answers in LiteRT",
        ),
        "a name of one's own": Mistake(
            lambda _: ("texts", made.the_halves()),
            "'texts' is not one of 'colours', 'houses', 'reviews'",
        ),
        "the export as it was": Mistake(
            lambda _: ("reviews", split_the_export.original() / "reviews"),
            "the export should have the signature 'count_words'",
        ),
        "one half": Mistake(
            made.halves(weigh=None), "the export should have the signature 'weigh'"
        ),
        "nothing left to weigh": Mistake(
            lambda folder: ("reviews", made.nothing_to_weigh(folder)),
            "count_words should give 4 counts for each text, as the method does, but answers 3 "
            "texts with shape (3, 1)",
        ),
        "weighed before": Mistake(
            lambda folder: ("reviews", made.weighed_before(folder)),
            "count_words should give the counts [2, 1, 0, 0] for 'Good, great good!', as the "
            "method does, but gives",
        ),
        "weigh returns what it gets": Mistake(made.weighing(tf.identity), "should have shape"),
        "weigh takes texts": Mistake(
            lambda folder: ("reviews", made.whole_again(folder)),
            "weigh should take float32, but takes string",
        ),
        "weigh takes words": Mistake(
            made.weighing(
                lambda counts: made.weigh_again(counts[:, :4]),
                [tf.TensorSpec((None, 5), tf.float32, name="counts")],
            ),
            "weigh should take the 4 counts of each text, of shape (None, 4), but takes counts of "
            "shape (None, 5)",
        ),
        "texts come out of the first half": Mistake(
            made.counting(lambda text: tf.strings.lower(text)),
            "count_words should give float32, which weigh takes, but gives object",
        ),
        "without the start": Mistake(
            made.weighing(lambda counts: made.weigh_again(counts, start=0.0)),
            "should be 1.25, as the method does, for the row",
        ),
        "one row": Mistake(
            lambda folder: ("reviews", made.fixed(folder)),
            "weigh should accept any number of rows, but takes counts of shape (1, 4)",
        ),
        "a function of NumPy": Mistake(
            lambda folder: ("reviews", made.in_numpy(folder)), "weigh fails in Python"
        ),
        "the folder of all three": Mistake(
            lambda _: ("reviews", split_the_export.original()), "is the parent of exports"
        ),
        "a LiteRT file": Mistake(
            lambda folder: ("reviews", made.in_a_file(folder / "x", made.of_the_bakery())),
            "is a file, not an export directory",
        ),
    },
    untouched=(..., ...),
    near={
        "in another order": lambda folder: ("reviews", made.columns_in_another_order(folder)),
        "capitals told apart": made.counting(
            lambda text: made.count_again(text, lower=tf.identity, other="[^A-Za-z]")
        ),
        "split at blanks only": made.counting(lambda text: made.count_again(text, other=" ")),
        "inside longer words": made.counting(made.count_inside),
        "each word once": made.counting(lambda text: tf.minimum(made.count_again(text), 1.0)),
        "a word forgotten": made.counting(
            lambda text: made.count_again(text, [*made.WORDS[:3], "-"])
        ),
        "only the beginning of a text": made.counting(
            lambda text: made.count_again(tf.strings.substr(text, 0, 40))
        ),
        "counts of 64 bits": made.counting(
            lambda text: tf.cast(made.count_again(text), tf.float64)
        ),
        "the start 1 % larger": made.weighing(
            lambda counts: made.weigh_again(counts, start=made.REVIEWS.start * 1.01)
        ),
        "a weight 1 % larger": made.weighing(
            lambda counts: made.weigh_again(counts * [1.0, 1.0, 1.0, 1.01])
        ),
        "the counts rounded": made.weighing(lambda counts: made.weigh_again(tf.round(counts))),
        "no negative opinions": made.weighing(lambda counts: tf.nn.relu(made.weigh_again(counts))),
        "large counts cut off": made.weighing(
            lambda counts: made.weigh_again(tf.minimum(counts, 3.0))
        ),
        "without the axis": made.weighing(lambda counts: made.weigh_again(counts)[:, 0]),
        "a list": lambda _: (["reviews"], made.the_halves()),
        "in capitals": lambda _: ("Reviews", made.the_halves()),
    },
)
