"""Test that the manifest for KServe is valid, and that the schema finds mistakes."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from helpers.paths import ROOT
from helpers.serving.server import options as config
from tests.support.documents import changed

SCHEMA = json.loads((Path(__file__).parent / "kserve.schema.json").read_text(encoding="utf-8"))
MANIFEST = yaml.safe_load(
    (ROOT / "helpers/serving/rollout/kserve.yaml").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
MODEL = ("spec", "predictor", "model")


def test_the_manifest_is_valid():
    VALIDATOR.check_schema(SCHEMA)
    VALIDATOR.validate(MANIFEST)


@pytest.mark.parametrize("percent", [None, 0, 100])
def test_every_step_of_the_rollout_is_valid(percent):
    VALIDATOR.validate(changed(MANIFEST, ("spec", "predictor", "canaryTrafficPercent"), percent))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("apiVersion",), "serving.kserve.io/v1alpha1"),
        (("kind",), "inferenceservice"),
        (("metadata", "name"), "my_shop"),
        (("metadata", "name"), None),
        (("metadata", "annotations", "serving.kserve.io/deploymentMode"), "knative"),
        (("spec", "canaryTrafficPercent"), 10),
        (("spec", "predictor", "canaryTrafficPercent"), "10"),
        (("spec", "predictor", "canaryTrafficPercent"), 12.5),
        (("spec", "predictor", "canaryTrafficPercent"), 101),
        (("spec", "predictor", "canaryTraficPercent"), 10),
        (("spec", "predictor", "minReplicas"), "2"),
        (("spec", "predictor", "model"), None),
        ((*MODEL, "storageUri"), None),
        ((*MODEL, "storageUri"), "models/shop-2"),
        ((*MODEL, "storageURI"), "pvc://models/shop-2"),
        ((*MODEL, "modelFormat"), "tensorflow"),
        ((*MODEL, "modelFormat", "version"), 2),
        ((*MODEL, "runtime"), "tensorflow"),
        ((*MODEL, "runtimeVersion"), 2.2),
        ((*MODEL, "protocolVersion"), "v2"),
        ((*MODEL, "resources", "limits", "memory"), "2 GB"),
    ],
)
def test_a_mistake_is_found(path, value):
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(changed(MANIFEST, path, value))


def test_the_server_accepts_the_flags_of_kserves_runtime():
    options, ignored = config.parse(
        [
            f"--model_name={MANIFEST['metadata']['name']}",
            "--port=9000",
            "--rest_api_port=8080",
            "--model_base_path=/mnt/models",
            "--rest_api_timeout_in_ms=60000",
        ]
    )
    assert (options.model_name, options.model_base_path) == ("shop", "/mnt/models")
    assert (options.port, options.rest_api_port) == (9000, 8080)
    assert options.rest_api_timeout_in_ms == 60_000
    assert not ignored
