"""Right and wrong answers to the exercises of lesson 04."""

import functools
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from helpers import readers
from helpers.exercises.lesson_04.alike_layers import weights_in
from helpers.exercises.lesson_04.changed_exports import BOTH, NONE, ONLY_PYTHON
from helpers.exercises.lesson_04.deliveries import kinds_of
from helpers.exercises.lesson_04.exercises import accept_known_operations, read_one_weight
from helpers.exercises.lesson_04.made_once import made_once
from helpers.exercises.lesson_04.offered_exports import offered_exports
from helpers.exercises.lesson_04.pairs import pairs
from helpers.exercises.lesson_04.untrusted_exports import FOUR_TYPES
from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.inspection.gate import gate


def just(*answer):
    return lambda _: answer


# 1: who can still use it

FINGERPRINT, ASSETS, INDEX, TAG, VERSION, ZIP = (
    "fingerprint.pb is deleted",
    "the empty folder assets is deleted",
    "variables.index is deleted",
    "the tag is train",
    "the version is 9.9.9",
    "the folder is packed into a ZIP file",
)
PREDICTION = {
    FINGERPRINT: BOTH,
    ASSETS: BOTH,
    INDEX: NONE,
    TAG: ONLY_PYTHON,
    VERSION: BOTH,
    ZIP: NONE,
}


def predicted(changes):
    return just(PREDICTION | changes)


# 2: one weight of many alike


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


# 3: compare two exports


def opened(directory):
    return tf.train.load_checkpoint(str(directory / "variables" / "variables"))


def values_of(directory):
    """Return {key: numbers} of all variables, without the second copies of Keras."""
    found = values_with_second_copies(directory)
    return {key: value for key, value in found.items() if not key.startswith("_all_variables")}


def values_with_second_copies(directory):
    stored = opened(directory)
    return {v.key: stored.get_tensor(v.key) for v in explore(directory).variables}


def operations_of(directory):
    return explore(directory).operations


def comparison(
    operations=operations_of,
    values=values_of,
    equal=np.array_equal,
    kinds=("graph", "weights", "nothing"),
):
    """Make a comparison of two exports from its parts."""

    def what_changed(old_dir, new_dir):
        if operations(old_dir) != operations(new_dir):
            return kinds[0]
        old, new = values(old_dir), values(new_dir)
        same = old.keys() == new.keys() and all(equal(old[key], new[key]) for key in old)
        return kinds[2] if same else kinds[1]

    return what_changed


def by_the_protocol_buffer(old_dir, new_dir):
    """Count the operations without explore, and read all that the checkpoint lists."""

    def counted(directory):
        graph = parsed(directory).meta_graphs[0].graph_def
        nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
        return sorted(node.op for node in nodes)

    if counted(old_dir) != counted(new_dir):
        return "graph"
    stored = [opened(directory) for directory in (old_dir, new_dir)]
    for key, dtype in stored[0].get_variable_to_dtype_map().items():
        if dtype == tf.string or key.startswith("_all_variables"):
            continue
        if not np.array_equal(*(s.get_tensor(key) for s in stored)):
            return "weights"
    return "nothing"


def parsed(directory):
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((directory / "saved_model.pb").read_bytes())
    return model


def by_bytes(old_dir, new_dir):
    """Compare the bytes of the files."""
    if (old_dir / "saved_model.pb").read_bytes() != (new_dir / "saved_model.pb").read_bytes():
        return "graph"
    data = "variables/variables.data-00000-of-00001"
    same = (old_dir / data).read_bytes() == (new_dir / data).read_bytes()
    return "nothing" if same else "weights"


def by_the_data_file(old_dir, new_dir):
    if operations_of(old_dir) != operations_of(new_dir):
        return "graph"
    data = "variables/variables.data-00000-of-00001"
    same = (old_dir / data).read_bytes() == (new_dir / data).read_bytes()
    return "nothing" if same else "weights"


def by_the_fingerprint(old_dir, new_dir):
    """Compare the hash of variables.index."""
    old, new = explore(old_dir), explore(new_dir)
    if old.operations != new.operations:
        return "graph"
    return "nothing" if old.fingerprint.weights == new.fingerprint.weights else "weights"


def by_the_singleprint(old_dir, new_dir):
    same = explore(old_dir).fingerprint.singleprint == explore(new_dir).fingerprint.singleprint
    return "nothing" if same else "weights"


def by_the_course(old_dir, new_dir):
    found = differences(old_dir, new_dir)
    if "DIFFERENT" in found["graph"].state:
        return "graph"
    return "weights" if "DIFFERENT" in found["weights"].state else "nothing"


def by_the_course_after_all(old_dir, new_dir):
    differences(explore(old_dir), explore(new_dir))
    return comparison()(old_dir, new_dir)


def values_by_name(directory):
    stored = opened(directory)
    return {v.name: stored.get_tensor(v.key) for v in explore(directory).variables}


def first_value(directory):
    return dict(list(values_of(directory).items())[:1])


def last_value(directory):
    return dict(list(values_of(directory).items())[-1:])


def only_new_types(old_dir, new_dir):
    """Notice operations that are new, or more than before, but none that has gone."""
    if operations_of(new_dir) - operations_of(old_dir):
        return "graph"
    return comparison(operations=lambda directory: None)(old_dir, new_dir)


def first_six_values(directory):
    stored = opened(directory)
    return {v.key: stored.get_tensor(v.key) for v in explore(directory).variables[:6]}


def rounded_values(directory):
    return {key: value.round(6) for key, value in values_of(directory).items()}


def trained_values(directory):
    return {key: value for key, value in values_of(directory).items() if "mean" not in key}


def sorted_values(directory):
    """Return all numbers in their order, so that it does not matter to which weight they belong."""
    numbers = np.concatenate([value.ravel() for value in values_of(directory).values()])
    return {"all": np.sort(numbers)}


def sums_of(directory):
    return {key: value.sum().round(3) for key, value in values_of(directory).items()}


def weights_first(old_dir, new_dir):
    old, new = values_of(old_dir), values_of(new_dir)
    if not all(np.array_equal(old[key], new[key]) for key in old):
        return "weights"
    return "nothing" if operations_of(old_dir) == operations_of(new_dir) else "graph"


class Comparison:
    """A comparison that is an object."""

    def __call__(self, old_dir, new_dir):
        return comparison()(old_dir, new_dir)


def counting(_):
    """Make a function that looks at nothing: it gives the right answers in the order of the check.

    It is made anew for each test, because it counts.
    """
    kinds = [pair.kind for pair in made_once(pairs).values()]
    answers = iter(kinds * 2)
    return (lambda old_dir, new_dir: next(answers),)


def deletes_the_old(old_dir, new_dir):
    found = comparison()(old_dir, new_dir)
    shutil.rmtree(old_dir)
    return found


def leaves_a_note_in_the_new(old_dir, new_dir):
    (new_dir / "compared.txt").write_text("compared", encoding="utf-8")
    return comparison()(old_dir, new_dir)


# 4: six deliveries

DIAGNOSIS = kinds_of(None)


def diagnosis(**changes):
    return just(DIAGNOSIS | changes)


# 5: an allow list


@functools.cache
def allowed():
    """Return the types of operations in the exports of the team."""
    own = accept_known_operations.original()
    return set().union(*(explore(directory).operations for directory in own))


def own(directory):
    """Look for unknown types, as the solution does."""
    found = explore(directory)
    return not found.findings and found.operations.keys() <= allowed()


def in_a_text_of_all_types(directory):
    found, text = explore(directory), " ".join(allowed())
    return not found.findings and all(operation in text for operation in found.operations)


def by_the_beginning(directory):
    found, known = explore(directory), tuple(allowed())
    return not found.findings and all(name.startswith(known) for name in found.operations)


class AllowList:
    """An allow list that is an object, with the types in capitals."""

    def __init__(self):
        self.types = {name.upper() for name in allowed()}

    def __call__(self, directory):
        found = explore(str(directory))
        return not found.findings and all(op.upper() in self.types for op in found.operations)


def by_parsing(directory):
    """Read the graph without explore: one graph, no unknown type in it or in its functions."""
    try:
        graphs = parsed(directory).meta_graphs
    except Exception:
        return False
    nodes = [node for graph in graphs for node in graph.graph_def.node]
    for graph in graphs:
        for function in graph.graph_def.library.function:
            nodes += function.node_def
    return len(graphs) == 1 and {node.op for node in nodes} <= allowed()


def by_functions_and_main(directory):
    found = explore(directory)
    types = {*found.main}.union(*(function.types for function in found.functions))
    return not (types - allowed() or found.findings)


def by_a_deny_list(types):
    """Make a function that refuses only these types."""

    def may_load(directory):
        found = explore(directory)
        return not found.findings and not {*types} & found.operations.keys()

    return may_load


def by_part(look):
    """Make an allow list that looks only at a part: `look` returns its types of operations."""

    def may_load(directory):
        found = explore(directory)
        return not found.findings and {*look(found)} <= allowed()

    return may_load


def types_in_functions(found):
    return {op for function in found.functions for op in function.types}


def types_of_the_signature(found):
    return {op for f in found.functions if "compute" in f.name for op in f.types} | {*found.main}


def by_some_of_the_team(numbers):
    """Make an allow list from some exports of the team only."""

    def may_load(directory):
        team = accept_known_operations.original()
        known = set().union(*(explore(team[number]).operations for number in numbers))
        found = explore(directory)
        return not found.findings and found.operations.keys() <= known

    return may_load


def like_one_of_the_team(directory):
    """Accept only what one export of the team has alone."""
    found = explore(directory)
    team = accept_known_operations.original()
    types = [explore(path).operations.keys() for path in team]
    return not found.findings and any(found.operations.keys() <= known for known in types)


def readable_is_enough(directory):
    """Accept an export with a readable graph of known types, whatever else explore finds."""
    found = explore(directory)
    return bool(found.operations) and found.operations.keys() <= allowed()


def fewer_than_allowed(directory):
    found = explore(directory)
    return not found.findings and found.operations.keys() < allowed()


def without_findings(directory):
    return explore(directory).operations.keys() <= allowed()


def one_known_is_enough(directory):
    found = explore(directory)
    return not found.findings and bool(found.operations.keys() & allowed())


def all_types_are_needed(directory):
    found = explore(directory)
    return not found.findings and allowed() <= found.operations.keys()


def by_the_gate(directory):
    return gate(directory).ok


def by_the_gate_after_all(directory):
    return own(directory) and bool(gate(str(directory)))


def by_scan(directory):
    """Use saved_model_cli scan, which knows a list of its own."""
    try:
        return "does not contain" in readers.saved_model_cli("scan", directory)[0]
    except readers.ReaderError:
        return False


def by_text(directory):
    found = (directory / "saved_model.pb").read_bytes()
    return own(directory) and not any(name.encode() in found for name in FOUR_TYPES)


def by_the_name_of_the_directory(directory):
    made, _ = made_once(offered_exports)
    return directory.name in {name for name, (_, accepted, _) in made.items() if accepted}


def by_counting(_):
    """Make a function that looks at nothing: it gives the right answers in the order of the check.

    It is made anew for each test, because it counts.
    """
    made, _ = made_once(offered_exports)
    answers = iter([accepted for _, accepted, _ in made.values()] * 2)
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
    parsed(directory)
    return own(directory)
