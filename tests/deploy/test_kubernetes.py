"""deploy/kubernetes is valid by Kubernetes' own schemas, and locked down."""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.deploy.kustomize import build, load
from tests.deploy.options import assert_understood, assert_variables

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
SCHEMA = json.loads(Path(__file__).with_name("kubernetes-1.33.json").read_text())
BUILT = {folder: build(FOLDER / folder) for folder in ("base", "overlays/production")}
OBJECTS = [
    pytest.param(one, id=f"{folder}:{one['kind']}/{one['metadata']['name']}")
    for folder, objects in BUILT.items()
    for one in objects
]
BASE = {(one["kind"], one["metadata"]["name"]): one for one in BUILT["base"]}
PODS = {name: one["spec"]["template"] for (kind, name), one in BASE.items() if kind == "Deployment"}


def validate(one):
    kind = f"{one['apiVersion']} {one['kind']}"
    schema = {**SCHEMA["kinds"][kind], "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(one)


@pytest.mark.parametrize("one", OBJECTS)
def test_it_is_valid(one):
    validate(one)


def test_a_mistake_is_seen():
    wrong = build(FOLDER / "base")
    deployment = next(one for one in wrong if one["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["imagePullPolicies"] = "Always"
    with pytest.raises(jsonschema.ValidationError, match="imagePullPolicies"):
        validate(deployment)


@pytest.mark.parametrize("folder", BUILT)
def test_every_file_is_used(folder):
    (how,) = load(FOLDER / folder / "kustomization.yaml")
    files = {path.name for path in (FOLDER / folder).glob("*.yaml")} - {"kustomization.yaml"}
    assert files == {name for name in how["resources"] if name.endswith(".yaml")}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_nothing_but_its_work(name):
    pod = PODS[name]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
    enforced = BASE["Namespace", "snapshots"]["metadata"]["labels"]
    assert enforced["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", PODS)
def test_secrets_are_referred_to(name):
    assert not [kind for kind, _ in BASE if kind == "Secret"]
    for container in PODS[name]["spec"]["containers"]:
        (password,) = container["env"]
        assert password["valueFrom"]["secretKeyRef"]["name"] == "snapshots"


@pytest.mark.parametrize("name", PODS)
def test_the_command_line_is_understood(name):
    (container,) = PODS[name]["spec"]["containers"]
    assert_understood(*container["args"])
    configured = BASE["ConfigMap", "snapshots"]["data"]
    assert_variables([*configured, *(variable["name"] for variable in container["env"])])


@pytest.mark.parametrize("name", PODS)
def test_it_is_scaled_and_not_interrupted_at_once(name):
    scaled = BASE["HorizontalPodAutoscaler", name]["spec"]
    assert scaled["scaleTargetRef"]["name"] == name
    assert scaled["minReplicas"] < scaled["maxReplicas"]
    kept = BASE["PodDisruptionBudget", name]["spec"]["selector"]["matchLabels"]
    assert kept.items() <= PODS[name]["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("api", {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}),
        ("worker", {"startup": "/metrics", "liveness": "/metrics"}),
    ],
)
def test_it_is_asked_whether_it_lives(name, paths):
    (container,) = PODS[name]["spec"]["containers"]
    (port,) = container["ports"]
    probes = {
        key.removesuffix("Probe"): one["httpGet"]
        for key, one in container.items()
        if key.endswith("Probe")
    }
    assert {key: one["path"] for key, one in probes.items()} == paths
    assert {one["port"] for one in probes.values()} == {port["name"]}
    assert f"={port['containerPort']}" in " ".join(container["args"])


def test_the_service_leads_to_the_api():
    service = BASE["Service", "api"]["spec"]
    assert service["selector"].items() <= PODS["api"]["metadata"]["labels"].items()
    assert service["ports"][0]["targetPort"] == "http"


def test_all_that_passes_the_network_is_named():
    closed = BASE["NetworkPolicy", "nothing"]["spec"]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (web,) = BASE["NetworkPolicy", "urls"]["spec"]["egress"]
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"} <= set(
        web["to"][0]["ipBlock"]["except"]
    )
    assert {port["port"] for port in web["ports"]} == {80, 443}


def test_an_overlay_changes_what_it_says():
    made = {(one["kind"], one["metadata"]["name"]): one for one in BUILT["overlays/production"]}
    database = made["NetworkPolicy", "database"]["spec"]["egress"][0]["to"][0]["ipBlock"]["cidr"]
    assert database == "10.20.30.0/28"
    assert "sslmode=verify-full" in made["ConfigMap", "snapshots"]["data"]["SNAPSHOTS_DATABASE"]
    (container,) = made["Deployment", "worker"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.org/snapshots:0.1.0"
