"""Leave out the Python objects of an export: Python then loads the graph alone, as servers do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

INITIALIZE = "__saved_model_init_op"  # the hidden signature that fills tables
MAIN = "saved_model_main_op"  # the place of the same operation in an export of TensorFlow 1


def leave_out_objects(graph: "MetaGraphDef"):
    """Make a graph of TensorFlow 2 a graph of TensorFlow 1, with the same signatures.

    Parameters
    ----------
    graph : tensorflow.core.protobuf.meta_graph_pb2.MetaGraphDef
        It is changed.
    """
    graph.ClearField("object_graph_def")
    if INITIALIZE in graph.signature_def:
        outputs = graph.signature_def[INITIALIZE].outputs.values()
        # Python would load the hidden signature as one of TensorFlow 1, and cannot feed its assets.
        names = [output.name.split(":")[0] for output in outputs]
        del graph.signature_def[INITIALIZE]
        graph.collection_def[MAIN].node_list.value[:] = names
