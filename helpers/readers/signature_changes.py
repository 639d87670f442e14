"""What a new version changes in the signatures of an old one, and which clients this breaks.

The rules are those of the four ways to call a signature: a Python program with
`tf.saved_model.load`, TensorFlow Serving's gRPC and REST, and a LiteRT file converted again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from helpers.artifact import Signature, TensorInfo
from helpers.text import printable

PYTHON, GRPC, REST, LITERT = "Python", "gRPC", "REST", "LiteRT"
CLIENTS = (PYTHON, GRPC, REST, LITERT)


@dataclass(frozen=True)
class Change:
    """One change of a signature.

    Parameters
    ----------
    signature : str
        The key.
    words : str
        What changes.
    breaks : tuple of str
        The clients that break, of CLIENTS. Empty if none does.
    why : str
        Which of these clients, or why none.
    calls : bool
        Whether the requests of the old clients can still be sent.
    narrowed : bool
        Whether an input takes fewer sizes than before. A reader may answer others all the same.
    """

    signature: str
    words: str
    breaks: tuple[str, ...] = ()
    why: str = ""
    calls: bool = True
    narrowed: bool = False

    def __str__(self) -> str:
        told = f"breaks {', '.join(self.breaks)}" if self.breaks else "breaks no client"
        return f"{self.words}: {told}{f' ({self.why})' if self.why else ''}"

    def as_dict(self) -> dict:
        """Return the change as data for JSON."""
        return asdict(self)


def changes(old: Mapping[str, Signature], new: Mapping[str, Signature]) -> list[Change]:
    """List what differs between the signatures of two versions.

    Parameters
    ----------
    old, new : dict of str to helpers.artifact.Signature

    Returns
    -------
    list of Change
        In the order of the old signatures; then the new ones.
    """
    found = []
    for key, before in old.items():
        if key in new:
            found += _of_inputs(key, before.inputs, new[key].inputs)
            found += _of_outputs(key, before.outputs, new[key].outputs)
        else:
            why = "those that call it"
            found.append(Change(key, "the signature is gone", CLIENTS, why, calls=False))
    added = [key for key in new if key not in old]
    return found + [Change(key, "the signature is new") for key in added]


def _of_inputs(key, old, new) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    gone = [name for name in before if name not in after]
    added = [name for name in after if name not in before]
    if len(old) == len(new) == 1 and gone:
        words = f"the input {_told(old[0])} has the new name {printable(new[0].name)}"
        why = "in REST, those that name the input"
        yield Change(key, words, CLIENTS, why, calls=False)
        yield from _of_input(key, old[0], new[0])
        return
    for name in gone:
        words = f"the input {_told(before[name])} is gone"
        yield Change(key, words, CLIENTS, "they send it", calls=False)
    for name in added:
        words = f"the input {_told(after[name])} is new"
        yield Change(key, words, CLIENTS, "they do not send it", calls=False)
    for name in before:
        if name in after:
            yield from _of_input(key, before[name], after[name])


def _of_input(key, old, new):
    name = printable(old.name)
    if old.dtype != new.dtype:
        words = f"the input {name} is {new.dtype}, not {old.dtype}"
        breaks, why = _dtype_in(old.dtype, new.dtype)
        yield Change(key, words, breaks, why, calls=False)
    kind, why = _sizes(old.shape, new.shape)
    if kind:
        words = f"the input {name} takes {_shape(new)}, not {_shape(old)}"
        if kind == "widened":
            why = "a LiteRT program in C++ has to set the size of the input before a call"
            yield Change(key, f"{words} (widened)", (), why)
        elif kind == "narrowed":
            why = f"those that send {why}"
            yield Change(key, f"{words} (narrowed)", CLIENTS, why, narrowed=True)
        else:
            yield Change(key, words, CLIENTS, "", calls=False)


def _of_outputs(key, old, new) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    gone = [name for name in before if name not in after]
    added = [name for name in after if name not in before]
    if len(old) == len(new) == 1 and gone:
        words = f"the output {_told(old[0])} has the new name {printable(new[0].name)}"
        why = "in REST, an answer with one output has no name"
        yield Change(key, words, (PYTHON, GRPC, LITERT), why)
        yield from _of_output(key, old[0], new[0])
        return
    for name in gone:
        words = f"the output {_told(before[name])} is gone"
        yield Change(key, words, CLIENTS, "those that read it")
    for name in added:
        yield Change(key, f"the output {_told(after[name])} is new")
    if (len(old) == 1) != (len(new) == 1):
        one, several = "values without names", "an object with a value for each name"
        was, now = (one, several) if len(old) == 1 else (several, one)
        words = f"{len(new)} outputs, not {len(old)}"
        yield Change(key, words, (REST,), f"an answer in REST is now {now}, not {was}")
    for name in before:
        if name in after:
            yield from _of_output(key, before[name], after[name])


def _of_output(key, old, new):
    name = printable(old.name)
    if old.dtype != new.dtype:
        words = f"the output {name} is {new.dtype}, not {old.dtype}"
        breaks, why = _dtype_out(old.dtype, new.dtype)
        yield Change(key, words, breaks, why)
    kind, _ = _sizes(old.shape, new.shape)
    if kind:
        words = f"the output {name} has {_shape(new)}, not {_shape(old)}"
        if kind == "widened":
            yield Change(
                key, f"{words} (widened)", (), "for inputs of the old sizes: see the answers"
            )
        elif kind == "narrowed":
            yield Change(key, f"{words} (narrowed)")
        else:
            yield Change(key, words, CLIENTS)


def _dtype_in(old, new):
    """Return the clients that an input of another dtype breaks, and why."""
    typed = (PYTHON, GRPC, LITERT)
    if "int" in old and "float" in new:
        why = f"in REST, whole numbers are taken as {new}, which does not hold all large ones"
        return typed, why
    if _kind(old) != _kind(new):
        return CLIENTS, "in REST, JSON values of another kind are refused"
    if "int" in old and (_bits(new) < _bits(old) or ("u" in old) != ("u" in new)):
        return CLIENTS, f"in REST, those that send numbers which {new} cannot hold"
    return typed, "JSON has no dtypes: clients of REST send the same text"


def _dtype_out(old, new):
    """Return the clients that an output of another dtype breaks, and why."""
    numbers = {"int", "float"}
    if _kind(old) == _kind(new) or {_kind(old), _kind(new)} == numbers:
        why = "a client of gRPC or LiteRT reads the values by their dtype; JSON has only numbers"
        return (GRPC, LITERT), why
    return CLIENTS, "the values are of another kind"


def _kind(dtype):
    return next((kind for kind in ("int", "float", "complex", "bool") if kind in dtype), dtype)


def _bits(dtype):
    digits = "".join(c for c in dtype if c.isdigit())
    return int(digits or 0)


def _sizes(old, new):
    """Compare two shapes: "", "widened", "narrowed" or "other"; and what is not taken any more."""
    if old == new:
        return "", ""
    if old is None or new is None:
        return ("widened", "") if new is None else ("narrowed", "a different number of dimensions")
    if len(old) != len(new):
        return "other", ""
    pairs = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
    if any(None not in pair for pair in pairs):
        return "other", ""
    if all(after is None for _, after in pairs):
        return "widened", ""
    sizes = [
        f"a first size other than {after}" if axis == 0 else f"a size other than {after}"
        for axis, (before, after) in enumerate(zip(old, new, strict=True))
        if before is None and after is not None
    ]
    return "narrowed", " or ".join(sizes)


def _by_name(tensors: tuple[TensorInfo, ...]) -> dict[str, TensorInfo]:
    return {tensor.name: tensor for tensor in tensors}


def _shape(tensor):
    return "an unknown shape" if tensor.shape is None else f"the shape {tensor.shape}"


def _told(tensor):
    return f"{printable(tensor.name)} ({tensor.dtype})"
