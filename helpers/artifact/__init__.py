"""What is in an export directory, read without running it."""

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
