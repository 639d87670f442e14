"""Read the command line and the configuration files, with TensorFlow Serving's names."""

import argparse
import contextlib
import os
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from helpers.serving.protocol import text_messages
from helpers.serving.protocol.errors import invalid
from helpers.serving.server import batching
from helpers.serving.server.version_folders import Model

if TYPE_CHECKING:
    from tensorflow.core.protobuf.config_pb2 import ConfigProto

# Flags of TensorFlow Serving that this server accepts and logs, but does not use.
WITHOUT_EFFECT = """grpc_socket_path grpc_max_threads grpc_channel_arguments num_load_threads
num_unload_threads flush_filesystem_caches per_process_gpu_memory_fraction enable_profiler
remove_unused_fields_from_bundle_metagraph xla_cpu_compilation_enabled xla_gpu_compilation_enabled
skip_initialize_tpu enable_per_model_batching_parameters
rest_api_num_threads ssl_config_file tensorflow_session_config_file use_alts_credentials
platform_config_file prefer_tflite_model num_tflite_pools num_tflite_interpreters_per_pool
thread_pool_factory_config_file mixed_precision""".split()  # noqa: SIM905, a list would take 24 lines


LISTS = ("saved_model_tags", "allowed_base_paths")  # flags with values that commas separate
MAY_BE_EMPTY = ("saved_model_tags",)  # an empty value of these is a value


@dataclass(frozen=True)
class Options:
    """The flags of the server, with TensorFlow Serving's names and defaults.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the flags contradict each other
    """

    port: int = 8500
    rest_api_port: int = 0
    rest_api_timeout_in_ms: int = 30_000
    rest_api_enable_cors_support: bool = False
    model_name: str = "default"
    model_base_path: str = ""
    model_config_file: str = ""
    model_config_file_poll_wait_seconds: int = 0
    file_system_poll_wait_seconds: int = 1
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    allow_version_labels_for_unavailable_models: bool = False
    saved_model_tags: tuple[str, ...] = ("serve",)
    enable_batching: bool = False
    batching_parameters_file: str = ""
    enable_model_warmup: bool = True
    num_request_iterations_for_warmup: int = 0
    enable_signature_method_name_check: bool = False
    enable_serialization_as_tensor_content: bool = False
    monitoring_config_file: str = ""
    enable_grpc_healthcheck_service: bool = False
    tensorflow_session_parallelism: int = 0
    tensorflow_intra_op_parallelism: int = 0
    tensorflow_inter_op_parallelism: int = 0
    # TensorFlow Serving does not have these.
    host: str = "127.0.0.1"
    own_user_only: bool = False
    allow_config_reload: bool = True
    allowed_base_paths: tuple[str, ...] = ()
    allow_links_out_of_base_path: bool = False
    gate: bool = False
    rest_api_max_body_bytes: int = 64 * 2**20
    servable_versions_always_present: bool = False
    request_threads: int = 0

    def __post_init__(self) -> None:
        if not self.port and not self.rest_api_port:
            raise invalid("At least one of --port and --rest_api_port must be set.")
        if self.port == self.rest_api_port:
            raise invalid("--rest_api_port must be different from --port; both are ", self.port)
        for name in ("port", "rest_api_port"):
            if not 0 <= getattr(self, name) < 2**16:
                raise invalid(f"--{name} must be from 0 to 65535, not {getattr(self, name)}")
        if not self.model_base_path and not self.model_config_file:
            raise invalid("Both --model_base_path and --model_config_file are empty!")
        if self.batching_parameters_file and not self.enable_batching:
            raise invalid(
                "server_options.batching_parameters_file is set without setting "
                "server_options.enable_batching to true."
            )

    def models(self) -> list[Model]:
        """Return the models to serve; reads the configuration file if there is one.

        Raises
        ------
        ServingError
            INVALID_ARGUMENT; the file cannot be read or is not valid
        """
        if not self.model_config_file:
            config = ModelServerConfig()
            config.model_config_list.config.add(
                name=self.model_name, base_path=self.model_base_path, model_platform="tensorflow"
            )
        else:
            config = _read(self.model_config_file, ModelServerConfig())
        return models_of(config)

    def session_config(self, name: str, number: int) -> "ConfigProto":
        """Return the session settings of one version.

        Parameters
        ----------
        name : str
            the model
        number : int
            the version

        Returns
        -------
        ConfigProto
        """
        from tensorflow.core.protobuf.config_pb2 import ConfigProto  # this import takes seconds

        intra = self.tensorflow_intra_op_parallelism or self.tensorflow_session_parallelism
        inter = self.tensorflow_inter_op_parallelism or self.tensorflow_session_parallelism
        config = ConfigProto(intra_op_parallelism_threads=intra, inter_op_parallelism_threads=inter)
        config.experimental.session_metadata.name = name
        config.experimental.session_metadata.version = number
        return config

    def batching_options(self) -> batching.Options | None:
        """Return the parameters of batching, or None if batching is off.

        Raises
        ------
        ServingError
            INVALID_ARGUMENT; the file with the parameters is not valid
        """
        if not self.enable_batching:
            return None
        message = text_messages.BatchingParameters()
        if self.batching_parameters_file:
            _read(self.batching_parameters_file, message)
        names = {field.name for field in fields(batching.Options)}
        given = {
            field.name: getattr(value, "value", value)
            for field, value in message.ListFields()
            if field.name in names
        }
        if "allowed_batch_sizes" in given:
            given["allowed_batch_sizes"] = tuple(given["allowed_batch_sizes"])
        return batching.Options(**given)

    def metrics_path(self) -> str | None:
        """Return the path of the page for Prometheus, or None if the page is off.

        Raises
        ------
        ServingError
            INVALID_ARGUMENT; the file with the monitoring configuration is not valid
        """
        if not self.monitoring_config_file:
            return None
        found = _read(self.monitoring_config_file, text_messages.MonitoringConfig())
        if not found.prometheus_config.enable:
            return None
        return found.prometheus_config.path or "/monitoring/prometheus/metrics"


def _read(file, message):
    """Read a file in protobuf's text format into a message."""
    try:
        return text_format.Parse(Path(file).read_text(), message)
    except OSError as error:
        raise invalid(f"{file}: {error.strerror}") from None
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise invalid(f"Invalid protobuf file: '{file}' ({error})") from None


def models_of(config: ModelServerConfig, known: Collection[str] = ()) -> list[Model]:
    """Return the models in a configuration.

    Parameters
    ----------
    config : ModelServerConfig
    known : collection of str
        the names of the models that the server has already

    Returns
    -------
    list of Model

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; TensorFlow Serving refuses this configuration, too, except that it also
        reads from remote file systems
    """
    kind = config.WhichOneof("config")
    if kind == "custom_model_config":
        raise invalid("Missing custom_model_config_loader in ServerCore Options")
    entries = config.model_config_list.config
    _check_names_and_paths(entries)
    for entry in sorted(entries, key=lambda entry: entry.name not in known):
        _check_platform(entry, known)
    return [_model(entry) for entry in entries]


def _check_names_and_paths(entries):
    names = set()
    for entry in entries:
        if entry.name in names:
            raise invalid(f"Illegal to list model {entry.name} multiple times in config list")
        names.add(entry.name)
    for entry in entries:
        if "://" in entry.base_path:
            raise invalid(f"Model {entry.name}: only local paths are served, not {entry.base_path}")
        if not os.path.isabs(entry.base_path):
            raise invalid(
                f"Expected model {entry.name} to have an absolute path or URI; got base_path()="
                f"{entry.base_path}"
            )


def _check_platform(entry, known):
    if entry.model_type and entry.model_platform:
        raise invalid(
            "Illegal setting both ModelServerConfig::model_type (deprecated) and "
            f"ModelServerConfig::model_platform, model name is {entry.name}"
        )
    if entry.model_type not in (0, 1):
        raise invalid(f"ModelServerConfig::model_type choice {entry.model_type} not supported.")
    platform = "tensorflow" if entry.model_type else entry.model_platform
    if not platform:
        raise invalid(
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
            f"ModelServerConfig::model_platform, model name is {entry.name}"
        )
    if platform != "tensorflow" and entry.name in known:
        raise invalid(
            f"Illegal to change a model's platform. For model {entry.name} platform was tensorflow "
            f"and new platform requested is {platform}"
        )
    if platform != "tensorflow":
        raise invalid(f"Model {entry.name} requests unsupported platform {platform}")


def _model(entry):
    policy = entry.model_version_policy
    kind = policy.WhichOneof("policy_choice") or "latest"
    versions = 1
    if kind == "latest":
        versions = max(policy.latest.num_versions, 1)
    elif kind == "specific":
        versions = frozenset(policy.specific.versions)
    labels = tuple(sorted(entry.version_labels.items()))
    return Model(entry.name, entry.base_path, kind, versions, labels)


def parse(arguments: list[str]) -> tuple[Options, list[str]]:
    """Parse a command line.

    Parameters
    ----------
    arguments : list of str
        without the name of the program

    Returns
    -------
    Options
    list of str
        the names of the given flags that have no effect

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the flags contradict each other
    SystemExit
        a flag is unknown or its value has the wrong type; the message is on standard error
    """
    parser = argparse.ArgumentParser(
        prog="python -m helpers.serving",
        usage="%(prog)s --model_name=NAME --model_base_path=PATH [--FLAG=VALUE ...]",
        description="A model server with TensorFlow Serving's protocol.",
        allow_abbrev=False,
    )
    for field in fields(Options):
        if field.name in LISTS:
            parser.add_argument(f"--{field.name}", default=",".join(getattr(Options, field.name)))
        elif field.type is bool:
            parser.add_argument(
                f"--{field.name}", type=_boolean, nargs="?", const=True, default=field.default
            )
        else:
            parser.add_argument(f"--{field.name}", type=field.type, default=field.default)
    parser.add_argument("--version", type=_boolean, nargs="?", const=True, default=False)
    for name in WITHOUT_EFFECT:
        parser.add_argument(f"--{name}", nargs="?", const=True, dest=f"ignored_{name}")
    found = vars(parser.parse_args(arguments))
    if found.pop("version"):
        print(_versions())
        parser.exit()
    ignored: list[str] = [
        name for name in WITHOUT_EFFECT if found.pop(f"ignored_{name}") is not None
    ]
    for name in LISTS:
        found[name] = tuple(part for part in found[name].split(",") if part or name in MAY_BE_EMPTY)
    return Options(**found), ignored


def _versions():
    """Return the two lines of --version; TensorFlow is not imported for them."""
    from importlib import metadata

    for name in ("tensorflow-cpu", "tensorflow"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found = metadata.version(name)
            return f"The course's own model server\nTensorFlow Library: {found}"
    return "The course's own model server\nTensorFlow Library: not installed"


def _boolean(text):
    if text.lower() in ("true", "1"):
        return True
    if text.lower() in ("false", "0"):
        return False
    raise argparse.ArgumentTypeError(f"expected true or false, found {text!r}")
