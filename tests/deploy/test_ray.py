"""deploy/ray is valid by the schemas of KubeRay, Kubernetes and Compose, and fits the program."""

import json
import re
import shlex
from pathlib import Path

import jsonschema
import pytest

from tests.deploy.kustomize import load
from tests.deploy.options import assert_understood, assert_variables
from tests.deploy.test_compose import validate as validate_compose

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "ray"
KUBERAY = json.loads(Path(__file__).with_name("kuberay.json").read_text())
KUBERNETES = json.loads(Path(__file__).with_name("kubernetes-1.33.json").read_text())
(CLUSTER,) = load(FOLDER / "cluster.yaml")
(JOB,) = load(FOLDER / "job.yaml")
(COMPOSE,) = load(FOLDER / "compose.yaml")
GROUPS = [CLUSTER["spec"]["headGroupSpec"], *CLUSTER["spec"]["workerGroupSpecs"]]
RELEASE = re.search(r"/ray:([\d.]+)-", (FOLDER / "Containerfile").read_text())[1]


def validate(one):
    schema = KUBERAY["kinds"][f"{one['apiVersion']} {one['kind']}"]
    together = {**schema, "$defs": {**KUBERNETES["$defs"], **KUBERAY["$defs"]}}
    jsonschema.Draft202012Validator(together).validate(one)


@pytest.mark.parametrize("one", [CLUSTER, JOB], ids=["cluster", "job"])
def test_it_is_valid(one):
    validate(one)


def test_a_mistake_is_seen():
    (wrong,) = load(FOLDER / "cluster.yaml")
    wrong["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["imagePullPolicies"] = "x"
    with pytest.raises(jsonschema.ValidationError, match="imagePullPolicies"):
        validate(wrong)


@pytest.mark.parametrize("group", GROUPS, ids=["head", "hosts"])
def test_a_pod_may_do_nothing_but_its_work(group):
    pod = group["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    for container in pod["containers"]:
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert "memory" in container["resources"]["limits"]
        names = [variable["name"] for variable in container["env"]]
        assert_variables(names)
        secret = next(one for one in container["env"] if one["name"] == "PGPASSWORD")
        assert secret["valueFrom"]["secretKeyRef"]["name"] == "snapshots"


def test_strangers_are_asked_for_a_token():
    assert CLUSTER["spec"]["authOptions"] == {"mode": "token"}
    for service in COMPOSE["services"].values():
        assert service["environment"]["RAY_AUTH_MODE"] == "token"


def test_all_have_one_release_of_ray():
    assert CLUSTER["spec"]["rayVersion"] == RELEASE
    assert GROUPS[0]["rayStartParams"]["num-cpus"] == "0"


def test_the_job_leads_to_the_cluster_and_is_understood():
    assert JOB["spec"]["clusterSelector"]["ray.io/cluster"] == CLUSTER["metadata"]["name"]
    assert JOB["metadata"]["namespace"] == CLUSTER["metadata"]["namespace"]
    program, command, given, *options = shlex.split(JOB["spec"]["entrypoint"])
    assert (program, given[:5]) == ("snapshots", "s3://")
    assert_understood(command, *options)


def test_compose_is_valid_by_the_specification(tmp_path):
    done = validate_compose(FOLDER / "compose.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((FOLDER / "compose.yaml").read_text().replace("healthcheck:", "healthchek:"))
    assert validate_compose(wrong).returncode == 1


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_service_is_locked_down(name):
    service = COMPOSE["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert_variables(service["environment"])
    assert "password" not in json.dumps(service).lower()
