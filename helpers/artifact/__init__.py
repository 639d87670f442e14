"""Reading an export directory without loading or running the model."""

from helpers.artifact.saved_model import (
    Artifact,
    File,
    NotAnArtifact,
    Signature,
    TensorInfo,
    directory_of,
    read,
    restored_and_read,
)

__all__ = [
    "Artifact",
    "File",
    "NotAnArtifact",
    "Signature",
    "TensorInfo",
    "directory_of",
    "read",
    "restored_and_read",
]
