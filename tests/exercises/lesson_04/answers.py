"""Right and wrong answers to the exercises of lesson 04."""

import functools
import shutil

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from helpers import readers
from helpers.exercises.lesson_04.alike_layers import weights_in
from helpers.exercises.lesson_04.exercises import check_untrusted_exports, read_one_weight
from helpers.exercises.lesson_04.sizes import QUESTIONS
from helpers.exercises.lesson_04.untrusted_exports import FOUR_TYPES
from helpers.exercises.lesson_04.week import DAYS
from helpers.inspection.explore import explore
from helpers.inspection.gate import gate


def just(*answer):
    return lambda _: answer


# 1: one weight of three alike


def checkpoint(directory=None):
    directory = directory or read_one_weight.original()
    return tf.train.load_checkpoint(directory / "variables" / "variables")


def middle(change=lambda bias: bias):
    """Return the right bias, changed."""
    return lambda _: (change(weights_in(read_one_weight.original())["middle/bias"].copy()),)


def weight(name):
    return lambda _: (weights_in(read_one_weight.original())[name],)


def listed(keep=lambda variable: True):
    """List the variables as explore does, without the second copies."""
    found = explore(read_one_weight.original()).variables
    return [v for v in found if not v.key.startswith("_all_variables") and keep(v)]


def biases():
    return listed(lambda v: v.shape == (4,))


def at(number, order):
    """Take the bias of this number in an order, without a look at its name."""
    return lambda _: (checkpoint().get_tensor(order()[number].key),)


def by_name():
    return sorted(biases(), key=lambda v: v.name)


def by_number():
    return sorted(biases(), key=lambda v: int(v.key.split("/")[1]))


def after_a_kernel(number):
    """Take the bias of the layer with this number among the layers of the shape (3, 4)."""

    def answer(_):
        kernel = listed(lambda v: v.shape == (3, 4))[number]
        name = kernel.name.replace("kernel", "bias")
        return (checkpoint().get_tensor(next(v.key for v in biases() if v.name == name)),)

    return answer


def the_other_copy(_):
    found = explore(read_one_weight.original()).variables
    keys = [v.key for v in found if v.name == "middle/bias"]
    assert len(keys) == 2
    return (checkpoint().get_tensor(keys[1]),)


def of_the_loaded_model(_):
    loaded = tf.saved_model.load(read_one_weight.original())
    return (next(v for v in loaded.variables if v.name.startswith("middle/bias")),)


def of_another_variant(seed):
    """Answer with the bias of another variant, which is not the one that is expected."""

    def answer(_):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(read_one_weight, "_seed", seed)
            return (weights_in(read_one_weight.original())["middle/bias"],)

    return answer


# 2: estimate

WEIGHTS = 511_010
ESTIMATE = dict(zip(QUESTIONS, (WEIGHTS, 4.09, 2.04, "kilobytes"), strict=True))


def estimate(**changes):
    """Return the right answer with different answers to some of the questions a to d."""
    changed = {QUESTIONS["abcd".index(letter)]: value for letter, value in changes.items()}
    return just(ESTIMATE | changed)


# 3: a week


def week(**changes):
    return just(DAYS | changes)


# 4: a gate


def own(directory):
    """Look for the four types, as the solution does."""
    found = explore(directory)
    return not found.findings and not {*FOUR_TYPES} & found.operations.keys()


class Gate:
    """A gate that is an object, with the forbidden types in capitals."""

    def __init__(self, types):
        self.types = {name.upper() for name in types}

    def __call__(self, directory):
        found = explore(str(directory))
        return not (found.findings or any(op.upper() in self.types for op in found.operations))


def by_the_protocol_buffer(directory):
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString((directory / "saved_model.pb").read_bytes())
    except Exception:
        return False
    nodes = [node for graph in model.meta_graphs for node in graph.graph_def.node]
    for graph in model.meta_graphs:
        for function in graph.graph_def.library.function:
            nodes += function.node_def
    return set(FOUR_TYPES).isdisjoint({node.op for node in nodes})


def by_functions_and_main(directory):
    found = explore(directory)
    counted = sum((function.types for function in found.functions), found.main)
    return sum(counted[name] for name in FOUR_TYPES) == len(found.findings) == 0


def by_an_allowlist(directory):
    """Allow only the operations of this exercise's harmless exports."""
    found = explore(directory)
    return bool(found.operations) and found.operations.keys() <= _known()


@functools.cache
def _known():
    made, _ = check_untrusted_exports.original()
    return {
        op for path, harmless, _ in made.values() if harmless for op in explore(path).operations
    }


def by_the_course(directory):
    return gate(directory).ok


def by_the_course_after_all(directory):
    return own(directory) and bool(gate(str(directory)))


def without(left_out):
    """Make a gate that does not know one of the four types."""
    types = {*FOUR_TYPES} - {left_out}

    def may_load(directory):
        found = explore(directory)
        return not found.findings and not types & found.operations.keys()

    return just(may_load)


def without_parts(*parts):
    """Make a gate that refuses every type of operation whose name contains one of `parts`."""

    def may_load(directory):
        found = explore(directory)
        return not found.findings and not any(p in op for op in found.operations for p in parts)

    return just(may_load)


def without_findings(directory):
    return not {*FOUR_TYPES} & explore(directory).operations.keys()


def main_graph_only(directory):
    found = explore(directory)
    return not found.findings and not {*FOUR_TYPES} & found.main.keys()


def functions_only(directory):
    found = explore(directory)
    types = {op for function in found.functions for op in function.types}
    return not found.findings and not {*FOUR_TYPES} & types


def one_function_only(directory):
    """Look only at the function that has the name of the signature's."""
    found = explore(directory)
    types = {op for f in found.functions if "compute" in f.name for op in f.types} | {*found.main}
    return not found.findings and not {*FOUR_TYPES} & types


def by_scan(directory):
    """Use saved_model_cli scan, which knows a list of its own."""
    try:
        return "does not contain" in readers.saved_model_cli("scan", directory)[0]
    except readers.ReaderError:
        return False


def by_text(directory):
    found = (directory / "saved_model.pb").read_bytes()
    return not explore(directory).findings and not any(t.encode() in found for t in FOUR_TYPES)


def by_the_name_of_a_file(directory):
    return own(directory) and b".txt" not in (directory / "saved_model.pb").read_bytes()


def by_the_name_of_the_directory(directory):
    made, _ = check_untrusted_exports.original()
    return directory.name in {name for name, (_, harmless, _) in made.items() if harmless}


def by_counting(_):
    """Make a function that looks at nothing: it gives the right answers in the order of the page.

    It is made anew for each test, because it counts.
    """
    made, _ = check_untrusted_exports.original()
    answers = iter([harmless for _, harmless, _ in made.values()] * 2)
    return (lambda directory: next(answers),)


def deletes(directory):
    answer = own(directory)
    shutil.rmtree(directory)
    return answer


def leaves_a_note(directory):
    (directory / "seen.txt").write_text("seen", encoding="utf-8")
    return own(directory)


def repairs(directory):
    """Delete the graph of an export that is refused, so that nothing can load it."""
    answer = own(directory)
    if not answer:
        (directory / "saved_model.pb").unlink()
    return answer


def loads_it(directory):
    try:
        tf.saved_model.load(directory)
    except Exception:
        return False
    return own(directory)


def calls_it(directory):
    loaded = tf.saved_model.load(directory)
    loaded.compute(tf.constant([1.0]))
    return True


def parses_everything(directory):
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((directory / "saved_model.pb").read_bytes())
    return own(directory)
