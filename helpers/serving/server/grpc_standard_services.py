"""Add the services of gRPC itself that TensorFlow Serving offers: reflection and health.

Reflection tells a client such as grpcurl the services and messages. Kubernetes asks health.
"""

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

SERVING = ("ModelService", "PredictionService")  # without a package, as TensorFlow Serving says it
REFLECTION_STREAMS = 4  # maximum number at the same time; others wait


class _Reflection(reflection.ReflectionServicer):
    def ServerReflectionInfo(self, request_iterator, context):
        return super().ServerReflectionInfo(request_iterator, context)

    # A stream occupies a thread for as long as the client keeps it open. So these are not the
    # threads that answer requests.
    ServerReflectionInfo.experimental_thread_pool = ThreadPoolExecutor(  # pyrefly: ignore
        REFLECTION_STREAMS, thread_name_prefix="reflection"
    )


def add_reflection(server: grpc.Server, names: list[str]) -> None:
    """Add the reflection service.

    Parameters
    ----------
    server : grpc.Server
    names : list of str
        the full names of the other services
    """
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
        _Reflection([*names, reflection.SERVICE_NAME]), server
    )


def add_health(server: grpc.Server) -> str:
    """Add the health service and return its full name.

    The status is SERVING for "" (the whole server) and for each name in SERVING. Other names are
    unknown. As in TensorFlow Serving, it does not depend on the states of the models.
    """
    servicer = health.HealthServicer()
    for name in SERVING:
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    return health.SERVICE_NAME
