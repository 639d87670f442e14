"""Test the command line and the configuration files."""

from dataclasses import fields

import pytest

from helpers.serving.protocol.errors import ServingError
from helpers.serving.server.options import WITHOUT_EFFECT, Options, parse
from helpers.serving.server.version_folders import Model

ONE = ["--model_base_path=/models/m"]


def options(*arguments):
    return parse([*ONE, *arguments])[0]


def test_one_model():
    found = parse(["--model_name=m", "--model_base_path", "/models/m", "--enable_batching"])[0]
    assert found.models() == [Model("m", "/models/m")]
    assert found.enable_batching
    assert (found.port, found.rest_api_port, found.host) == (8500, 0, "127.0.0.1")


def test_a_file_of_models(tmp_path):
    file = tmp_path / "models.config"
    file.write_text(
        """
        model_config_list {
          config { name: "a" base_path: "/models/a" model_platform: "tensorflow" }
          config {
            name: "b" base_path: "/models/b" model_platform: "tensorflow"
            model_version_policy { latest { num_versions: 3 } }
            version_labels { key: "stable" value: 4 }
          }
          config {
            name: "c" base_path: "/models/c" model_platform: "tensorflow"
            model_version_policy { specific { versions: 1 versions: 2 } }
          }
          config {
            name: "d" base_path: "/models/d" model_platform: "tensorflow"
            model_version_policy { all {} }
          }
        }
        """
    )
    assert parse([f"--model_config_file={file}"])[0].models() == [
        Model("a", "/models/a"),
        Model("b", "/models/b", "latest", 3, (("stable", 4),)),
        Model("c", "/models/c", "specific", frozenset({1, 2})),
        Model("d", "/models/d", "all"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model_config_list {", "Invalid protobuf file: "),
        ("models { }", "Invalid protobuf file: "),
        (None, "models.config: No such file or directory"),
        (
            'model_config_list { config { name: "a" base_path: "a" model_platform: "any" } }',
            "Expected model a to have an absolute path",
        ),
        (
            'model_config_list { config { name: "a" base_path: "gs://a" model_platform: "any" } }',
            "Model a: only local paths are served, not gs://a",
        ),
        (
            'model_config_list { config { name: "a" base_path: "/a" } }',
            "Illegal setting neither ModelServerConfig::model_type",
        ),
        (
            'model_config_list { config { name: "a" base_path: "/a" model_platform: "torch" } }',
            "Model a requests unsupported platform torch",
        ),
    ],
)
def test_invalid_files_are_refused(tmp_path, text, words):
    file = tmp_path / "models.config"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ServingError) as caught:
        parse([f"--model_config_file={file}"])[0].models()
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Both --model_base_path and --model_config_file are empty!"),
        ([*ONE, "--port=0"], "At least one of --port and --rest_api_port must be set."),
        ([*ONE, "--port=9", "--rest_api_port=9"], "both are 9"),
        ([*ONE, "--port=70000"], "--port must be from 0 to 65535, not 70000"),
        ([*ONE, "--batching_parameters_file=x"], "without setting server_options.enable_batching"),
    ],
)
def test_invalid_flags_are_refused(arguments, words):
    with pytest.raises(ServingError) as caught:
        parse(arguments)
    assert words in caught.value.message


def test_unknown_flags_and_values_are_refused(capsys):
    for wrong in ("--model_nam=x", "--port=many", "--enable_batching=perhaps"):
        with pytest.raises(SystemExit):
            parse([*ONE, wrong])
        assert wrong.split("=")[0] in capsys.readouterr().err


def test_flags_without_effect_are_accepted():
    assert parse([*ONE, "--num_load_threads=4"])[1] == ["num_load_threads"]


def test_batching_parameters(tmp_path):
    assert options().batching_options() is None
    file = tmp_path / "batching.config"
    file.write_text(
        "max_batch_size { value: 8 } batch_timeout_micros { value: 0 } "
        'thread_pool_name { value: "any" } allowed_batch_sizes: 4 allowed_batch_sizes: 8'
    )
    found = options("--enable_batching=true", f"--batching_parameters_file={file}")
    assert found.batching_options().max_batch_size == 8
    assert found.batching_options().allowed_batch_sizes == (4, 8)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ('prometheus_config { enable: true path: "/metrics" }', "/metrics"),
        ('prometheus_config { path: "/metrics" }', None),
    ],
)
def test_the_page_for_prometheus(tmp_path, text, path):
    file = tmp_path / "monitoring.config"
    file.write_text(text)
    assert options(f"--monitoring_config_file={file}").metrics_path() == path


FLAGS = """
allow_version_labels_for_unavailable_models batching_parameters_file enable_batching
enable_grpc_healthcheck_service enable_model_warmup enable_per_model_batching_parameters
enable_profiler enable_serialization_as_tensor_content enable_signature_method_name_check
file_system_poll_wait_seconds flush_filesystem_caches grpc_channel_arguments grpc_max_threads
grpc_socket_path load_retry_interval_micros max_num_load_retries mixed_precision model_base_path
model_config_file model_config_file_poll_wait_seconds model_name monitoring_config_file
num_load_threads num_request_iterations_for_warmup num_tflite_interpreters_per_pool
num_tflite_pools num_unload_threads per_process_gpu_memory_fraction platform_config_file port
prefer_tflite_model remove_unused_fields_from_bundle_metagraph rest_api_enable_cors_support
rest_api_num_threads rest_api_port rest_api_timeout_in_ms saved_model_tags skip_initialize_tpu
ssl_config_file tensorflow_inter_op_parallelism tensorflow_intra_op_parallelism
tensorflow_session_config_file tensorflow_session_parallelism thread_pool_factory_config_file
use_alts_credentials xla_cpu_compilation_enabled xla_gpu_compilation_enabled
""".split()  # noqa: SIM905, a list would take 47 lines


def test_flags_of_tensorflow_serving_never_stop_the_start():
    """Each flag in its main.cc is known, and each without an effect is reported."""
    known = {field.name for field in fields(Options)}
    assert [name for name in FLAGS if name not in known and name not in WITHOUT_EFFECT] == []
    flags = [f"--{name}=1" for name in WITHOUT_EFFECT]
    assert parse([*ONE, *flags])[1] == WITHOUT_EFFECT


def test_the_version_is_told_instead_of_a_start(capsys):
    with pytest.raises(SystemExit) as caught:
        parse(["--version"])
    assert caught.value.code == 0
    assert "TensorFlow Library: 2." in capsys.readouterr().out
