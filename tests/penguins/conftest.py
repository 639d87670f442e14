"""What several files of these tests use."""

import pytest

from helpers.penguins.data import penguins
from helpers.penguins.evaluation import HeldOut
from helpers.penguins.hand_preparation import by_hand, new_network


@pytest.fixture(scope="package")
def five():
    """The five models of lesson 05, trained once."""
    return HeldOut(penguins(), by_hand, new_network)
