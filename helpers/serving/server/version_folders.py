"""Find the versions of a model in its base path and choose those to serve."""

import logging
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.serving.protocol.errors import NOT_FOUND, PERMISSION_DENIED, ServingError, invalid

log = logging.getLogger("helpers.serving")


@dataclass(frozen=True)
class Model:
    """The configuration of one model.

    Parameters
    ----------
    name : str
    base_path : str
        the folder that contains a folder for each version
    policy : str
        "latest", "all" or "specific"
    versions : int or frozenset of int
        "latest": the number of versions to serve; "specific": the version numbers
    labels : tuple of (str, int)
        label and version number
    """

    name: str
    base_path: str
    policy: str = "latest"
    versions: Any = 1
    labels: tuple = ()


_NUMBER = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+[ \t\n\v\f\r]*", re.ASCII)


def versions_to_serve(model: Model) -> dict[int, Path]:
    """Scan the base path of a model and return the versions to serve.

    Parameters
    ----------
    model : Model

    Returns
    -------
    dict of int to pathlib.Path
        the folder of each version by number

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the base path does not exist
    OSError
        the base path cannot be read
    """
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


class FolderScanner:
    """A scanner of base paths that logs each problem only once."""

    def __init__(self) -> None:
        self._logged = set()

    def scan(self, models: Collection[Model]) -> dict[str, dict[int, Path]]:
        """Scan the base paths of models.

        Parameters
        ----------
        models : collection of Model

        Returns
        -------
        dict of str to dict of int to pathlib.Path
            the folder of each version to serve, by model name and number; empty when one of the
            base paths cannot be read, so that one bad path does not unload versions
        """
        found = {}
        try:
            for model in models:
                found[model.name] = versions_to_serve(model)
                self._log_missing(model, found[model.name])
        except (ServingError, OSError) as error:
            self.log_once(
                "FileSystemStoragePathSource encountered a filesystem access error: "
                + getattr(error, "message", str(error))
            )
            return {}
        return found

    def log_once(self, text: str) -> None:
        """Log a problem that each scan would find again."""
        if text not in self._logged:
            log.warning("%s", text)
            self._logged.add(text)

    def _log_missing(self, model, found):
        if not found:
            self.log_once(
                f"No versions of servable {model.name} found under base path {model.base_path}. "
                "Did you forget to name your leaf directory as a number (eg. '/1/')?"
            )
        if model.policy == "specific":
            for number in sorted(model.versions - found.keys()):
                self.log_once(
                    f"Version {number} of servable {model.name}, which was requested to be served "
                    "as a 'specific' version in the servable's version policy, was not found in "
                    "the file system"
                )


def check_allowed(allowed: Collection[str], model: Model) -> None:
    """Refuse a model whose base path is outside the folders that the server may load from.

    Parameters
    ----------
    allowed : collection of str
        the folders; an empty collection allows every folder
    model : Model

    Raises
    ------
    ServingError
        PERMISSION_DENIED, with the base path and the allowed folders
    """
    base = os.path.realpath(model.base_path)
    if allowed and not any(_is_below(base, os.path.realpath(one)) for one in allowed):
        raise ServingError(
            PERMISSION_DENIED,
            f"Model {model.name}: the base path {model.base_path} is not in "
            f"{' or '.join(allowed)}, from which this server loads",
        )


def _is_below(path, folder):
    try:
        return os.path.commonpath([path, folder]) == folder
    except ValueError:  # on different drives of Windows
        return False


def check_inside(base_path: str | os.PathLike, path: str | os.PathLike) -> None:
    """Refuse a version if one of its files lies outside the base path.

    Parameters
    ----------
    base_path, path : path-like
        of the model, and of the version

    Raises
    ------
    ServingError
        PERMISSION_DENIED, with the name of the link that leads outside
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
