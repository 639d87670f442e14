"""Sentences and lists that the descriptions of several formats share."""

from collections.abc import Iterable, Sequence

from helpers.text import printable

MOST = 8  # names in a list


def joined(*sentences: str) -> str:
    """Join the sentences that are not empty with blanks."""
    return " ".join(sentence for sentence in sentences if sentence)


def some(names: Sequence[str], most: int = MOST) -> str:
    """Write the first `most` names, and how many more there are, safe to print."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*(printable(name) for name in names[:most]), *more])


def tensor(name: str, dtype: str, shape: Iterable[object] | None) -> str:
    """Write one input or output as "name: dtype shape", with None for an open size."""
    if shape is None:
        return f"{printable(name)}: {dtype} of unknown shape"
    sizes = [str(size) for size in shape]
    return f"{printable(name)}: {dtype} ({', '.join(sizes)}{',' * (len(sizes) == 1)})"


def core_ml(what: str) -> str:
    """Describe `what`, which holds a model of Core ML."""
    return joined(
        f"{what} with a model of Core ML.",
        "Programs on macOS and iOS can use it. TensorFlow Serving and the readers of this course "
        "cannot, and TensorFlow cannot change it back.",
        "To get an export, export the model that it was converted from: model.export(DIRECTORY).",
    )


def from_model(what: str) -> str:
    """Say how to get an export from the model in Python, which is `what`."""
    return f"To get an export, open {what} in Python, and call model.export(DIRECTORY)."
