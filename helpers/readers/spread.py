"""Whether answers that vary by less than the tolerance still show that two readers agree.

The scores of an untrained model may all be 0.2, but for the last digits. A reader that ignores its
inputs would give the same within the tolerance. Only a reader that is much nearer shows something.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from helpers import artifact
from helpers.readers.evidence import VARIES, WEAK, pairs_of, units
from helpers.readers.sameness import difference

FINER = 0.1  # the part of the spread of an output by which two readers may differ

Arrays = Sequence[Mapping[str, np.ndarray]]


def spreads(signature: artifact.Signature, feeds: Arrays, answers: Arrays) -> dict[str, float]:
    """Compute how far the numbers of each output are apart for different inputs.

    Parameters
    ----------
    signature : helpers.artifact.Signature
    feeds, answers : sequence of dict of str to array
        The inputs and the outputs of each set.

    Returns
    -------
    dict of str to float
        The largest absolute difference from the first row or set, by the name of the output.
    """
    return {
        name: max([0.0, *(difference({"": a}, {"": b}) for a, b in pairs_of(values))])
        for name, values in units(signature, feeds, answers)
        if values
    }


def shows_too_little(
    signature: artifact.Signature,
    shown: Mapping[str, int],
    feeds: Arrays,
    right: Arrays,
    got: Arrays,
) -> bool:
    """Say whether a reader that ignores its inputs could be as near to the reference.

    Parameters
    ----------
    signature : helpers.artifact.Signature
    shown : dict of str to int
        The powers of the outputs of the reference.
    feeds, right, got : sequence of dict of str to array
        The inputs, the answers of the reference and those of the reader, of each set.

    Returns
    -------
    bool
        False if an output varies by more than the tolerance.
    """
    if max(shown.values(), default=VARIES) != WEAK:
        return False
    spread = spreads(signature, feeds, right)
    return not any(
        power == WEAK and _largest(name, right, got) <= FINER * spread[name]
        for name, power in shown.items()
    )


def _largest(name, right, got):
    pairs = zip(right, got, strict=True)
    return max(difference({name: a[name]}, {name: b[name]}) for a, b in pairs)
