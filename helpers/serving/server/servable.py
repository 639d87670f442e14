"""One loaded version of a model: predict, classify and regress by the protocol's rules."""

import time

import numpy as np

from helpers.serving.protocol.dtypes import NUMBERS
from helpers.serving.protocol.errors import (
    FAILED_PRECONDITION,
    INTERNAL,
    UNIMPLEMENTED,
    ServingError,
    invalid,
)
from helpers.serving.protocol.tensor_proto import from_proto
from helpers.serving.server import session_loader
from helpers.serving.server.example_checks import (
    check_classes,
    check_classify,
    check_regress,
    check_values,
    example_tensor,
)

DEFAULT_SIGNATURE = "serving_default"
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"
PREDICT = "tensorflow/serving/predict"
QUICK_SECONDS = 0.001  # a call that is quicker is not worth another thread


def lately(before, took):
    """Seconds that something takes lately: one call of ten milliseconds makes it slow."""
    return 0.9 * before + 0.1 * min(took, 10 * QUICK_SECONDS)


class Signature:
    """A signature by name, with what TensorFlow needs to run it.

    definition : SignatureDef
    dtypes : dict of str to int
        of the inputs
    feeds, fetches : dict of str to TF_Output, or to the error that a call ends with
    """

    def __init__(self, definition, graph):
        self.definition = definition
        self.dtypes = {name: definition.inputs[name].dtype for name in sorted(definition.inputs)}
        self.feeds = {n: _lookup(graph, i.name) for n, i in sorted(definition.inputs.items())}
        self.fetches = {n: _lookup(graph, o.name) for n, o in sorted(definition.outputs.items())}
        self.defaults = {n: from_proto(n, p) for n, p in definition.defaults.items()}

    def ends(self):
        """The feeds with their names, and the fetches."""
        names = {feed: self.definition.inputs[n].name for n, feed in self.feeds.items()}
        return names, list(self.fetches.values())


def _lookup(graph, name):
    try:
        return graph.tensor(name)
    except ServingError as error:
        return error


class Servable:
    """A version that is loaded.

    Parameters
    ----------
    directory : path
    tags : list of str
    config : tf.compat.v1.ConfigProto, optional
    batcher : helpers.serving.server.batching.Batcher, optional
        joins calls that come together
    check_methods : bool
        whether a signature's method_name must be the one of the request
    """

    def __init__(self, directory, tags=("serve",), config=None, batcher=None, check_methods=False):
        self._graph, definitions = session_loader.load(directory, tags, config)
        self._check_methods = check_methods
        self.definitions = definitions
        self.signatures = {
            name: Signature(definition, self._graph) for name, definition in definitions.items()
        }
        self.seconds = 10 * QUICK_SECONDS  # what a call took lately
        self._run = self._graph.run
        if batcher:
            self._run = batcher.wrap(self._run, [s.ends() for s in self.signatures.values()])

    def close(self):
        self._graph.close()

    def run(self, feeds, fetches, timeout_ms=0):
        """Run TensorFlow; `feeds` and `fetches` are those of a signature."""
        for found in (*feeds, *fetches):
            if isinstance(found, ServingError):
                raise found
        start = time.perf_counter()
        options = session_loader.run_options(timeout_ms, self.seconds < QUICK_SECONDS)
        arrays = self._run(feeds, fetches, options)
        took = time.perf_counter() - start
        self.seconds = lately(self.seconds, took)
        return arrays

    # -- predict -----------------------------------------------------------------------------------

    def input_dtypes(self, signature_name):
        """The inputs that a predict request in JSON must have: name and dtype number."""
        name = signature_name or DEFAULT_SIGNATURE
        if name not in self.signatures:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name].dtypes

    def predict(self, signature_name, inputs, output_filter=(), timeout_ms=0):
        """Call a signature.

        Parameters
        ----------
        signature_name : str
            "" for the default
        inputs : dict of str to array, or to TensorProto
        output_filter : sequence of str
            the outputs to give; all of them if it is empty
        timeout_ms : int
            0 for as long as it takes; one of few values, see `saved_model.run_options`

        Returns
        -------
        dict of str to (int, array)
            dtype number and values by the name of the output
        """
        name = signature_name or DEFAULT_SIGNATURE
        signature = self.signatures.get(name)
        if signature is None:
            raise ServingError(FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
        method = signature.definition.method_name
        if self._check_methods and method not in (PREDICT, CLASSIFY, REGRESS):
            raise ServingError(
                INTERNAL,
                f"Expected prediction signature method_name to be one of {{{PREDICT}, {CLASSIFY}, "
                f"{REGRESS}}}. Was: {method}",
            )
        feeds = _feeds(signature, inputs)
        fetches = signature.fetches
        if output_filter:
            fetches = _filtered(fetches, output_filter)
        arrays = self.run(feeds, list(fetches.values()), timeout_ms)
        return {
            alias: (NUMBERS[array.dtype], array)
            for alias, array in zip(fetches, map(_array, arrays), strict=True)
        }

    # -- classify and regress ----------------------------------------------------------------------

    def classify(self, signature_name, examples, timeout_ms=0):
        """Classify serialized tf.train.Example messages.

        Returns
        -------
        (examples, classes) array of bytes, or None
            labels
        (examples, classes) array of float32, or None
            scores
        """
        signature = self._method(signature_name, check_classify, CLASSIFY, "classification")
        found = self._one_shot(signature, examples, ("classes", "scores"), timeout_ms)
        return check_classes(found.get("classes"), found.get("scores"), len(examples))

    def regress(self, signature_name, examples, timeout_ms=0):
        """Regress serialized tf.train.Example messages: an (examples,) array of float32."""
        signature = self._method(signature_name, check_regress, REGRESS, "regression")
        found = self._one_shot(signature, examples, ("outputs",), timeout_ms)
        return check_values(found["outputs"], len(examples))

    def _method(self, signature_name, check, method, word):
        name = signature_name or DEFAULT_SIGNATURE
        signature = self.signatures.get(name)
        if signature is None:
            raise invalid("No signature was found with the name: ", name)
        was = signature.definition.method_name
        if self._check_methods and was != method:
            raise invalid(f"Expected {word} signature method_name to be {method}. Was: {was}")
        check(signature.definition)
        return signature

    def _one_shot(self, signature, examples, wanted, timeout_ms):
        feeds = {signature.feeds["inputs"]: example_tensor(examples)}
        fetches = {
            alias: signature.fetches[alias] for alias in wanted if alias in signature.fetches
        }
        arrays = self.run(feeds, list(fetches.values()), timeout_ms)
        return dict(zip(fetches, arrays, strict=True))

    def infer(self, tasks, examples, timeout_ms=0):
        """Several classifications and regressions of the same examples in one run.

        Parameters
        ----------
        tasks : list of (str, str)
            signature name and method name

        Returns
        -------
        list
            for each task what `classify` or `regress` would give
        """
        feeds, fetches, chosen, seen = {}, {}, [], set()
        for signature_name, method in tasks:
            name = signature_name or DEFAULT_SIGNATURE
            if name in seen:
                raise invalid("Duplicate evaluation of signature: ", name)
            seen.add(name)
            if name not in self.signatures:
                raise invalid("Requested signature not found in model graph: ", name)
            signature = self.signatures[name]
            if method == CLASSIFY:
                self._method(name, check_classify, CLASSIFY, "classification")
            elif method == REGRESS:
                self._method(name, check_regress, REGRESS, "regression")
            else:
                raise ServingError(UNIMPLEMENTED, f"Unsupported signature method_name: {method}")
            feeds[signature.feeds["inputs"]] = example_tensor(examples)
            for alias, fetch in signature.fetches.items():
                fetches[name, alias] = fetch
            chosen.append((name, method))
        arrays = dict(
            zip(fetches, self.run(feeds, list(fetches.values()), timeout_ms), strict=True)
        )
        answers = []
        for name, method in chosen:
            found = {alias: array for (owner, alias), array in arrays.items() if owner == name}
            if method == CLASSIFY:
                labels, scores = found.get("classes"), found.get("scores")
                answers.append(check_classes(labels, scores, len(examples)))
            else:
                answers.append(check_values(found["outputs"], len(examples)))
        return answers


def _array(value):
    """What TensorFlow gave as an array; a scalar comes as itself."""
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, object if isinstance(value, bytes) else None)


def _feeds(signature, inputs):
    wanted, sent = signature.feeds, inputs.keys()
    if sent != wanted.keys():
        _check_names(signature, sent)
    feeds = {}
    for alias, feed in wanted.items():
        value = inputs.get(alias)
        if value is None:
            value = signature.defaults.get(alias)
        if value is None:
            raise invalid(
                f"Signature input alias: {alias}(feed name: "
                f"{signature.definition.inputs[alias].name}) not found in request and no default "
                f"value provided. Inputs expected to be in the request {{{','.join(sorted(sent))}}}"
                f", or default input alias set: {','.join(sorted(signature.defaults))}"
            )
        feeds[feed] = value if isinstance(value, np.ndarray) else from_proto(alias, value)
    if unknown := sent - wanted.keys():
        raise invalid(
            "Inputs contains invalid name. Used request inputs: ",
            ",".join(sorted(sent - unknown)),
            ", request input: ",
            ",".join(sorted(sent)),
        )
    return feeds


def _check_names(signature, sent):
    """Too many inputs, or too few of a signature that has no defaults."""
    wanted = signature.feeds.keys()
    if len(sent) > len(wanted) or (len(sent) < len(wanted) and not signature.defaults):
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(wanted)} "
            f"len({{{','.join(sorted(sent))}}}) != len({{{','.join(sorted(wanted))}}}). "
            f"Sent extra: {{{','.join(sorted(sent - wanted))}}}. "
            f"Missing but required: {{{','.join(sorted(wanted - sent))}}}."
        )


def _filtered(fetches, output_filter):
    chosen = {}
    for alias in output_filter:
        if alias not in fetches:
            raise invalid(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {{{','.join(sorted(fetches))}}}."
            )
        if alias in chosen:
            raise invalid("duplicate output tensor alias: ", alias)
        chosen[alias] = fetches[alias]
    return chosen
