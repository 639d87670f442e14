"""Lesson 05: right answers, named mistakes, untouched."""

import pytest
import tensorflow as tf

from helpers.exercises.lesson_05.exercises import GAPS, LEFT_OUT, put_the_step_inside, trained_model
from helpers.exercises.lesson_05.raw_row_checks import without_gaps
from helpers.models import COLUMNS
from helpers.penguins.data import ISLANDS, RAW, SEXES, SPECIES
from tests.exercises.lesson_05 import answers
from tests.exercises.proofs import Mistake, Proofs, prove


def by_hand(rows, known):
    """Prepare rows as the notebook does by hand, for `trained_model`."""
    return trained_model().prepare(**{name: tf.constant(rows[name]) for name in RAW})


def made(function, *arguments, **options):
    """An answer of one directory, made in a new folder when it is asked for."""
    return lambda folder: (function(folder, *arguments, **options),)


def just(*answer):
    return lambda _: answer


def of_batch(size):
    return [tf.TensorSpec((size,), spec.dtype, name=spec.name) for spec in COLUMNS]


def with_columns(**changes):
    """Return the specs of an endpoint, with some changes."""
    return [changes.get(spec.name, spec) for spec in COLUMNS]


def as_numbers(answer, probabilities):
    return answer | {"species": tf.argmax(probabilities, axis=1)}


def softmax_twice(answer, probabilities):
    return answers.named(tf.nn.softmax(probabilities))


def a_little_surer(answer, probabilities):
    return answer | {"probability": tf.minimum(answer["probability"] + 0.005, 1.0)}


def rounded(answer, probabilities):
    return answer | {"probability": tf.round(100 * answer["probability"]) / 100}


def second_best(answer, probabilities):
    return answer | {"species": tf.gather(SPECIES, tf.argsort(probabilities)[:, 1])}


def reversed_names(answer, probabilities):
    return answers.named(probabilities, SPECIES[::-1])


def of_the_first(answer, probabilities):
    return answer | {"probability": probabilities[:, 0]}


def all_three(answer, probabilities):
    return answer | {"probability": probabilities}


def always_sure(answer, probabilities):
    return answer | {"probability": tf.ones_like(answer["probability"])}


def of_the_batch(answer, probabilities):
    return answer | {"probability": tf.reduce_mean(answer["probability"]) + 0 * probabilities[:, 0]}


def other_names(answer, probabilities):
    return {"name": answer["species"], "probability": answer["probability"]}


def as_columns(answer, probabilities):
    return {name: value[:, tf.newaxis] for name, value in answer.items()}


def with_one_input(folder):
    spec = [tf.TensorSpec((None, 7), tf.float32, name="features")]
    return answers.archive(folder, lambda features: answers.named(trained_model()(features)), spec)


def with_codes(folder):
    def classify(bill_length_mm, body_mass_g, island, sex):
        words = tf.gather(tf.constant(ISLANDS), island)
        return answers.compared(bill_length_mm, body_mass_g, words, sex)

    spec = tf.TensorSpec((None,), tf.int32, name="island")
    return answers.archive(folder, classify, with_columns(island=spec))


def with_64_bits(folder):
    def classify(bill_length_mm, body_mass_g, island, sex):
        return answers.compared(bill_length_mm, tf.cast(body_mass_g, tf.float32), island, sex)

    spec = tf.TensorSpec((None,), tf.float64, name="body_mass_g")
    return answers.archive(folder, classify, with_columns(body_mass_g=spec))


Q1 = Proofs(
    right={
        "the course's class": made(answers.archive),
        "the lookups of the page": made(answers.with_the_lookups_of_the_page),
        "a tf.Module that compares": made(answers.module),
        "outputs of shape (n, 1)": lambda folder: (answers.changed(as_columns)(folder),),
        "a path as text": lambda folder: (str(answers.archive(folder)),),
    },
    wrong={
        "numbers not prepared": Mistake(
            made(answers.archive, answers.without_preparation), "should name the species of"
        ),
        "numbers for species": Mistake(
            lambda folder: (answers.changed(as_numbers)(folder),),
            "should give the species as a name, such as 'Adelie', but gives [0]",
        ),
        "species in another order": Mistake(
            lambda folder: (answers.changed(reversed_names)(folder),),
            "should be 'Adelie', but is 'Gentoo'",
        ),
        "the probability of the first": Mistake(
            lambda folder: (answers.changed(of_the_first)(folder),),
            "should give probabilities between 1/3 and 1",
        ),
        "always sure": Mistake(
            lambda folder: (answers.changed(always_sure)(folder),),
            "because the model is less sure of some penguins, but gives every penguin the "
            "probability 1.",
        ),
        "all three probabilities": Mistake(
            lambda folder: (answers.changed(all_three)(folder),),
            "should give one probability for each of 66 rows, but gives a probability of shape "
            "(66, 3)",
        ),
        "one probability for the batch": Mistake(
            lambda folder: (answers.changed(of_the_batch)(folder),),
            "should answer the same for a row alone and for the row among others",
        ),
        "another name": Mistake(
            lambda folder: (answers.changed(other_names)(folder),),
            "should have an output named 'species', but its outputs are: name, probability.",
        ),
        "the endpoint for features": Mistake(
            made(with_one_input),
            "should take the columns bill_length_mm, body_mass_g, island, sex, but takes features",
        ),
        "words as numbers": Mistake(
            made(with_codes), "should take island as string, but takes island as int32"
        ),
        "64 bits": Mistake(
            made(with_64_bits),
            "should take body_mass_g as float32, but takes body_mass_g as float64",
        ),
        "one batch size": Mistake(
            made(answers.archive, answers._with_names(answers.compared), of_batch(66)),
            "of shape (66,)",
        ),
        "another key": Mistake(
            made(answers.module, key="serve"), "the export should have the signature 'classify'"
        ),
        "a vocabulary in a file": Mistake(
            lambda folder: (answers.archive(folder, tracked=answers.from_a_file()),),
            "LiteRT never loads a vocabulary that lies in a file of assets/",
        ),
        "NumPy in the graph": Mistake(
            made(answers.archive, answers.through_numpy),
            "Write that step with TensorFlow operations",
        ),
        "the model instead of the directory": Mistake(
            lambda _: (trained_model(),), "expected the path of an export directory"
        ),
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
    },
    near={
        change.__name__: lambda folder, change=change: (answers.changed(change)(folder),)
        for change in (softmax_twice, a_little_surer, rounded, second_best)
    },
    untouched=(...,),
)


def in_the_end(folder):
    """Replace missing values in the answer, which is too late."""

    def endpoint(bill_length_mm, body_mass_g, island, sex):
        numbers = trained_model().normalization(tf.stack([bill_length_mm, body_mass_g], axis=1))
        words = answers.features(bill_length_mm, body_mass_g, island, sex)[:, 2:]
        answer = trained_model()(tf.concat([numbers, words], axis=1))
        return answers.named(tf.where(tf.math.is_nan(answer), 0.0, answer))

    return answers.archive(folder, answers._with_names(endpoint))


def two_percent_more(bill_length_mm, body_mass_g, island, sex):
    return answers.compared(1.02 * bill_length_mm, 1.02 * body_mass_g, island, sex)


Q2 = Proofs(
    right={
        "the course's class": made(answers.archive),
        "a tf.Module that compares": made(answers.module),
        "the means of all rows": lambda folder: (answers.prepared(gap=[43.92, 4201.75])(folder),),
        "outputs of shape (n, 1)": lambda folder: (answers.changed(as_columns)(folder),),
    },
    wrong={
        "the export of exercise 1": Mistake(
            made(answers.with_the_lookups_of_the_page),
            "gives the probability nan to one of the penguins whose mass is missing",
        ),
        "gaps only": Mistake(
            made(answers.with_the_lookups_of_the_page, gaps=True),
            "A lookup with num_oov_indices=0 refuses every word",
        ),
        "0 for a gap": Mistake(
            lambda folder: (answers.prepared(gap=0.0)(folder),),
            "at least 48 of 66 penguins whose mass is missing",
        ),
        "the medians": Mistake(
            lambda folder: (answers.prepared(gap=[44.7, 4075.0])(folder),),
            "should treat a missing bill_length_mm as the mean, 44.05",
        ),
        "a guess for the mass": Mistake(
            lambda folder: (answers.prepared(gap=[44.05, 4000.0])(folder),),
            "should treat a missing body_mass_g as the mean, 4230",
        ),
        "numbers scaled on their way": Mistake(
            lambda folder: (answers.archive(folder, two_percent_more),),
            "should treat a missing bill_length_mm as the mean",
        ),
        "always sure": Mistake(
            lambda folder: (answers.changed(always_sure)(folder),),
            "because the model is less sure of some penguins, but gives every penguin the "
            "probability 1.",
        ),
        "an unknown island is the first": Mistake(
            lambda folder: (answers.prepared(first=True)(folder),),
            "should treat the unknown island 'Paulet' as none of the known words, but answers the "
            "same as for 'Biscoe'",
        ),
        "rows with gaps left out": Mistake(
            made(answers.archive, answers.rows_with_gaps_left_out),
            "one species for each of 66 rows, but gives a species of shape (0,)",
        ),
        "replaced in the answer": Mistake(made(in_the_end), "gives the probability 0 to one"),
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
    },
    near={
        change.__name__: lambda folder, change=change: (answers.changed(change)(folder),)
        for change in (softmax_twice, a_little_surer, rounded, second_best)
    },
    untouched=(...,),
)

PREDICTION = {
    "filed: islands.txt, which you wrote, is deleted": "same",
    "filed: the lines of its asset are reversed": "other",
    "filed: a fourth line is added at the end of its asset": "same",
    "filed: its asset is emptied": "error",
    "listed: its folder assets is deleted": "same",
    "listed: the list in the notebook is reversed": "same",
}


def said(key, outcome):
    assert key in PREDICTION
    return Mistake(just({**PREDICTION, key: outcome}), f"{key}: you say {outcome!r}")


Q3 = Proofs(
    right={
        "as it happens": just(PREDICTION),
        "in another order": just(dict(reversed(PREDICTION.items()))),
    },
    wrong={
        "the export reads your file": said(
            "filed: islands.txt, which you wrote, is deleted", "error"
        ),
        "the asset is only a copy": said("filed: the lines of its asset are reversed", "same"),
        "a changed asset is noticed": said("filed: the lines of its asset are reversed", "error"),
        "a longer asset is noticed": said(
            "filed: a fourth line is added at the end of its asset", "error"
        ),
        "a new line moves the others": said(
            "filed: a fourth line is added at the end of its asset", "other"
        ),
        "no words, no columns": said("filed: its asset is emptied", "other"),
        "an empty folder is needed": said("listed: its folder assets is deleted", "error"),
        "the graph reads the list": said("listed: the list in the notebook is reversed", "other"),
        "another word": Mistake(
            just({**PREDICTION, "filed: its asset is emptied": "fails"}), "is not one of 'same',"
        ),
        "a list": Mistake(just(list(PREDICTION.values())), "should be a dict"),
    },
    untouched=(dict.fromkeys(PREDICTION, ...),),
)


def numbers_of(function):
    return lambda sex: tf.cast(function(sex), tf.float32)


def of_columns(function, **options):
    return made(answers.columns, numbers_of(function), **options)


Q4 = Proofs(
    right={
        "comparisons": of_columns(answers.by_comparison),
        "bools": made(answers.columns, answers.by_comparison),
        "a StringLookup": made(answers.by_lookup),
        "a hash table in a tf.Module": made(answers.by_hash_table),
    },
    wrong={
        "as on the page": Mistake(
            made(answers.columns, answers.as_on_the_page),
            "Write that step with TensorFlow operations",
        ),
        "py_function": Mistake(
            made(answers.columns, answers.by_py_function),
            "Write that step with TensorFlow operations",
        ),
        "small letters first": Mistake(
            of_columns(
                lambda sex: one_of(tf.strings.lower(sex), ["female", "f"], ["male", "m"]),
            ),
            "should answer [0.0, 0.0] for 'f', but answers [1.0, 0.0]",
        ),
        "an operation that does not cross": Mistake(
            of_columns(lambda sex: answers.by_comparison(tf.strings.strip(sex))),
            "columns fails in LiteRT",
        ),
        "female unless male": Mistake(
            of_columns(lambda sex: one_hot_of_male(sex)),
            "should answer [0.0, 0.0] for '', but answers [1.0, 0.0]",
        ),
        "columns swapped": Mistake(
            of_columns(lambda sex: answers.by_comparison(sex)[:, ::-1]),
            "should answer [0.0, 1.0] for 'male', but answers [1.0, 0.0]",
        ),
        "one spelling only": Mistake(
            of_columns(lambda sex: one_of(sex, ["female"], ["male"])),
            "should answer [1.0, 0.0] for 'F', but",
        ),
        "one column": Mistake(
            of_columns(lambda sex: answers.by_comparison(sex)[:, 0]), "gives float32 of shape (13,)"
        ),
        "one word": Mistake(
            of_columns(answers.by_comparison, spec=[tf.TensorSpec((1,), tf.string, name="sex")]),
            "of shape (1,)",
        ),
        "another name": Mistake(
            of_columns(
                answers.by_comparison, spec=[tf.TensorSpec((None,), tf.string, name="words")]
            ),
            "columns should have an input named 'sex', but takes words",
        ),
        "another key": Mistake(
            of_columns(answers.by_comparison, key="serve"),
            "the export should have the signature 'columns'",
        ),
        "the function itself": Mistake(just(answers.by_comparison), "path of an export directory"),
    },
    untouched=(...,),
)


def one_of(sex, *pairs):
    return tf.stack([tf.reduce_any(sex[:, tf.newaxis] == pair, axis=1) for pair in pairs], axis=1)


def one_hot_of_male(sex):
    male = one_of(sex, ["male", "M"])
    return tf.concat([~male, male], axis=1)


def repaired(change, left_out=LEFT_OUT):
    """Make an endpoint that changes the columns and then calls the given export."""

    def answer(folder):
        found = tf.saved_model.load(put_the_step_inside.given())

        def endpoint(*columns):
            return found.classify(*change(*columns))

        return left_out, answers.archive(folder, answers._with_names(endpoint), tracked=found)

    return answer


def upper(bill, mass, island, sex):
    return bill, mass, tf.strings.upper(island), tf.strings.upper(sex)


def by_table(bill, mass, island, sex):
    """Replace every spelling by the word in capitals, without a function of texts."""

    def capitals(word, words):
        known = [spelling for w in words for spelling in (w, w.lower(), w.upper())]
        known += [""]
        new = tf.constant([*(w.upper() for w in words for _ in range(3)), ""])
        where = tf.argmax(tf.cast(word[:, tf.newaxis] == tf.constant(known), tf.int32), axis=1)
        return tf.gather(new, where)

    return bill, mass, capitals(island, ISLANDS), capitals(sex, SEXES)


def another_model(folder):
    """Use the trained model instead of the given export, with the words as the file has them."""

    def endpoint(bill, mass, island, sex):
        low, rest = tf.strings.lower(tf.strings.substr(island, 1, 100)), tf.strings.lower(sex)
        first = tf.strings.upper(tf.strings.substr(tf.strings.join([island, " "]), 0, 1))
        return answers.compared(bill, mass, tf.strings.join([first, low]), rest)

    return LEFT_OUT, answers.archive(folder, answers._with_names(endpoint))


Q5 = Proofs(
    right={
        "upper": repaired(upper),
        "a table": repaired(by_table),
        "another model": another_model,
    },
    wrong={
        "blames the gaps": Mistake(repaired(upper, "gaps"), "with 'gaps' done by hand as well"),
        "blames the kilograms": Mistake(
            repaired(upper, "kilograms"), "found_dir does not name more species"
        ),
        "blames the mean": Mistake(
            repaired(upper, "mean"), "'mean' is not one of 'gaps', 'kilograms', 'capitals'"
        ),
        "a function": Mistake(repaired(upper, str.upper), "is not one of 'gaps'"),
        "the export as it was": Mistake(
            lambda _: (LEFT_OUT, put_the_step_inside.given()),
            "(tf.saved_model.load) should name the species of at least 338 of 344 penguins as they "
            "are in the file, but names 318.",
        ),
        "the sexes only": Mistake(
            repaired(lambda bill, mass, island, sex: (bill, mass, island, tf.strings.upper(sex))),
            "penguins as they are in the file",
        ),
        "the islands of the file only": Mistake(
            repaired(lambda bill, mass, island, sex: only_the_file(bill, mass, island, sex)),
            "penguins with their words in",
        ),
        "kilograms once more": Mistake(
            repaired(lambda bill, mass, *words: upper(bill, mass / 1000, *words)),
            "penguins as they are in the file",
        ),
        "rows left out": Mistake(
            lambda folder: (
                LEFT_OUT,
                answers.archive(folder, answers.rows_with_gaps_left_out),
            ),
            "one species for each of 344 rows, but gives a species of shape (342,)",
        ),
        "no such directory": Mistake(
            lambda folder: (LEFT_OUT, folder / "none"), "repaired_dir: there is nothing at 'none'"
        ),
    },
    untouched=(..., ...),
)


def only_the_file(bill, mass, island, sex):
    def capitals(word, words):
        where = tf.argmax(tf.cast(word[:, tf.newaxis] == ["", *words], tf.int32), axis=1)
        return tf.gather(["", *(name.upper() for name in words)], where)

    return bill, mass, capitals(island, ISLANDS), capitals(sex, SEXES)


@pytest.mark.parametrize(("name", "value", "enough", "words"), GAPS)
def test_gaps_leave_room_on_both_sides(name, value, enough, words):
    """The model passes with three penguins to spare, so a new training of it passes as well."""
    rows = without_gaps()
    rows = rows | {name: [value] * len(rows[name])}
    columns = [tf.constant(rows[spec.name], spec.dtype) for spec in COLUMNS]
    right = answers.compared(*columns)["species"].numpy().astype(str) == rows["species"]
    assert right.sum() >= enough * len(right) + 3


def notebook():
    return {"model": trained_model(), "by_hand": by_hand, "known": ()}


TABLE = {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}
globals().update(prove("05_preprocessing_and_assets", TABLE, notebook))
