"""deploy/kustomize: valid by Kubernetes' own schemas, closed, bounded, the same commands and settings as compose."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cityops.settings import Settings
from cityops.settings_check import leaves, variable
from tests.fakes.commands import must_be_a_command
from tests.fakes.compose import ROOT, load, secret_files

FOLDER = ROOT / "deploy" / "kustomize"
COMPOSE: dict[str, dict[str, Any]] = load()["services"]
VERSION = "1.36"
"""Of Kubernetes, by whose schemas the manifests are judged: strictly, so that a misspelt field is one too many."""
OVERLAYS = ("small", "large")
OURS = {"migrate", "ingest", "rules", "notify", "api", "backup"}
OWN = {
    "CITYOPS_API__CERTIFICATES", "CITYOPS_API__TRUSTED_PROXIES", "CITYOPS_PROVISIONING__BROKER_CA", "CITYOPS_PROVISIONING__HOST",
}  # fmt: skip
OURS = {"migrate", "ingest", "rules", "notify", "fleet", "api", "backup"}
KINDS_WITH_PODS = {"Deployment", "StatefulSet", "Job", "CronJob"}


def _read(file: Path) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    return [d for d in yaml.load_all(text, yaml.CSafeLoader) if d is not None]


FILES = [p for p in sorted(FOLDER.rglob("*.yaml")) if p.name != "kustomization.yaml"]
BASE = [d for f in FILES if f.parent.name == "base" for d in _read(f)]


def _rendered(overlay: str) -> list[dict[str, Any]]:
    program = shutil.which("kustomize"), shutil.which("kubectl")
    if program == (None, None):
        pytest.skip("neither kustomize nor kubectl on this machine")
    command = [program[0], "build"] if program[0] else [str(program[1]), "kustomize"]
    done = subprocess.run([*command, str(FOLDER / "overlays" / overlay)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [d for d in yaml.safe_load_all(done.stdout) if d is not None]


def _pods(documents: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield name, workload and pod of each workload."""
    for one in documents:
        if one["kind"] in KINDS_WITH_PODS:
            spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
            yield one["metadata"]["name"], one, spec["template"]


PODS = [pytest.param(one, pod, id=name) for name, one, pod in _pods(BASE)]
EACH = pytest.mark.parametrize(("one", "pod"), PODS)


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]


@pytest.mark.parametrize("file", FILES, ids=[f"{f.parent.name}/{f.name}" for f in FILES])
def test_manifests_fit_the_schemas_of_kubernetes(file: Path) -> None:
    for one in _read(file):
        kubernetes_validate.validate(one, VERSION, strict=True)


def test_the_schemas_find_what_is_wrong() -> None:
    one = next(d for d in BASE if d["kind"] == "StatefulSet")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(one | {"spec": one["spec"] | {"replica": 2}}, VERSION, strict=True)


def test_every_file_is_named_and_every_name_is_a_file() -> None:
    for kustomization in FOLDER.rglob("kustomization.yaml"):
        named = yaml.safe_load(kustomization.read_text())["resources"]
        assert all((kustomization.parent / name).exists() for name in named)
        there = {p.name for p in kustomization.parent.glob("*.yaml")} - {"kustomization.yaml"}
        assert there <= set(named)
    files = yaml.safe_load((ROOT / "deploy/mosquitto/kustomization.yaml").read_text())["configMapGenerator"][
        0
    ]["files"]
    assert all((ROOT / "deploy" / "mosquitto" / name).is_file() for name in files)


def test_all_services_are_there() -> None:
    assert {name for name, _, _ in _pods(BASE)} == OURS | {"broker"}


@EACH
def test_a_pod_has_no_rights_it_does_not_need(one: dict[str, Any], pod: dict[str, Any]) -> None:
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert not [v for v in spec["volumes"] if "hostPath" in v]
    for container in _containers(pod):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@EACH
def test_a_pod_is_bounded_and_pinned(one: dict[str, Any], pod: dict[str, Any]) -> None:
    for container in _containers(pod):
        assert set(container["resources"]["limits"]) == {"cpu", "memory"}
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert container["image"] == "cityops" or re.search(r":\d+\.\d+\.\d+", container["image"])
    for volume in pod["spec"]["volumes"]:
        assert "emptyDir" not in volume or volume["emptyDir"]["sizeLimit"]
    assert pod["spec"]["terminationGracePeriodSeconds"] >= 40 or one["kind"] in {"Job", "CronJob"}


@EACH
def test_what_stays_is_asked_and_what_ends_is_bounded(one: dict[str, Any], pod: dict[str, Any]) -> None:
    container = pod["spec"]["containers"][0]
    probes = {key for key in container if key.endswith("Probe")}
    if one["kind"] in {"Job", "CronJob"}:
        spec = one["spec"].get("jobTemplate", one)["spec"]
        assert {"backoffLimit", "activeDeadlineSeconds"} <= set(spec)
        assert pod["spec"]["restartPolicy"] in {"Never", "OnFailure"}
        return
    assert probes == {"startupProbe", "livenessProbe", "readinessProbe"}
    names = {port["name"] for port in container["ports"]}
    for probe in probes:
        how = container[probe]
        assert (how.get("httpGet") or how["tcpSocket"])["port"] in names
        # A database that is away is no reason to start again: only readiness may depend on it.
        assert probe == "readinessProbe" or how.get("httpGet", {}).get("path", "/healthz") == "/healthz"


@EACH
def test_volumes_are_what_is_mounted(one: dict[str, Any], pod: dict[str, Any]) -> None:
    made = {v["name"] for v in pod["spec"]["volumes"]}
    made |= {t["metadata"]["name"] for t in one["spec"].get("volumeClaimTemplates", [])}
    assert made == {m["name"] for c in _containers(pod) for m in c["volumeMounts"]}
    claims = {d["metadata"]["name"] for d in BASE if d["kind"] == "PersistentVolumeClaim"}
    asked = [
        v["persistentVolumeClaim"]["claimName"]
        for v in pod["spec"]["volumes"]
        if "persistentVolumeClaim" in v
    ]
    assert set(asked) <= claims


def _secrets(pod: dict[str, Any]) -> dict[str, str]:
    """Return the keys of the Secret ``cityops`` by the file that each is, as compose names them."""
    return {
        item["path"]: item["key"]
        for volume in pod["spec"]["volumes"]
        if volume.get("secret", {}).get("secretName") == "cityops"
        for item in volume["secret"]["items"]
    }


@EACH
def test_commands_settings_and_secrets_are_those_of_compose(one: dict[str, Any], pod: dict[str, Any]) -> None:
    name = one["metadata"]["name"]
    container = pod["spec"]["containers"][0]
    if name == "broker":
        assert container["image"] == COMPOSE["broker"]["image"]
        assert container["command"] == COMPOSE["broker"]["command"]
        assert pod["spec"]["initContainers"][0]["command"] == COMPOSE["broker-users"]["command"]
        assert _secrets(pod) == secret_files(COMPOSE["broker-users"]) | secret_files(COMPOSE["logins"])
        return
    assert container["args"] == COMPOSE[name]["command"]
    must_be_a_command(container["args"])
    _settings_are_those_of_compose(container, name)
    wanted = {
        t: s for t, s in secret_files(COMPOSE[name]).items() if not s.startswith(("mqtt_server", "mqtt_ca"))
    }
    assert _secrets(pod) == wanted


def _settings_are_those_of_compose(container: dict[str, Any], name: str) -> None:
    settings = next(d for d in BASE if d["kind"] == "ConfigMap")["data"]
    given = settings | {e["name"]: e["value"] for e in container.get("env", [])}
    assert set(given) <= {variable(path) for path in leaves(Settings)}
    # Where a file is, and which proxies there are, is each world's own.
    there = {k: v for k, v in COMPOSE[name].get("environment", {}).items() if k not in OWN}
    assert {k: given[k] for k in there} == there


def test_the_broker_s_logins_are_kept_beside_it_as_in_compose() -> None:
    """By the same command, in the same file, as the file's owner; and no trouble of the database's is the broker's."""
    pod = next(pod for name, _, pod in _pods(BASE) if name == "broker")["spec"]
    broker, keeper = pod["containers"]
    assert (broker["name"], keeper["name"]) == ("broker", "logins")
    assert keeper["args"] == COMPOSE["logins"]["command"]
    must_be_a_command(keeper["args"])
    _settings_are_those_of_compose(keeper, "logins")
    mounts = {c["name"]: {m["mountPath"]: m for m in c["volumeMounts"]} for c in (broker, keeper)}
    file = {e["name"]: e["value"] for e in keeper["env"]}["CITYOPS_PROVISIONING__LOGIN_FILE"]
    shared = mounts["logins"][file.rsplit("/", 1)[0]]
    assert shared == mounts["broker"][shared["mountPath"]]
    assert "readOnly" not in shared
    assert broker["command"][:2] == ["sh", "/etc/cityops/watch.sh"], "has the broker read it again"
    assert mounts["logins"]["/run/secrets"]["name"] == "database"
    assert "database" not in {m["name"] for m in broker["volumeMounts"]}
    ports = {p["name"]: p["containerPort"] for p in keeper["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert keeper[probe]["httpGet"]["path"] == "/healthz"
        assert ports[keeper[probe]["httpGet"]["port"]] == int(
            COMPOSE["logins"]["environment"]["CITYOPS_PROVISIONING__HEALTH_PORT"]
        )


def test_nothing_reaches_anything_unless_it_is_named() -> None:
    policies = {d["metadata"]["name"]: d["spec"] for d in BASE if d["kind"] == "NetworkPolicy"}
    assert policies["nothing-unless-named"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    outward = [n for n, s in policies.items() for e in s.get("egress", []) for t in e["to"] if "ipBlock" in t]
    assert outward == ["notify-outward"]
    anywhere = [(n, i["ports"]) for n, s in policies.items() for i in s.get("ingress", []) if "from" not in i]
    assert anywhere == [("broker", [{"port": 8883}])]
    for overlay in OVERLAYS:
        found = _read(FOLDER / "overlays" / overlay / "database.yaml")[0]["spec"]
        assert set(found["podSelector"]["matchExpressions"][0]["values"]) == OURS | {"broker"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlays_build_what_is_valid(overlay: str) -> None:
    documents = _rendered(overlay)
    for one in documents:
        kubernetes_validate.validate(one, VERSION, strict=True)
        assert one["kind"] == "Namespace" or one["metadata"]["namespace"] == "cityops"
    workloads = {name: (one, pod) for name, one, pod in _pods(documents)}
    replicas = {name: one["spec"].get("replicas") for name, (one, _) in workloads.items()}
    assert (replicas["rules"], replicas["notify"], replicas["fleet"], replicas["broker"]) == (1, 1, 1, 1)
    assert (replicas["ingest"], replicas["api"]) == {"small": (1, 1), "large": (4, 3)}[overlay]
    for _, pod in workloads.values():
        for container in _containers(pod):
            assert re.search(r":\d+\.\d+\.\d+|@sha256:", container["image"]), container["image"]
    budgets = {d["metadata"]["name"]: d["spec"] for d in documents if d["kind"] == "PodDisruptionBudget"}
    for name, budget in budgets.items():  # a node can always be drained
        assert budget.get("minAvailable", 0) < replicas[name]
        assert budget.get("maxUnavailable", 1) >= 1
    config = {d["metadata"]["name"] for d in documents if d["kind"] == "ConfigMap"}
    asked = {
        v["configMap"]["name"]
        for _, p in workloads.values()
        for v in p["spec"]["volumes"]
        if "configMap" in v
    }
    assert asked <= config


def test_secrets_are_those_that_pods_ask_for(tmp_path: Path) -> None:
    subprocess.run(
        [ROOT / "deploy/secrets.sh", tmp_path / "s", tmp_path / ".env"], check=True, capture_output=True
    )
    environment = {**os.environ, "SECRETS": str(tmp_path / "s")}
    done = subprocess.run(
        [FOLDER / "secrets.sh"], env=environment, capture_output=True, text=True, check=True
    )
    made = {d["metadata"]["name"]: d for d in yaml.safe_load_all(done.stdout)}
    for one in made.values():
        kubernetes_validate.validate(one, VERSION, strict=True)
    asked = {key for _, _, pod in _pods(BASE) for key in _secrets(pod).values()}
    assert asked == set(made["cityops"]["data"])
    for name, value in made["cityops"]["data"].items():
        assert base64.b64decode(value) == (tmp_path / "s" / name).read_bytes()
    assert set(made["broker-tls"]["data"]) == {"tls.crt", "tls.key"}
    assert "ca.key" not in done.stdout
