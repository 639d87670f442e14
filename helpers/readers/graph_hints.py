"""What the graph of an export tells about the values that its inputs take.

An input may be an encoded image, a serialized Example, a row number of a table, a word of a
vocabulary, or a part of a ragged or sparse tensor. This module makes these values.
"""

import os

from helpers import artifact
from helpers.artifact.saved_model import serving_graph
from helpers.readers.composite_inputs import composite_hints
from helpers.readers.graph_walk import Uses, Walk
from helpers.readers.lookup_tables import keys_of_tables
from helpers.readers.made_inputs import Hint
from helpers.readers.saturation import beyond_ranges
from helpers.readers.special_values import (
    encoded_images,
    number_texts,
    whole_numbers,
    words_of,
)


def hints_of(directory: str | os.PathLike, signature: artifact.Signature) -> dict[str, Hint]:
    """Find what the graph of an export tells about the inputs of a signature.

    Parameters
    ----------
    directory : str or path
    signature : helpers.artifact.Signature

    Returns
    -------
    dict of str to Hint
        By the name of the input. An input without a hint is left out.
    """
    path = artifact.directory_of(directory)
    large = beyond_ranges(path, signature)
    if not any(tensor.dtype == "string" or "int" in tensor.dtype for tensor in signature.inputs):
        return large  # floats are not looked up, and a large graph takes seconds to parse
    graph = serving_graph(path)
    try:
        walk = Walk(graph, keys_of_tables(graph, path))
        for name, info in graph.signature_def[signature.key].inputs.items():
            walk.follow(walk.main, info.name, (name,))
    except (LookupError, TypeError, ValueError):
        return large  # the graph is damaged: what is wrong with it, the readers will say
    hints = {}
    for tensor in signature.inputs:
        if hint := _hint(tensor.dtype, (tensor.name,), walk.uses):
            hints[tensor.name] = hint
    return large | hints | composite_hints(graph, signature)


def _hint(dtype, label, uses):
    found = uses.get(label, Uses())
    if dtype == "string":
        if found.parsed:
            features = found.parsed.features.items()
            inside = {n: _hint(feature.dtype, (*label, n), uses) for n, (feature, _) in features}
            return found.parsed.hint(inside)
        if found.decoded:
            return found.decoded
        if found.image:
            made = encoded_images(found.image, found.channels, found.base64)
            return Hint(f"{found.image.upper()} images", made)
        if found.number:
            words = "texts of whole numbers" if found.whole else "texts of numbers"
            return Hint(words, number_texts(found.whole))
        words = [word for word in found.keys if isinstance(word, bytes)]
        return Hint("words of the export", words_of(words, found.split)) if words else None
    if "int" in dtype:
        if found.sizes:
            size = min(found.sizes)
            return Hint(f"row numbers of a table, 0 to {size - 1:,}", whole_numbers(dtype, size))
        keys = [int(one) for one in found.keys if not isinstance(one, bytes)]
        if keys:
            return Hint("whole numbers of the export", whole_numbers(dtype, 0, keys))
    return None
