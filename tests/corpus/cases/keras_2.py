"""SavedModels as Keras 2 wrote them, with the optimizer, by editing the saved objects.

Keras 2 does not run here. What it wrote differs from an export of today in the object graph: an
object "optimizer" with slot variables, and layers with identifiers of Keras 2.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from helpers.readers.rescue import rescue
from tests.corpus.record import export

EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
ONLY_SERVERS = {"python": "fails", "session": "same", "litert": "fails"}
WHY = (
    "tf.saved_model.load cannot make the slots of the optimizer: Python and the converter of "
    "LiteRT fail. Servers load the graph alone."
)
X = np.float32([[1, 2], [3, 1], [0, 0]])
SPEC = tf.TensorSpec([None, 2], tf.float32, name="x")


def edit(directory, change):
    """Change the nodes of the object graph of an export."""
    file = directory / "saved_model.pb"
    model = SavedModel.FromString(file.read_bytes())
    change(model.meta_graphs[0].object_graph_def.nodes)
    file.write_bytes(model.SerializeToString())


def add_optimizer(nodes, slots=()):
    """Add an optimizer with slots (name of the weight, name of the slot, name of its variable)."""
    at = {n.variable.name: i for i, n in enumerate(nodes) if n.WhichOneof("kind") == "variable"}
    optimizer = nodes.add()
    optimizer.user_object.identifier = "optimizer"
    optimizer.user_object.version.producer = 1
    optimizer.user_object.version.min_consumer = 1
    for weight, slot, variable in slots:
        optimizer.slot_variables.add(
            original_variable_node_id=at[weight],
            slot_name=slot,
            slot_variable_node_id=at[variable],
        )
    nodes[0].children.add(node_id=len(nodes) - 1, local_name="optimizer")


class Compiled(tf.Module):
    """A layer, and the two moments of each weight that Adam keeps."""

    def __init__(self):
        self.w = tf.Variable([[2.0], [-1.0]], name="w")
        self.b = tf.Variable([0.5], name="b")
        weights = [("w", self.w), ("b", self.b)]
        self.slots = [
            tf.Variable(tf.zeros_like(weight), name=f"{name}_{slot}")
            for name, weight in weights
            for slot in "mv"
        ]

    @tf.function(input_signature=[SPEC])
    def serve(self, x):
        return {"y": tf.nn.relu(x @ self.w + self.b)}


def save(directory, slots):
    """Save a compiled model with an optimizer that has these slots."""
    module = Compiled()
    tf.saved_model.save(module, directory, signatures=module.serve)
    edit(directory, lambda nodes: add_optimizer(nodes, slots))
    right = np.maximum(X @ np.float32([[2], [-1]]) + 0.5, 0)
    return {"serving_default": ({"x": X}, {"y": right})}


@export(
    family="keras 2",
    verdict=ONLY_SERVERS,
    why=WHY,
    cure=rescue,
    told=("--rescue",),
    quick=True,
)
def keras_2_with_adam(directory: Path):
    slots = [(name, slot, f"{name}_{slot}") for name in "wb" for slot in "mv"]
    return save(directory, slots)


@export(
    family="keras 2",
    verdict=EVERYWHERE,
    why="An optimizer without slots is an object like any other, if keras is installed.",
    quick=True,
)
def keras_2_with_sgd(directory: Path):
    return save(directory, [])


@export(family="keras 2", verdict=ONLY_SERVERS, why=WHY, cure=rescue, told=("--rescue",))
def keras_2_network_with_momentum(directory: Path):
    """The weights of a model of layers, whose objects have the identifiers of Keras 2."""
    x = keras.Input((2,), name="x")
    hidden = layers.Dense(3, activation="relu", name="hidden")(x)
    model = keras.Model(x, layers.Dense(1, name="out")(hidden))
    network = tf.Module()
    network.weights = [weight.value for weight in model.weights]
    network.slots = [
        tf.Variable(tf.zeros_like(weight), name=f"slot_{number}")
        for number, weight in enumerate(network.weights)
    ]
    network.serve = tf.function(lambda x: {"out": model(x)}, input_signature=[SPEC])
    tf.saved_model.save(network, directory, signatures=network.serve)
    slots = [
        (weight.name.partition(":")[0], "momentum", f"slot_{number}")
        for number, weight in enumerate(network.weights)
    ]

    def change(nodes):
        add_optimizer(nodes, slots)
        nodes[0].user_object.identifier = "_tf_keras_network"
        nodes[0].user_object.metadata = '{"class_name": "Functional", "name": "model"}'

    edit(directory, change)
    return {"serving_default": ({"x": X}, {"out": model(X).numpy()})}


@export(
    family="keras 2",
    verdict=ONLY_SERVERS,
    why=f"{WHY} An object of an unknown kind remains when the optimizer is gone.",
    cure=rescue,
    told=("--rescue",),
)
def keras_2_with_an_unknown_object(directory: Path):
    golden = save(directory, [("w", "m", "w_m")])

    def change(nodes):
        nodes.add()
        nodes[0].children.add(node_id=len(nodes) - 1, local_name="unknown")

    edit(directory, change)
    return golden
