"""What a Keras configuration says about a model, read as JSON: nothing is built or imported."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from helpers.readers.model_files.sentences import joined, some, tensor
from helpers.text import printable

MOST_BYTES = 2**26  # of a configuration; a larger one is not read
OWN_MODULES = ("keras", "builtins", "tensorflow.keras", "tf_keras", "tensorflow.python.keras")


def describe_zip(path: Path, archive: zipfile.ZipFile) -> str:
    """Say what a .keras file holds.

    Raises
    ------
    ValueError, KeyError, OSError
        The file is damaged.
    """
    metadata = json.loads(_member(archive, "metadata.json"))
    config = json.loads(_member(archive, "config.json"))
    version = printable(str(metadata["keras_version"]))
    stored = next((name for name in archive.namelist() if "weights.h5" in name), "")
    weights = "configuration and weights" if stored else "a configuration without weights"
    return describe(path, config, f"Keras {version}", weights)


def describe_folder(path: Path) -> str:
    """Say what the folder is that a .keras file becomes when it is unpacked.

    Raises
    ------
    ValueError, KeyError, OSError
        A file is damaged.
    """
    metadata = json.loads((path / "metadata.json").read_bytes())
    config = json.loads((path / "config.json").read_bytes())
    version = printable(str(metadata["keras_version"]))
    stored = any("weights.h5" in file.name for file in path.iterdir())
    weights = "configuration and weights" if stored else "a configuration without weights"
    return describe(path, config, f"Keras {version}", f"{weights}, unpacked in a folder")


def _member(archive, name):
    if archive.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(f"{name} is too large")
    return archive.read(name)


def describe(path: Path, config: Mapping, saved_by: str, holding: str) -> str:
    """Describe a whole model of Keras by its configuration.

    Parameters
    ----------
    path : pathlib.Path
    config : dict
        The configuration that Keras stored in the file.
    saved_by : str
        For example "Keras 3.15.1".
    holding : str
        What is in the file besides the configuration, in words.
    """
    name = printable(path.name)
    kind = printable(str(config.get("class_name", "of unknown class")))
    inputs = [*_inputs(config)]
    takes = f"It takes {'; '.join(inputs)}." if inputs else ""
    first = f"{name} is a Keras model ({kind}), saved by {saved_by}: {holding}, but no graph."
    own, name = name, _name_for_keras(path)
    if path.suffix.lower() not in (".keras", ".h5", ".hdf5") and not path.is_dir():
        first += " Keras opens it only if its name ends in .keras or .h5."
    if name != own:
        first += f" Name it {name}, because Keras takes the ending of the name for the format."
    return "\n".join(
        part
        for part in (
            joined(first, takes),
            "Only Python programs with Keras can use it. TensorFlow Serving, LiteRT and the C API "
            "cannot.",
            _code_that_it_needs(config),
            _how_to_export(name, saved_by),
        )
        if part
    )


def _name_for_keras(path):
    """Return the name under which Keras opens a file: its ending counts, not its content."""
    if path.is_dir():
        return printable(path.name)
    endings = (".keras",) if zipfile.is_zipfile(path) else (".h5", ".hdf5")
    name = path.name if path.name.endswith(endings) else f"{path.stem}{endings[0]}"
    return printable(name)


def _how_to_export(name, saved_by):
    # Keras 3 does not find some losses by the names that an HDF5 file has. No export needs them.
    more = ", compile=False" if name.endswith((".h5", ".hdf5")) else ""
    lines = f'To get an export: tf.keras.models.load_model("{name}"{more}).export(DIRECTORY).'
    if saved_by.startswith("Keras 3"):
        return lines
    return joined(
        lines,
        "Keras 3 opens many files of Keras 2, but not all. If it fails, install tf_keras, set the "
        "variable TF_USE_LEGACY_KERAS=1, and run the same line.",
    )


def _code_that_it_needs(config):
    """Say which classes and functions the file names that are not Keras's own."""
    parts = [*_parts(config)]
    custom = sorted({name for name in map(_custom, parts) if name})
    needs = runs = ""
    if custom:
        needs = (
            f"It needs Python code that the file does not hold: {some(custom)}. Import that code "
            "first, and give it to load_model as custom_objects={...}."
        )
    if any(part["class_name"] in ("Lambda", "__lambda__") for part in parts):
        runs = (
            "It holds a Lambda layer, which is Python code: load_model refuses it unless you pass "
            "safe_mode=False. Do that only if you trust its author."
        )
    return joined(needs, runs)


def _custom(part):
    """Return the name of a class or function that is not Keras's own, else ""."""
    name = str(part["class_name"])
    if name.startswith("__"):  # Keras's marks for tuples, tensors and functions
        return ""
    registered = str(part.get("registered_name") or "")
    package = registered or name
    if ">" in package:  # registered by the code that it needs
        return "" if package.startswith("keras") else package
    if name == "function" and isinstance(part.get("config"), str):
        return part["config"] if part.get("module") == "builtins" else ""
    if "module" not in part:  # Keras 2 wrote the name alone
        return "" if _known(name) else name
    module = part["module"]
    if module is None:
        return package
    return "" if str(module).startswith(OWN_MODULES) else f"{package} of {module}"


def _known(name):
    import keras  # takes seconds, and only the names of Keras 2 need it

    places = (keras, keras.layers, keras.initializers, keras.regularizers, keras.constraints)
    places += (keras.optimizers, keras.losses, keras.metrics)
    # Two layers of Keras 2 for a GPU, which Keras 3 reads as the general ones, and its Functional.
    return name in ("Functional", "CuDNNLSTM", "CuDNNGRU") or any(hasattr(p, name) for p in places)


def _parts(config) -> Iterator[Mapping]:
    """Yield each part of a configuration that names a class, without recursion."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            if isinstance(part.get("class_name"), str):
                yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _inputs(config) -> Iterator[str]:
    """Yield the inputs of a model: those of its own input layers, or the shape it was built for."""
    settings = config.get("config")
    layers = settings if isinstance(settings, list) else (settings or {}).get("layers", [])
    found = False
    for layer in layers:
        if isinstance(layer, Mapping) and layer.get("class_name") == "InputLayer":
            own = layer.get("config", {})
            shape = own.get("batch_shape", own.get("batch_input_shape"))
            found = True
            yield tensor(str(own.get("name", "input")), _dtype(own.get("dtype")), shape)
    shape = (config.get("build_config") or {}).get("input_shape")
    if (
        not found
        and isinstance(shape, list)
        and all(size is None or size == size for size in shape)
    ):
        yield f"inputs of the shape {tuple(shape)}, for which it was built"


def _dtype(value):
    if isinstance(value, Mapping):  # a dtype policy
        value = (value.get("config") or {}).get("name")
    return printable(str(value or "float32"))
