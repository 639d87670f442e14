"""Smaller LiteRT files with LiteRT Quantizer, and how far their answers are from the original's."""

from collections.abc import Mapping, Sequence

import numpy as np

from helpers.processes.quiet import quiet
from helpers.runtimes import litert_file

FLOAT16 = "float16"  # the package has no recipe of this name
KINDS = (FLOAT16, "weight_only_wi8_afp32", "dynamic_wi8_afp32", "dynamic_wi4_afp32")
DEFAULT = "serving_default"


def quantised(content: bytes, kind: str, samples: Sequence[Mapping[str, np.ndarray]] = ()) -> bytes:
    """Quantise a LiteRT file of float32.

    Parameters
    ----------
    content : bytes
        The file.
    kind : str
        "float16", or a recipe of LiteRT Quantizer, such as those of KINDS or "static_wi8_ai8".
    samples : sequence of dict of str to array
        For a static recipe: inputs of the signature serving_default by name, as they occur in use.
        The quantizer averages the ranges of the samples, so give many rows in one sample.

    Returns
    -------
    bytes
        The new file.

    Raises
    ------
    ValueError
        If there is no such recipe, or if a static recipe gets no samples.
    """
    from litert_quantizer.quantizer import Quantizer  # it takes a second

    with quiet():  # it warns, and shows a progress bar
        tool = Quantizer(content)
        if kind == FLOAT16:
            tool.add_weight_only_config(".*", "*", 16, algorithm_key="float_casting")
        else:
            tool.load_quantization_recipe(kind)
        if tool.need_calibration and not samples:
            raise ValueError(f"{kind} needs samples: rows as they occur in use")
        ranges = tool.calibrate({DEFAULT: samples}) if samples else None
        return bytes(tool.quantize(ranges, enable_progress_report=False).quantized_model)


def largest_error(content: bytes, original: bytes, inputs: Mapping[str, np.ndarray]) -> float:
    """Return the largest difference between the answers of two LiteRT files with serving_default.

    Parameters
    ----------
    content : bytes
        A file. If it declares whole numbers, the inputs and outputs are scaled as it says.
    original : bytes
        The file with the right answers.
    inputs : dict of str to array
        By name, float32.
    """
    right = litert_file.run(original, DEFAULT, inputs, scaled=True)
    found = litert_file.run(content, DEFAULT, inputs, scaled=True)
    return max(float(np.abs(found[name] - right[name]).max()) for name in right)


def power_above(error: float) -> float:
    """Return the power of ten above an error. More digits differ between processors."""
    return float(10 ** np.ceil(np.log10(max(error, 1e-7))))
