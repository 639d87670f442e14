"""What the server says about its models: their states and their signatures."""

from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_pb2


def status(manager, name, number=None):
    """A GetModelStatusResponse, the highest version first."""
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


def metadata(version):
    """A ModelSpec and a SignatureDefMap of one version that is served."""
    spec = model_pb2.ModelSpec(name=version.model.name)
    spec.version.value = version.number
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in version.servable.definitions.items():
        signatures.signature_def[name].CopyFrom(definition)
    return spec, signatures
