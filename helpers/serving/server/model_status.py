"""Answer questions about models: the states of their versions, and their signatures."""

from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_pb2

from helpers.serving.server.version_manager import Manager
from helpers.serving.server.version_policy import Version


def status(
    manager: Manager, name: str, number: int | None = None
) -> get_model_status_pb2.GetModelStatusResponse:
    """Return the states of a model's versions, the highest version first.

    Parameters
    ----------
    manager : helpers.serving.server.version_manager.Manager
    name : str
        the model
    number : int or None
        a version; None returns all versions

    Returns
    -------
    GetModelStatusResponse

    Raises
    ------
    ServingError
        NOT_FOUND; there is no such model or version
    """
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, state, error in manager.states(name, number):
        response.model_version_status.add(
            version=version,
            state=state,
            status={
                "error_code": error.code if error else 0,
                "error_message": error.message if error else "",
            },
        )
    return response


def metadata(
    version: Version,
) -> tuple[model_pb2.ModelSpec, get_model_metadata_pb2.SignatureDefMap]:
    """Return the name and the signatures of a loaded version.

    Parameters
    ----------
    version : helpers.serving.server.version_policy.Version

    Returns
    -------
    ModelSpec
    SignatureDefMap
    """
    spec = model_pb2.ModelSpec(name=version.model.name)
    spec.version.value = version.number
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in version.servable.definitions.items():
        signatures.signature_def[name].CopyFrom(definition)
    return spec, signatures
