"""The exercises of lesson 07, silent failures."""

from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import require_prediction, signature_of, the_input
from helpers.exercises.lesson_07 import broken_exports as made
from helpers.exercises.lesson_07 import faulty_exports, golden_checks, threshold_labels
from helpers.exercises.lesson_07.diagnosis_checks import require_diagnosis
from helpers.exercises.lesson_07.score_checks import KEY, nearest_score, require_scores
from helpers.exercises.lone_export import alone
from helpers.exercises.outcomes import NotYet, require


@exercise(
    "q1",
    "prediction",
    hints=[
        "Tracing makes a Python number a constant of the graph. Which threshold did the first "
        "trace find, and which one the second?",
        "The signature has the first trace, with the old threshold. The restored function has the "
        "second trace.",
        "A loaded object has graphs, and no Python code that would read an attribute. So the last "
        "label is that of the restored function.",
    ],
    given=made.with_the_old_threshold,
)
def predict_the_labels(prediction):
    """Predict the labels of an export with an old threshold"""
    directory = predict_the_labels.original()
    scorer = made.drawn_for(directory)
    calls = threshold_labels.calls(directory)
    reasons = threshold_labels.reasons(scorer, calls)
    require_prediction(prediction, calls, (0, 1), threshold_labels.label, reasons)
    return (
        f"the signature labels by {scorer.before}. The restored function labels by {scorer.after}, "
        "also after the attribute has changed. The check refuses a similar wrong answer, too: one "
        "label for all three calls."
    )


@exercise(
    "q2",
    "diagnosis",
    hints=[
        "Begin with compare(exports[name], golden=golden[name]) for each name. If the "
        "session fails, its error names one of two faults. The outputs that differ in Python show "
        "three more.",
        "If prices are wrong, read the signature: artifact.read(exports[name]). It declares "
        "float32, or the prices ignore the weights.",
        "The golden answers cannot show two of the faults. Send two rows to Python, and compute "
        "price - price.mean(). Send a row of three numbers to LiteRT. Do this for every export, "
        "because one of them has two faults.",
    ],
    given=faulty_exports.five_exports,
)
def find_the_faults(diagnosis):
    """Find the faults of five exports"""
    exports, _ = find_the_faults.original()
    drawn = faulty_exports.drawn_for(exports)
    require_diagnosis(diagnosis, drawn)
    return (
        "you found the export without a fault, the three with one, and both faults of the fifth. "
        "The check refuses a similar wrong answer, too: the same lists with one fault less."
    )


@exercise(
    "q3",
    "repaired_scores repaired_lists",
    hints=[
        "You need no model: export a function of your own that uses the weights of the loaded "
        "export.",
        "kernel, bias = tf.saved_model.load(scores_dir).variables, and the score is "
        "rows @ kernel + bias. For a class, load into a name first: loaded.kernel, loaded.bias.",
        "The second function subtracts tf.reduce_mean(scores, axis=0), which counts the rows at "
        "each call. Give both functions to `export` of the page with the spec (None, 2), float32, "
        'name="rows".',
    ],
    given=made.scores_and_lists,
)
def repair_without_code(repaired_scores, repaired_lists):
    """Repair an export that ignores its weights, and one that is right for four rows only"""
    scores_dir, lists_dir = repair_without_code.original()
    scorer, averager = made.drawn_for(scores_dir), made.drawn_for(lists_dir)
    handed = repair_without_code.handed
    with alone("repaired_scores", repaired_scores, handed) as found:
        require_scores(found, {None: scorer.score}, scorer.many_rows())
    with alone("repaired_lists", repaired_lists, handed) as found:
        name = the_input(signature_of(found, KEY))
        require(name == "rows", f"{KEY} should have an input named 'rows', but takes {name}.")
        rows = averager.many_rows()
        require_scores(found, {"above": averager.above}, rows, of_a_list=True)
    return (
        f"every reader gives the scores of the stored weights, in requests of 1 to "
        f"{len(scorer.many_rows())} rows. In requests of 1, 2, 5, 7 and {len(rows)} articles, each "
        f"article is compared with the mean of its own list. {nearest_score(scorer)}"
    )


def _ticket_machine(folder, seed=None):
    from helpers.exercises.lesson_07.meter import meter  # only here: it needs TensorFlow

    return meter(seed)


@exercise(
    "q4",
    "golden_4",
    hints=[
        "Each rule of the meter needs a row that only a right export answers rightly: a car at its "
        "limit, and one a little above it.",
        "float32 does not hold 16,777,217. Choose a large plate that pays half, and has a "
        "different last digit as float32.",
        "Combine three plates (one that pays half, one that does not, a large one) with three "
        "times: exactly the free minutes, half a minute more, and so many that the highest fee "
        "counts. Store the nine cars as one request, and one car as a second request.",
    ],
    given=_ticket_machine,
)
def write_golden_answers(golden_4):
    """Write golden answers that find every wrong export"""
    machine = write_golden_answers.original()
    sets = golden_checks.golden_sets(golden_4)
    golden_checks.require_right(sets, machine)
    for words, advice in golden_checks.passing(sets, machine):
        raise NotYet(
            "golden_4 should find every wrong export, but this one gives all your golden answers: "
            f"{words}. {advice}."
        )
    golden_checks.require_right_export_passes(sets, machine)
    return golden_checks.told(sets, machine)
