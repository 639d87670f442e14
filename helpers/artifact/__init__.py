"""Reading an export directory without loading or running the model."""

from helpers.artifact.restored_variables import RestoredAndRead, restored_and_read
from helpers.artifact.saved_model import (
    Artifact,
    File,
    NotAnArtifact,
    Signature,
    TensorInfo,
    directory_of,
    read,
)

__all__ = [
    "Artifact",
    "File",
    "NotAnArtifact",
    "RestoredAndRead",
    "Signature",
    "TensorInfo",
    "directory_of",
    "read",
    "restored_and_read",
]
