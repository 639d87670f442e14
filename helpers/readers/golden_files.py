"""Files of golden answers: inputs of signatures with the answers that are right.

An .npz file has an array SIGNATURE/NUMBER/inputs/NAME for each input and an array
SIGNATURE/NUMBER/outputs/NAME for each output. SIGNATURE and NUMBER may be left out. A .json file
has the same as {SIGNATURE: [{"inputs": {NAME: values}, "outputs": {NAME: values}}, ...]}.
"""

import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.readers.input_files import WrongOption, read_arrays
from helpers.text import printable, safe_repr

NAMES = ("golden_answers.npz", "golden_answers.json")  # in the folder assets.extra of an export
FOLDER = "assets.extra"
MOST_IN_JSON = 10**6  # values
ANY = ""  # in place of a signature: every signature with these inputs
HOW = (
    'A golden file has inputs and answers: {"SIGNATURE": [{"inputs": {"NAME": ...}, "outputs": '
    '{"NAME": ...}}]} (JSON), or arrays SIGNATURE/0/inputs/NAME and SIGNATURE/0/outputs/NAME (npz).'
    " --write-golden FILE writes one."
)
ENTRY = re.compile(
    r"(?:(?P<key>.+?)/)??(?:(?P<number>\d+)/)?(?P<side>inputs|outputs)/(?P<name>.+)", re.S
)


@dataclass(frozen=True)
class GoldenSet:
    """One set of inputs with its right answers.

    Parameters
    ----------
    inputs, outputs : dict of str to array
        By name.
    """

    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]


Golden = dict[str, list[GoldenSet]]


def kept_in(directory: str | os.PathLike) -> Path | None:
    """Return the golden file that an export keeps in assets.extra, or None."""
    files = [Path(directory) / FOLDER / name for name in NAMES]
    return next((file for file in files if file.is_file()), None)


def read_golden(file: str | os.PathLike) -> Golden:
    """Read a file of golden answers.

    Parameters
    ----------
    file : str or path
        .npz or .json

    Returns
    -------
    dict of str to list of GoldenSet
        By the key of the signature, or by ANY.

    Raises
    ------
    WrongOption
        If the file cannot be read, or holds something else.
    """
    values = read_arrays(file, "golden answers", HOW)
    name = safe_repr(str(file))
    if all(isinstance(value, np.ndarray) for value in values.values()):
        return _from_arrays(values, name)
    return _from_json(values, name)


def _from_arrays(arrays, name):
    found: dict[tuple, dict[str, dict]] = {}
    for path, array in arrays.items():
        match = ENTRY.fullmatch(path)
        if not match:
            raise WrongOption(
                f"{name} has the array {safe_repr(path)}: neither an input nor an answer. {HOW}"
            )
        one = found.setdefault((match["key"] or ANY, int(match["number"] or 0)), {})
        one.setdefault(match["side"], {})[match["name"]] = array
    golden: Golden = {}
    for (key, _), sides in sorted(found.items()):
        golden.setdefault(key, []).append(_set(sides, key, name))
    return golden


def _from_json(values, name):
    if set(values) <= {"inputs", "outputs"}:
        values = {ANY: values}
    golden = {}
    for key, sets in values.items():
        sets = [sets] if isinstance(sets, Mapping) else sets
        if not isinstance(sets, list) or not sets:
            raise WrongOption(f"{name} has no list of sets for {safe_repr(key)}. {HOW}")
        golden[key] = [_set(one, key, name) for one in sets]
    return golden


def _set(sides, key, name):
    whose = f" of {printable(key)}" if key else ""
    sides = sides if isinstance(sides, Mapping) else {}
    for side in ("inputs", "outputs"):
        given = sides.get(side, {} if side == "inputs" else None)
        if not isinstance(given, Mapping) or (side == "outputs" and not given):
            raise WrongOption(f"{name}: a set{whose} has no {side} by name. {HOW}")
    try:
        return GoldenSet(
            *({n: _array(v) for n, v in sides.get(s, {}).items()} for s in ("inputs", "outputs"))
        )
    except ValueError as error:
        raise WrongOption(f"{name}: a set{whose} cannot be read: {error}") from None


def _array(value):
    value = _decoded(value)
    array = np.asarray(value, object) if _has_text(value) else np.asarray(value)
    if array.dtype.kind in "SU":
        return array.astype(object)
    if array.dtype.kind == "O" and not all(isinstance(one, str | bytes) for one in array.flat):
        raise ValueError("expected numbers or texts in lists of one length")
    return array


def _has_text(value):
    while isinstance(value, list) and value:
        value = value[0]
    return isinstance(value, str | bytes)


def _decoded(value):
    if isinstance(value, Mapping):
        if set(value) != {"b64"}:
            raise ValueError(f"expected an array, not an object with {', '.join(map(str, value))}")
        return base64.b64decode(value["b64"], validate=True)
    return [_decoded(one) for one in value] if isinstance(value, list) else value


def require_place(file: str | os.PathLike) -> Path:
    """Return the path of a golden file that can be written, or raise WrongOption."""
    path, name = Path(file), safe_repr(str(file))
    if path.suffix not in (".npz", ".json"):
        raise WrongOption(f"a golden file ends in .npz or .json, and {name} does not")
    inside = path.parent.name == FOLDER and (path.parent.parent / "saved_model.pb").is_file()
    if not path.parent.is_dir() and not inside:
        raise WrongOption(f"{name} cannot be written: there is no folder {path.parent.name!r}")
    if path.is_dir():
        raise WrongOption(f"{name} cannot be written: it is a folder")
    return path


def write_golden(file: str | os.PathLike, golden: Mapping[str, Sequence[GoldenSet]]) -> Path:
    """Write a file of golden answers.

    Parameters
    ----------
    file : str or path
        Ends in .npz or .json. A folder assets.extra of an export is made, no other folder.
    golden : dict of str to list of GoldenSet
        By the key of the signature.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    WrongOption
        If there is nothing to write, the ending is neither, or the format cannot hold the values.
    """
    path, name = require_place(file), safe_repr(str(file))
    if not any(golden.values()):
        raise WrongOption("there are no golden answers to write: no answer is known to be right")
    # Written beside it and renamed: a file that is there already is replaced whole or not at all.
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".npz":
            with new.open("wb") as stream:
                np.savez_compressed(stream, **_arrays(golden))
        else:
            new.write_text(_json(golden), encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise WrongOption(f"{name} cannot be written: {type(error).__name__}") from None
    finally:
        new.unlink(missing_ok=True)
    return path


def _sides(golden):
    for key, sets in golden.items():
        for number, one in enumerate(sets):
            yield key, number, "inputs", one.inputs
            yield key, number, "outputs", one.outputs


def _arrays(golden):
    return {
        f"{key}/{number}/{side}/{name}": _plain(array, name)
        for key, number, side, arrays in _sides(golden)
        for name, array in arrays.items()
    }


def _plain(array, name):
    """Return an array that NumPy stores without pickle."""
    array = np.asarray(array)
    if array.dtype.kind in "OSU":
        texts = [text.encode() if isinstance(text, str) else text for text in array.flat]
        if any(text.endswith(b"\0") for text in texts):
            raise WrongOption(
                f"{printable(name)} has a text that ends in a zero byte, which an .npz file would "
                "lose: write a .json file"
            )
        return np.array(texts, "S").reshape(array.shape)
    # bfloat16 and float8 are no dtypes of NumPy's own; float32 holds their values.
    return array if array.dtype.kind in "iufbc" else array.astype(np.float32)


def _json(golden):
    values = 0
    found: dict[str, list] = {}
    for key, number, side, arrays in _sides(golden):
        sets = found.setdefault(key, [])
        if number == len(sets):
            sets.append({})
        sets[number][side] = {}
        for name, array in arrays.items():
            array = np.asarray(array)
            values += array.size
            if array.dtype.kind == "c":
                raise WrongOption(
                    f"JSON has no complex numbers, as in {printable(name)}: write an .npz file"
                )
            sets[number][side][name] = _listed(array)
    if values > MOST_IN_JSON:
        raise WrongOption(f"the golden answers are {values:,} values: write an .npz file")
    return json.dumps(found, indent=1)


def _listed(array):
    if array.dtype.kind in "OSU":
        texts = [_text(text) for text in array.flat]
        return np.array(texts, object).reshape(array.shape).tolist()
    return array.tolist() if array.dtype.kind in "iufb" else array.astype(np.float32).tolist()


def _text(value):
    """Return a text for JSON: as it is if it is UTF-8, else in base64."""
    raw = value.encode() if isinstance(value, str) else bytes(value)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(raw).decode()}
