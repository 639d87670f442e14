"""Test that the files for Docker Compose and Kubernetes are valid, and that mistakes are found."""

import json
import re
from importlib import util
from pathlib import Path

import jsonschema
import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from helpers.paths import ROOT
from helpers.serving.server import options as config
from tests.support.documents import changed

FOLDER = ROOT / "helpers/serving/rollout"


def read(name):
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def validator(name):
    schema = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


(COMPOSE,) = read("compose.yaml")
CLUSTER = {(one["kind"], one["metadata"]["name"]): one for one in read("kubernetes.yaml")}
COMPOSE_SCHEMA, CLUSTER_SCHEMA = (
    validator("compose.schema.json"),
    validator("kubernetes.schema.json"),
)
SERVING, ROUTER = COMPOSE["services"]["serving"], COMPOSE["services"]["router"]
DEPLOYMENTS = [one for (kind, _), one in CLUSTER.items() if kind == "Deployment"]
(ROUTE,) = (one for (kind, _), one in CLUSTER.items() if kind == "HTTPRoute")


def container(deployment):
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    return found


def test_the_files_are_valid():
    COMPOSE_SCHEMA.validate(COMPOSE)
    for one in CLUSTER.values():
        CLUSTER_SCHEMA.validate(one)
    kinds = sorted(kind for kind, _ in CLUSTER)
    assert kinds == ["Deployment", "Deployment", "HTTPRoute", "Service", "Service"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "serving", "image"), "tensorflow/serving"),
        (("services", "serving", "image"), "tensorflow/serving:latest"),
        (("services", "serving", "ports"), ["8501:8501"]),
        (("services", "serving", "ports"), ["0.0.0.0:8501:8501"]),
        (("services", "serving", "ports"), [8501]),
        (("services", "serving", "volumes"), ["./shop:/models/shop"]),
        (("services", "router", "command"), "python -m helpers.serving.rollout"),
        (("services", "router", "dependson"), ["serving"]),
        (("services", "router", "restart"), "on-success"),
        (("services", "router", "environment"), {"PYTHONUNBUFFERED": 1}),
        (("configs", "models"), {"file": "models.config"}),
        (("services",), None),
    ],
)
def test_a_mistake_in_compose_is_found(path, value):
    with pytest.raises(jsonschema.ValidationError):
        COMPOSE_SCHEMA.validate(changed(COMPOSE, path, value))


CONTAINER = ("spec", "template", "spec", "containers", 0)
BACKEND = ("spec", "rules", 0, "backendRefs", 1)
SERVICE = CLUSTER["Service", "shop-2"]


@pytest.mark.parametrize(
    ("original", "path", "value"),
    [
        (DEPLOYMENTS[0], ("apiVersion",), "v1"),
        (DEPLOYMENTS[0], ("metadata", "name"), "Shop_1"),
        (DEPLOYMENTS[0], ("spec", "replicas"), "2"),
        (DEPLOYMENTS[0], ("spec", "selector"), {"app": "shop"}),
        (DEPLOYMENTS[0], ("spec", "selector", "matchLabels", "version"), 1),
        (DEPLOYMENTS[0], (*CONTAINER, "image"), "tensorflow/serving:latest"),
        (DEPLOYMENTS[0], (*CONTAINER, "args"), ["--model_name", "shop"]),
        (DEPLOYMENTS[0], (*CONTAINER, "readinessProbe"), None),
        (DEPLOYMENTS[0], (*CONTAINER, "readinessProbe"), {"httpGet": {"port": 8501}}),
        (DEPLOYMENTS[0], (*CONTAINER, "livenessProbe", "grpc", "port"), "grpc"),
        (DEPLOYMENTS[0], (*CONTAINER, "startupProbe", "failureTreshold"), 60),
        (DEPLOYMENTS[0], (*CONTAINER, "resources", "limits", "memory"), "2 GB"),
        (DEPLOYMENTS[0], (*CONTAINER, "volumeMounts", 0, "readOnly"), False),
        (SERVICE, ("spec", "selector"), None),
        (SERVICE, ("spec", "ports", 0, "port"), 85010),
        (ROUTE, ("apiVersion",), "gateway.networking.k8s.io/v1beta1"),
        (ROUTE, ("spec", "parentRefs"), None),
        (ROUTE, (*BACKEND, "weight"), "10"),
        (ROUTE, (*BACKEND, "weight"), -1),
        (ROUTE, (*BACKEND, "weights"), 10),
        (ROUTE, (*BACKEND, "port"), None),
    ],
)
def test_a_mistake_in_the_manifest_is_found(original, path, value):
    with pytest.raises(jsonschema.ValidationError):
        CLUSTER_SCHEMA.validate(changed(original, path, value))


def test_every_reference_in_the_manifest_leads_to_something():
    for deployment in DEPLOYMENTS:
        template = deployment["spec"]["template"]
        service = CLUSTER["Service", deployment["metadata"]["name"]]
        labels = template["metadata"]["labels"]
        assert labels == deployment["spec"]["selector"]["matchLabels"]
        assert labels == service["spec"]["selector"]
        ports = {port["name"]: port["containerPort"] for port in container(deployment)["ports"]}
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container(deployment)[probe]["grpc"]["port"] == ports["grpc"]
        volumes = {volume["name"] for volume in template["spec"]["volumes"]}
        assert {mount["name"] for mount in container(deployment)["volumeMounts"]} == volumes
    labels = [one["spec"]["selector"]["matchLabels"] for one in DEPLOYMENTS]
    assert labels[0] != labels[1]
    (rule,) = ROUTE["spec"]["rules"]
    for backend in rule["backendRefs"]:
        service = CLUSTER["Service", backend["name"]]
        assert backend["port"] in [port["port"] for port in service["spec"]["ports"]]
    assert [backend["weight"] for backend in rule["backendRefs"]] == [90, 10]


def test_the_route_matches_the_paths_of_requests():
    """The Gateway API compares a prefix element by element: /a matches /a/b, and not /a:b."""
    (match,) = ROUTE["spec"]["rules"][0]["matches"]
    assert match["path"]["type"] == "PathPrefix"
    prefix = match["path"]["value"].strip("/").split("/")
    (name,) = {mounts["mountPath"] for mounts in container(DEPLOYMENTS[0])["volumeMounts"]}
    request = f"/v1/models/{name.rpartition('/')[2]}:predict".strip("/").split("/")
    assert request[: len(prefix)] == prefix


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["metadata"]["name"])
def test_the_server_accepts_the_flags_of_the_manifest(deployment):
    given, _ = config.parse([*container(deployment)["args"], "--port=8500", "--rest_api_port=8501"])
    assert given.model_name == "shop"
    (mount,) = container(deployment)["volumeMounts"]
    assert mount["mountPath"] == given.model_base_path
    # TensorFlow Serving has no health service without this flag, so that all probes would fail.
    assert "--enable_grpc_healthcheck_service=true" in container(deployment)["args"]


def test_the_server_accepts_the_flags_and_the_configuration_of_compose(tmp_path):
    given, _ = config.parse([*SERVING["command"], "--port=8500", "--rest_api_port=8501"])
    (mounted,) = SERVING["configs"]
    assert mounted["target"] == given.model_config_file
    content = COMPOSE["configs"][mounted["source"]]["content"]
    (model,) = config.models_of(text_format.Parse(content, ModelServerConfig()))
    (volume,) = SERVING["volumes"]
    assert model.base_path == volume.split(":")[-2]
    assert f"--model={model.name}" in ROUTER["command"]
    assert dict(model.labels) == {"stable": 1, "canary": 2}
    # TensorFlow Serving compares labels with loaded versions before it loads the first one.
    assert given.allow_version_labels_for_unavailable_models


def test_the_router_of_compose_reaches_the_server_and_is_reached():
    assert f"--server=http://serving:{SERVING['ports'][1].rpartition(':')[2]}" in ROUTER["command"]
    assert f"--port={ROUTER['ports'][0].rpartition(':')[2]}" in ROUTER["command"]
    assert ROUTER["depends_on"] == ["serving"]
    source, target, _ = ROUTER["volumes"][0].split(":")
    assert (FOLDER / source).resolve() == ROOT
    assert target == ROUTER["working_dir"]


def test_the_page_names_what_exists():
    page = (ROOT / "docs/beyond_one_machine.md").read_text(encoding="utf-8")
    for module in re.findall(r"python -m ([\w.]+)", page):
        assert util.find_spec(module), module
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", page) if "://" not in link]
    assert len(links) >= 4
    for link in links:
        assert (ROOT / "docs" / link).is_file(), link
    for flag in re.findall(r"`--([a-z_]{5,})(?:=[^`]*)?`", page):
        assert flag == "max_error_rate" or f"--{flag}" in known_flags(), flag


def known_flags():
    fields = {f"--{name}" for name in config.Options.__dataclass_fields__}
    return fields | {f"--{name}" for name in config.WITHOUT_EFFECT}


def test_every_file_names_one_version_of_tensorflow_serving():
    (kserve,) = read("kserve.yaml")
    versions = {kserve["spec"]["predictor"]["model"]["runtimeVersion"]}
    versions |= {container(deployment)["image"].partition(":")[2] for deployment in DEPLOYMENTS}
    versions.add(SERVING["image"].partition(":")[2])
    lesson = (ROOT / "solutions/08_serving.py").read_text(encoding="utf-8")
    versions |= set(re.findall(r"tensorflow/serving:([\w.]+)", lesson))
    workflow = (ROOT / ".github/workflows/tensorflow-serving.yml").read_text(encoding="utf-8")
    versions |= set(re.findall(r"inputs\.tag \|\| '([\w.]+)'", workflow))
    page = (ROOT / "docs/beyond_one_machine.md").read_text(encoding="utf-8")
    versions |= set(re.findall(r"tensorflow/serving:([\w.]+)", page))
    assert versions == {"2.20.0"}
