"""The trained model and its three penguins."""

import numpy as np

from helpers.penguins.data import RAW, SPECIES, penguins
from helpers.penguins.trained import EXAMPLES, trained_penguin_model


def test_the_model_is_sure_of_one_penguin_of_each_species():
    model, features = trained_penguin_model()
    assert features.shape == (3, 7) and features.dtype == np.float32
    probabilities = model(features).numpy()
    named = np.array(SPECIES)[probabilities.argmax(axis=1)]
    rows = penguins()
    assert named.tolist() == rows["species"][EXAMPLES].tolist() == ["Adelie", "Gentoo", "Chinstrap"]
    assert (probabilities.max(axis=1) > 0.95).all()
    every = model(model.prepare(*(rows[name] for name in RAW))).numpy().argmax(axis=1)
    assert (np.array(SPECIES)[every] == rows["species"]).mean() > 0.97
