"""Proofs of exercise 2 of lesson 06: an export of a function whose export fails."""

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_06.exercises import export_the_parcels
from tests.exercises.proofs import Mistake, Proofs

BASES = {"city": 4.0, "country": 7.0, "islands": 12.0}
ZONE = tf.TensorSpec((None,), tf.string, name="zone")
WEIGHT = tf.TensorSpec((None,), tf.float32, name="weight")


def archived(folder, function, specs=(ZONE, WEIGHT), track=(), name="price"):
    """An ExportArchive with one endpoint."""
    archive = tf.keras.export.ExportArchive()
    for resource in track:
        archive.track(resource)
    archive.add_endpoint(name, function, list(specs))
    archive.write_out(folder / "parcels", verbose=False)
    return (folder / "parcels",)


def of_given(change=lambda prices: prices, **options):
    """The inner dict of the given function, with its table."""

    def answer(folder):
        price, zones = export_the_parcels.given()
        return archived(
            folder,
            lambda zone, weight: change(price(zone, weight)["price"]),
            track=[zones],
            **options,
        )

    return answer


def as_a_module(folder):
    price, zones = export_the_parcels.given()
    module = tf.Module()
    module.zones = zones
    flat = tf.function(lambda zone, weight: price(zone, weight)["price"])
    signature = flat.get_concrete_function(ZONE, WEIGHT)
    tf.saved_model.save(module, str(folder / "parcels"), signatures={"price": signature})
    return (folder / "parcels",)


def table_of(bases, unknown=0.0):
    keys, values = tf.constant(list(bases)), tf.constant(list(bases.values()))
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), unknown)


def with_a_table(bases=BASES, unknown=0.0, per_kilo=1.5):
    """A table of one's own."""

    def answer(folder):
        export_the_parcels.given()
        zones = table_of(bases, unknown)

        def price(zone, weight):
            base = zones.lookup(zone)
            return {"base": base, "total": base + per_kilo * weight}

        return archived(folder, price, track=[zones])

    return answer


def compared(read=lambda zone: zone, **options):
    """No table: each zone is compared."""

    def answer(folder):
        export_the_parcels.given()

        def price(zone, weight):
            base = tf.zeros_like(weight)
            for name, value in BASES.items():
                base = tf.where(read(zone) == name, value, base)
            return {"base": base, "total": base + 1.5 * weight}

        return archived(folder, price, **options)

    return answer


class Layer(tf.keras.layers.Layer):
    def __init__(self, zones):
        super().__init__()
        self.zones = zones

    def call(self, zone, weight):
        base = self.zones.lookup(zone)
        return {"base": base, "total": base + 1.5 * weight}


def as_a_layer(folder):
    _, zones = export_the_parcels.given()
    layer = Layer(zones)
    layer(tf.constant(["city"]), tf.constant([1.0]))
    return archived(folder, lambda zone, weight: layer(zone, weight), track=[layer])


def nothing(folder):
    """A folder that no archive has written."""
    export_the_parcels.given()
    return (folder / "parcels",)


def changed(**outputs):
    """The given function with outputs that other functions of them replace."""
    return of_given(lambda prices: prices | {k: make(prices) for k, make in outputs.items()})


Q2 = Proofs(
    right={
        "a tf.Module": as_a_module,
        "a layer that has the table": as_a_layer,
        "a table of one's own": with_a_table(),
        "comparisons without a table": compared(),
        "a path as text": lambda folder: (str(of_given()(folder)[0]),),
        "a new dict": of_given(lambda prices: {k: prices[k] for k in ("total", "base")}),
    },
    wrong={
        "nothing was written": Mistake(nothing, "export_dir_2: directory: there is nothing"),
        "another name of the signature": Mistake(
            of_given(name="serving_default"), "should have the signature 'price'"
        ),
        "no output base": Mistake(
            of_given(lambda prices: {"total": prices["total"]}),
            "should have an output named 'base', but its outputs are: total",
        ),
        "outputs without names": Mistake(
            of_given(lambda prices: list(prices.values())), "should have an output named 'base'"
        ),
        "another name of an input": Mistake(
            of_given(specs=(tf.TensorSpec((None,), tf.string, name="zones"), WEIGHT)),
            "should have an input named 'zone', but takes",
        ),
        "columns": Mistake(
            of_given(
                specs=(
                    tf.TensorSpec((None, 1), tf.string, name="zone"),
                    tf.TensorSpec((None, 1), tf.float32, name="weight"),
                )
            ),
            "should have the shape (None,), but has (None, 1)",
        ),
        "one parcel": Mistake(
            of_given(
                specs=(
                    tf.TensorSpec((1,), tf.string, name="zone"),
                    tf.TensorSpec((1,), tf.float32, name="weight"),
                )
            ),
            "should accept any number of rows, but takes",
        ),
        "the archive instead of the folder": Mistake(
            lambda _: (tf.keras.export.ExportArchive(),), "the path of an export directory"
        ),
        "a zone forgotten": Mistake(
            with_a_table({"city": 4.0, "country": 7.0}), "should be 12, as the function does"
        ),
        "a price for unknown zones": Mistake(
            with_a_table(unknown=-1.0), "should be 0, as the function does"
        ),
    },
    near={
        "a kilogram 1 % too expensive": with_a_table(per_kilo=1.515),
        "a base a little off": with_a_table(BASES | {"city": 4.01}),
        "the total without the base": changed(
            total=lambda prices: prices["total"] - prices["base"]
        ),
        "base and total swapped": changed(
            base=lambda prices: prices["total"], total=lambda prices: prices["base"]
        ),
        "zones in small letters": compared(tf.strings.lower),
        "zones without blanks": compared(tf.strings.strip),
        "whole totals": changed(total=lambda prices: tf.round(prices["total"])),
        "no total below 0": changed(total=lambda prices: tf.maximum(prices["total"], 0.0)),
        "a total of whole numbers": changed(
            total=lambda prices: tf.cast(prices["total"], tf.int32)
        ),
        "the first zone for all": changed(
            base=lambda prices: prices["base"][:1] + 0 * prices["base"]
        ),
        "100 parcels": changed(
            total=lambda prices: tf.where(
                tf.range(tf.size(prices["total"])) < 100, prices["total"], 0.0
            )
        ),
        "a total of NumPy": changed(
            total=lambda prices: tf.ensure_shape(
                tf.numpy_function(np.copy, [prices["total"]], tf.float32), (None,)
            )
        ),
    },
    untouched=(...,),
)
