"""What the chart makes: valid, restricted, and a configuration that the gateway loads."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from gateway.settings.load import load
from gateway.settings.model import Settings
from scripts.values_schema import TARGET, rendered
from tests.servers.certificates import Authority

from .chart import CHART, Manifest, Refused, helm, kind, only, pods, render, values

NAMES = ("minimal", "full", "bare")
CUSTOM = {"ServiceMonitor": "monitoring.coreos.com/v1", "HTTPRoute": "gateway.networking.k8s.io/v1"}


@pytest.fixture(scope="module", params=NAMES)
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    return render(request.param)


def settings_of(manifests: list[Manifest], directory: Path) -> Settings:
    """What the gateway makes of the rendered file, with the mounted files under ``directory``."""
    mounted = directory / "mounted"
    for name, content in (
        ("files/mail-ca/ca.crt", Authority(directory).ca_file.read_text()),
        ("secrets/imap-master/password", "masterpw"),
    ):
        (mounted / name).parent.mkdir(parents=True, exist_ok=True)
        (mounted / name).write_text(content)
    text = only(manifests, "ConfigMap")["data"]["gateway.toml"]
    path = directory / "gateway.toml"
    path.write_text(text.replace("/etc/imap-gateway", str(mounted)))
    return load(path, {})


@pytest.mark.parametrize("name", NAMES)
def test_lint(name: str) -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART, "--values", values(name))


def test_every_manifest_is_valid(manifests: list[Manifest]) -> None:
    for manifest in manifests:
        if manifest["kind"] in CUSTOM:
            assert manifest["apiVersion"] == CUSTOM[manifest["kind"]]
        else:
            kubernetes_validate.validate(manifest, "1.32", strict=True)


def test_everything_is_in_the_release_namespace(manifests: list[Manifest]) -> None:
    assert {manifest["metadata"]["namespace"] for manifest in manifests} == {"mail"}


def test_no_secret_is_made(manifests: list[Manifest]) -> None:
    assert not kind(manifests, "Secret")


def test_pods_are_restricted(manifests: list[Manifest]) -> None:
    """The "restricted" pod security standard, and a root file system that can't be written."""
    for pod in pods(manifests):
        assert pod["automountServiceAccountToken"] is False
        context = pod["securityContext"]
        assert (context["runAsNonRoot"], context["runAsUser"], context["runAsGroup"]) == (True, 65534, 65534)
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert not any("hostPath" in volume for volume in pod.get("volumes", []))
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_probes_use_the_management_port_alone(manifests: list[Manifest]) -> None:
    (container,) = only(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == "management"
    ports = {
        service["metadata"]["name"]: [port["name"] for port in service["spec"]["ports"]]
        for service in kind(manifests, "Service")
    }
    assert ports == {"gw-imap-gateway": ["http"], "gw-imap-gateway-management": ["management"]}


def test_a_pod_has_time_to_drain(manifests: list[Manifest], tmp_path: Path) -> None:
    pod = only(manifests, "Deployment")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > settings_of(manifests, tmp_path).server.drain_seconds


def test_selectors_find_the_pods(manifests: list[Manifest]) -> None:
    labels = only(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [only(manifests, "Deployment")["spec"]["selector"]["matchLabels"]]
    selectors += [service["spec"]["selector"] for service in kind(manifests, "Service")]
    selectors += [budget["spec"]["selector"]["matchLabels"] for budget in kind(manifests, "PodDisruptionBudget")]
    selectors += [policy["spec"]["podSelector"]["matchLabels"] for policy in kind(manifests, "NetworkPolicy")]
    assert all(selector.items() <= labels.items() for selector in selectors)


def test_secret_files_are_where_the_configuration_says(tmp_path: Path) -> None:
    manifests = render("full")
    (container,) = only(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
    text = only(manifests, "ConfigMap")["data"]["gateway.toml"]
    for path in re.findall(r'"(/etc/imap-gateway/(?:secrets|files)/[^"]+)"', text):
        assert str(Path(path).parent) in mounted


@pytest.mark.parametrize(("name", "replicas"), [("minimal", 2), ("bare", 1), ("full", 8)])
def test_the_configuration_loads(name: str, replicas: int, tmp_path: Path) -> None:
    settings = settings_of(render(name), tmp_path)
    assert settings.issuers[0].audience == "https://mail.example.org"
    assert settings.limits.replicas == replicas


def test_values_reach_the_configuration_unchanged() -> None:
    loaded = tomllib.loads(only(render("full"), "ConfigMap")["data"]["gateway.toml"])
    assert loaded["issuers"][0]["scopes"] == {"mail.read": "urn:example:read&list"}
    assert loaded["providers"][0]["auth"]["method"] == "master_user"
    assert loaded["server"]["drain_seconds"] == 12.5
    assert loaded["limits"]["message_bytes"] == 104_857_600
    assert loaded["limits"]["replicas"] == 8, "the autoscaler's maximum shares what the provider allows"


@pytest.mark.parametrize(
    "text", ['quo"te', "back\\slash", "<&>", "ünï", "new\nline", "# no comment", "{{ .Values }}", "'''"]
)
def test_no_text_escapes_from_its_value(text: str) -> None:
    manifests = render(
        "minimal",
        config__providers=[
            {"name": "example", "imap": {"host": text}, "auth": {"method": "pass_through"}, "username": text}
        ],
    )
    (provider,) = tomllib.loads(only(manifests, "ConfigMap")["data"]["gateway.toml"])["providers"]
    assert (provider["imap"]["host"], provider["username"]) == (text, text)


def test_a_changed_configuration_restarts_the_pods() -> None:
    def checksum(level: str) -> str:
        pod = only(render("minimal", config__log__level=level), "Deployment")["spec"]["template"]
        return str(pod["metadata"]["annotations"]["checksum/config"])

    assert checksum("info") != checksum("debug")
    assert checksum("info") == checksum("info")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("replicaCount", 3),
        ("replicas", 0),
        ("image__digest", "latest"),
        ("config__limits__conections_per_account", 3),
        ("config__limits__page_max", 0),
        ("config__log__level", "loud"),
        ("config__issuers", [{"issuer": "https://login.example.org"}]),
        ("config__issuers", []),
        ("config__server__bind", "0.0.0.0:1"),
        ("config__providers", [{"name": "Example!", "imap": {"host": "a"}, "auth": {"method": "pass_through"}}]),
        ("config__providers", [{"name": "example", "imap": {"host": "a"}, "auth": {"method": "none"}}]),
        ("existingSecrets", [{"name": "with space"}]),
        ("service__type", "ExternalName"),
        ("terminationGracePeriodSeconds", 20),
        ("ingress__enabled", True),
        ("httpRoute__enabled", True),
        ("autoscaling", {"enabled": True, "minReplicas": 9, "maxReplicas": 2}),
    ],
)
def test_bad_values_are_refused(path: str, value: object) -> None:
    with pytest.raises(Refused) as refused:
        render("minimal", **{path: value})
    assert path.split("__")[0] in str(refused.value)


def test_without_values_it_says_what_is_missing() -> None:
    with pytest.raises(Refused, match="an issuer and a provider"):
        helm("template", "gw", CHART)
    assert "0 chart(s) failed" in helm("lint", CHART)


def test_the_schema_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == rendered(), "run: python -m scripts.values_schema"


def test_every_value_has_a_place_in_the_schema() -> None:
    schema = json.loads(TARGET.read_text(encoding="utf-8"))
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert set(schema["properties"]) - {"global"} == set(defaults)
