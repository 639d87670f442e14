"""Which versions of a model lie in its base path, and which of them are to be served."""

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from helpers.serving.protocol.errors import NOT_FOUND, PERMISSION_DENIED, ServingError, invalid

log = logging.getLogger("helpers.serving")


@dataclass(frozen=True)
class Model:
    """What the configuration says of one model.

    policy : str
        "latest", "all" or "specific"
    versions : int or frozenset of int
        how many of the latest, or which
    labels : tuple of (str, int)
    """

    name: str
    base_path: str
    policy: str = "latest"
    versions: int | frozenset = 1
    labels: tuple = ()


_NUMBER = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+[ \t\n\v\f\r]*", re.ASCII)


def wanted_versions(model):
    """The versions of a model that should be there: number to path."""
    base = Path(model.base_path)
    if not base.exists():
        raise invalid(
            f"Could not find base path {base} for servable {model.name} with error "
            f"{ServingError(NOT_FOUND, f'{base} not found')}"
        )
    found = {}
    for child in sorted(os.listdir(base)):
        if _NUMBER.fullmatch(child) and -(2**63) <= int(child) < 2**63:
            found[int(child)] = base / child
    if model.policy == "latest":
        chosen = sorted(found, reverse=True)[: max(model.versions, 1)]
    elif model.policy == "specific":
        chosen = [number for number in found if number in model.versions]
    else:
        chosen = list(found)
    return {number: found[number] for number in chosen}


def check_inside(base_path, path):
    """Refuse a version that is not, with all its files, inside the base path.

    Raises
    ------
    ServingError
        PERMISSION_DENIED, naming the link that leads outside
    """
    base = os.path.realpath(base_path)
    for folder, folders, files in os.walk(path):
        for name in (".", *folders, *files):
            file = os.path.join(folder, name)
            if os.path.commonpath([base, os.path.realpath(file)]) != base:
                raise ServingError(
                    PERMISSION_DENIED,
                    f"{os.path.normpath(file)} leads outside the base path {base_path}",
                )
