"""Who may talk to the gateway, and to whom it may talk."""

from __future__ import annotations

from .chart import Manifest, kind, only, render


def ports(rule: Manifest) -> set[object]:
    return {port["port"] for port in rule["ports"]}


def test_metrics_are_for_monitoring_only() -> None:
    policy = only(render("minimal"), "NetworkPolicy")["spec"]
    (rule,) = [rule for rule in policy["ingress"] if "management" in ports(rule)]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


def test_no_monitoring_no_way_in() -> None:
    policy = only(render("minimal", networkPolicy__monitoringFrom=[]), "NetworkPolicy")["spec"]
    assert [ports(rule) for rule in policy["ingress"]] == [{"http"}]


def test_the_api_can_be_kept_to_the_ingress() -> None:
    policy = only(render("full"), "NetworkPolicy")["spec"]
    (rule,) = [rule for rule in policy["ingress"] if "http" in ports(rule)]
    assert {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}} in rule["from"]


def test_the_way_out_is_dns_imap_and_https() -> None:
    policy = only(render("minimal"), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert [ports(rule) for rule in policy["egress"]] == [{53}, {143, 993}, {443}]


def test_imap_can_be_kept_to_one_network() -> None:
    policy = only(render("full"), "NetworkPolicy")["spec"]
    (rule,) = [rule for rule in policy["egress"] if ports(rule) == {143}]
    assert rule["to"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]


def test_routes_lead_to_the_api_only() -> None:
    manifests = render("full")
    (host,) = only(manifests, "Ingress")["spec"]["rules"]
    (path,) = host["http"]["paths"]
    assert path["backend"]["service"] == {"name": "gw-imap-gateway", "port": {"name": "http"}}
    (rule,) = only(manifests, "HTTPRoute")["spec"]["rules"]
    assert [(ref["name"], ref["port"]) for ref in rule["backendRefs"]] == [("gw-imap-gateway", 80)]
    assert only(manifests, "HTTPRoute")["spec"]["parentRefs"] == [{"name": "public", "namespace": "gateways"}]


def test_the_monitor_finds_the_management_service() -> None:
    manifests = render("full")
    monitor = only(manifests, "ServiceMonitor")["spec"]
    (service,) = [
        service
        for service in kind(manifests, "Service")
        if monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    ]
    assert [endpoint["port"] for endpoint in monitor["endpoints"]] == [service["spec"]["ports"][0]["name"]]
    assert service["spec"]["ports"][0]["port"] == 9190
