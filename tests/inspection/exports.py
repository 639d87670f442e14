"""Artifacts for the tests of exploring, comparing and gating: made once, and damaged in copies."""

import atexit
import functools
import shutil
import struct
import tempfile
from pathlib import Path

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2

from helpers.exercises.lesson_04.untrusted_exports import untrusted_exports
from helpers.models import ComplexModel

DATA, INDEX = "variables/variables.data-00000-of-00001", "variables/variables.index"
X = [tf.TensorSpec((None,), tf.float32, name="x")]


@functools.cache
def folder():
    made = Path(tempfile.mkdtemp(prefix="artifacts-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@functools.cache
def built():
    model = ComplexModel()
    model(tf.zeros((1, 10)))
    return model


@functools.cache
def sums():
    """What model.export makes of a ComplexModel."""
    built().export(folder() / "sums", verbose=False)
    return folder() / "sums"


def exported(path, change=None):
    """Export the same model again, with weights changed by change(number, weight)."""
    model = built()
    before = model.get_weights()
    if change is not None:
        model.set_weights([change(number, weight) for number, weight in enumerate(before)])
    model.export(path, verbose=False)
    model.set_weights(before)
    return path


@functools.cache
def given():
    """Make the untrusted exports of lesson 04.

    Returns
    -------
    {name: (directory, harmless, words)}, and the path of the file that the harmful ones write
    """
    return untrusted_exports(folder() / "untrusted")


def module(target, compute, **kept):
    """An export of one function of x, a float32 vector, and of what is kept with it."""
    made = tf.Module()
    made.compute = tf.function(compute, input_signature=X)
    for name, value in kept.items():
        setattr(made, name, value)
    tf.saved_model.save(made, str(target), signatures=made.compute)
    return target


def edit(directory, change):
    """Parse saved_model.pb, let `change` edit the SavedModel, write it back."""
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((directory / "saved_model.pb").read_bytes())
    change(model)
    (directory / "saved_model.pb").write_bytes(model.SerializeToString())
    return directory


def add_node(model, text):
    """A node of the main graph, from its text form."""
    text_format.Parse(text, model.meta_graphs[0].graph_def.node.add())


def with_many_operations(target, count, rows=0):
    """An export with `count` more operations, one after the other in one function, and a variable
    of `rows` x 10,000 floats."""
    weight = tf.Variable(tf.zeros((max(rows, 1), 10_000)))
    module(target, lambda x: x + weight[0, 0], weight=weight)

    def stretch(model):
        for function in model.meta_graphs[0].graph_def.library.function:
            last = next((n for n in function.node_def if n.op == "AddV2"), None)
            if last is None or "signature_wrapper" in function.signature.name:
                continue
            first = last.input[0]
            for number in range(count):
                node = function.node_def.add()
                node.CopyFrom(last)
                node.name = f"more_{number}"
                node.input[0] = first
                first = f"{node.name}:z:0"
            last.input[0] = first

    return edit(target, stretch)


def crashing_index(data):
    """The bytes of a variables.index with one entry spoilt and its checksum made right again:
    TensorFlow's own reader aborts the process that it is in."""
    data = bytearray(data)
    footer = data[-48:]
    length = (footer[0] & 127 | footer[1] << 7) - 5  # of the block; a checksum lies behind it
    data[data.index(b"\x08\x07\x12\x00")] = 0xFF
    checksum = _crc32c(data[: length + 1])
    masked = ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF
    data[length + 1 : length + 5] = struct.pack("<I", masked)
    return bytes(data)


def _crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def copied(source, target):
    return Path(shutil.copytree(source, target))
