"""The proofs of exercise 2, the export for raw rows."""

from helpers.exercises.lesson_05.q4_left_out import trained_model
from helpers.penguins.data import SEXES
from tests.exercises.lesson_05 import answers, row_answers
from tests.exercises.proofs import Mistake, Proofs


def made(function, *arguments, **options):
    """An answer of one directory, made in a new folder when it is asked for."""
    return lambda folder: (function(folder, *arguments, **options),)


def just(*answer):
    return lambda _: answer


def changed(change):
    """An answer whose right outputs are changed by a function of `row_answers`."""
    return lambda folder: (answers.changed(change)(folder),)


def prepared(**options):
    """An answer with another preparation; see `answers.features`."""
    return lambda folder: (answers.prepared(**options)(folder),)


def all_changed(*changes):
    return {change.__name__: changed(change) for change in changes}


Q2 = Proofs(
    right={
        "the course's class": made(answers.archive),
        "a tf.Module that compares": made(answers.module),
        "means as numbers": prepared(gap=[44.0544, 4230.02]),
        "outputs of shape (n, 1)": changed(row_answers.as_columns),
        "64 bits and one more output": changed(row_answers.with_64_bits_and_all_three),
    },
    wrong={
        "numbers not prepared": Mistake(
            made(answers.archive, answers.without_preparation), "should name the species of"
        ),
        "numbers for species": Mistake(
            changed(row_answers.as_numbers),
            "should give the species as a name, such as 'Adelie', but gives [0]",
        ),
        "species in another order": Mistake(
            changed(row_answers.reversed_names), "should be 'Adelie', but is 'Gentoo'"
        ),
        "the probability of the first": Mistake(
            changed(row_answers.of_the_first), "should give probabilities between 1/3 and 1"
        ),
        "all three probabilities": Mistake(
            changed(row_answers.all_three),
            "should give one probability for each of 66 rows, but gives a probability of shape "
            "(66, 3)",
        ),
        "one row instead of columns": Mistake(
            changed(row_answers.shape_of_one_row), "but gives a species of shape (1, 66)"
        ),
        "one probability for the batch": Mistake(
            changed(row_answers.of_the_batch),
            "should answer the same for a row alone and for the row among others",
        ),
        "another name": Mistake(
            changed(row_answers.other_names),
            "should have an output named 'species', but its outputs are: name, probability.",
        ),
        "the endpoint for features": Mistake(
            made(row_answers.with_one_input),
            "should take the columns bill_length_mm, body_mass_g, island, sex, but takes features",
        ),
        "words as numbers": Mistake(
            made(row_answers.with_codes), "should take island as string, but takes island as int32"
        ),
        "64 bits": Mistake(
            made(row_answers.with_64_bits),
            "should take body_mass_g as float32, but takes body_mass_g as float64",
        ),
        "one batch size": Mistake(
            made(answers.archive, answers.with_names(answers.compared), row_answers.of_batch(66)),
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
        "softmax twice": Mistake(
            changed(row_answers.softmax_twice),
            "should answer as model with the seven numbers",
        ),
        "the model instead of the directory": Mistake(
            lambda _: (trained_model(),), "expected the path of an export directory"
        ),
        "the export of the page": Mistake(
            made(answers.with_the_lookups_of_the_page),
            "gives the probability nan to one of the penguins whose mass is missing",
        ),
        "gaps only": Mistake(
            made(answers.with_the_lookups_of_the_page, gaps=True),
            "A lookup with num_oov_indices=0 refuses every word",
        ),
        "0 for a gap": Mistake(
            prepared(gap=0.0), "at least 48 of 66 penguins whose mass is missing"
        ),
        "the medians": Mistake(
            prepared(gap=[44.7, 4075.0]),
            "should treat a missing bill_length_mm as the mean of the rows known, 44.0544",
        ),
        "the means of all rows": Mistake(
            prepared(gap=[43.92, 4201.75]),
            "should treat a missing bill_length_mm as the mean of the rows known, 44.0544",
        ),
        "a guess for the mass": Mistake(
            prepared(gap=[44.0544, 4000.0]),
            "should treat a missing body_mass_g as the mean of the rows known, 4230.02",
        ),
        "numbers scaled on their way": Mistake(
            made(answers.archive, row_answers.two_percent_more),
            "should answer as model with the seven numbers",
        ),
        "always sure": Mistake(
            changed(row_answers.always_sure),
            "because the model is less sure of some penguins, but gives every penguin the "
            "probability 1.",
        ),
        "an unknown island is the first": Mistake(
            prepared(first=("island",)),
            "should treat the unknown island 'Paulet' as none of the known words, but answers the "
            "same as for 'Biscoe'",
        ),
        "rows with gaps left out": Mistake(
            made(answers.archive, answers.rows_with_gaps_left_out),
            "one species for each of 66 rows, but gives a species of shape (0,)",
        ),
        "replaced in the answer": Mistake(
            made(row_answers.in_the_end), "gives the probability 0 to one"
        ),
        "the means of the batch": Mistake(
            made(answers.archive, row_answers.of_the_batch_where_missing),
            "at least 48 of 66 penguins whose mass is missing",
        ),
        "a longer word counts": Mistake(
            made(answers.archive, row_answers.a_longer_word_counts),
            "which may have gaps and unknown words, but answers",
        ),
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
    },
    near={
        **all_changed(
            row_answers.a_little_surer,
            row_answers.rounded,
            row_answers.second_best,
            row_answers.of_the_row_before,
            row_answers.unsure,
            row_answers.in_small_letters,
        ),
        "Biscoe and Dream exchanged": prepared(islands=("Dream", "Biscoe", "Torgersen")),
        "male before female": prepared(sexes=SEXES[::-1]),
        "the deviation of n - 1": prepared(spread=0.998),
        "a mean that is 0.3 % less": prepared(shift=0.01),
        "no Torgersen": prepared(islands=("Biscoe", "Dream", "torgersen")),
        "measurements moved into the range": made(answers.archive, row_answers.clipped),
        "an unknown sex is the first": prepared(first=("sex",)),
        "0.01 deviations in place of 0": prepared(filled=0.01),
        "the mass only": prepared(filled=[float("nan"), 0.0]),
        "the bill only": made(answers.archive, row_answers.bill_only),
        "the mean of the bills 0.1 mm off": prepared(gap=[44.15, 4230.02]),
        "the mean of the masses 10 g off": prepared(gap=[44.0544, 4240.0]),
    },
    untouched=(...,),
)
