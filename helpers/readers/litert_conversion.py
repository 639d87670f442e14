"""Converting an export to LiteRT for its reader, in little time and memory."""

from pathlib import Path

from helpers.artifact.saved_model import saved_model
from helpers.artifact.tag_sets import serving_graph_of
from helpers.processes import patches
from helpers.readers import litert_reasons, loading
from helpers.readers.unread_variables import without_unread


def convert(directory: str, keys: list[str], bare: bool = False) -> bytes:
    """Convert signatures of an export to one LiteRT file.

    Parameters
    ----------
    directory : str
        An export.
    keys : list of str
        The signatures.
    bare : bool
        Whether the file may be without what no interpreter needs: the facts about its conversion,
        and a search for equal weights, which copies a large file several times.

    Returns
    -------
    bytes

    Raises
    ------
    Exception
        What `tf.saved_model.load` or the converter raises. The reason comes first in the text of a
        ConverterError.
    """
    import tensorflow as tf

    model = saved_model(Path(directory))
    graph = serving_graph_of(model)
    assert graph is not None  # artifact.read has found its signatures
    tags = set(graph.meta_info_def.tags)
    if not model.saved_model_schema_version:  # the converter would need what it loads
        with litert_reasons.reason_first(directory, keys):
            return tf.lite.TFLiteConverter.from_saved_model(directory, keys, tags).convert()
    # The converter loads an export to see that Python can, and for the names of its functions. The
    # rest, all its variables, would stay in memory.
    loading.require_loadable(directory)
    nodes = graph.object_graph_def.nodes
    names = [child.local_name for child in nodes[0].children] if nodes else []
    light = patches.lighten_litert(names, graph.signature_def, bare)
    with light, without_unread(directory) as source:
        converter = tf.lite.TFLiteConverter.from_saved_model(source, keys, tags)
        converter.exclude_conversion_metadata = bare
        with litert_reasons.reason_first(directory, keys):
            return converter.convert()
