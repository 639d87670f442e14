"""A trained PenguinModel, and three penguins to ask it about."""

import numpy as np
import tensorflow as tf

from helpers.models import PenguinModel
from helpers.penguins.data import RAW, SPECIES, one_hot, penguins
from helpers.training import train

EXAMPLES = [0, 200, 300]  # an Adelie, a Gentoo and a Chinstrap


def trained_penguin_model() -> tuple[PenguinModel, np.ndarray]:
    """Train a PenguinModel on all 344 penguins, and prepare one penguin of each species.

    Returns
    -------
    model : PenguinModel
        call(features) : (n, 7) float32 -> (n, 3) float32, a probability for each of SPECIES.
    features : (3, 7) float32 array
        An Adelie, a Gentoo and a Chinstrap, as `model.prepare` returns them.
    """
    rows = penguins()
    tf.keras.utils.set_random_seed(1)
    model = PenguinModel(rows)
    features = model.prepare(*(rows[name] for name in RAW)).numpy()
    train(model, features, one_hot(rows["species"], SPECIES), 300, 0.02, progress=False)
    return model, features[EXAMPLES]
