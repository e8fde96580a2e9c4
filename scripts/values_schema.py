"""Write helm/values.schema.json: the chart's own values, and the gateway's settings as their model says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from gateway.settings.model import Settings

TARGET = Path(__file__).resolve().parents[1] / "helm" / "values.schema.json"

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 1}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
OBJECT: Schema = {"type": "object"}
# names that become part of a volume's name
RESOURCE: Schema = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$"}
STRINGS: Schema = {"type": "object", "additionalProperties": TEXT}
OBJECTS: Schema = {"type": "array", "items": OBJECT}


def closed(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object that refuses unknown members, so that a misspelt value is an error and not a default."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"required": list(required)} if required else {}),
    }


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def choice(*values: str) -> Schema:
    return {"enum": list(values)}


def settings() -> tuple[Schema, Schema]:
    """The schema of ``config`` and the definitions that it refers to."""
    (top,), found = msgspec.json.schema_components([Settings], ref_template="#/definitions/{name}")
    definitions: Schema = {name: plain(schema) for name, schema in found.items()}
    config: Schema = definitions.pop(top["$ref"].rpartition("/")[2])
    config.pop("required", None)
    for name in ("issuers", "providers"):  # the chart refuses an empty list itself, with a sentence
        config["properties"][name].pop("minItems", None)
    for name in ("bind", "management_bind"):  # the chart sets them
        definitions["Server"]["properties"].pop(name)
    return config, definitions


def plain(schema: Any) -> Any:
    """Without defaults and titles (Helm has its own), and without OpenAPI's ``discriminator``."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: plain(value) for key, value in schema.items() if key not in ("default", "title", "discriminator")}
    if isinstance(kept.get("description"), str):
        kept["description"] = re.sub(r"\s+", " ", kept["description"]).strip()
    return kept


def egress() -> Schema:
    return closed(ports=array(PORT), to=OBJECTS)


def pod() -> dict[str, Schema]:
    return {
        "image": closed(
            repository={**TEXT, "minLength": 1},
            tag=TEXT,
            digest={**TEXT, "pattern": "^(sha256:[0-9a-f]{64})?$"},
            pullPolicy=choice("Always", "IfNotPresent", "Never"),
        ),
        "imagePullSecrets": array(closed(("name",), name=TEXT)),
        "nameOverride": TEXT,
        "fullnameOverride": TEXT,
        "existingSecrets": array(closed(("name",), name=RESOURCE, optional=FLAG)),
        "existingConfigMaps": array(closed(("name",), name=RESOURCE)),
        "envFromSecrets": array({**TEXT, "minLength": 1}),
        "extraEnv": array({"type": "object", "required": ["name"]}),
        "serviceAccount": closed(create=FLAG, name=TEXT, annotations=STRINGS),
        "resources": OBJECT,
        "podAnnotations": STRINGS,
        "podLabels": STRINGS,
        "nodeSelector": STRINGS,
        "tolerations": OBJECTS,
        "affinity": OBJECT,
        "priorityClassName": TEXT,
        "topologySpread": closed(
            enabled=FLAG, topologyKey=TEXT, whenUnsatisfiable=choice("ScheduleAnyway", "DoNotSchedule")
        ),
    }


def network() -> dict[str, Schema]:
    return {
        "service": closed(
            type=choice("ClusterIP", "NodePort", "LoadBalancer"), port=PORT, annotations=STRINGS, appProtocol=TEXT
        ),
        "management": closed(port=PORT),
        "ingress": closed(enabled=FLAG, className=TEXT, annotations=STRINGS, hosts=array(TEXT), tls=OBJECTS),
        "httpRoute": closed(enabled=FLAG, parentRefs=OBJECTS, hostnames=array(TEXT), requestTimeout=TEXT),
        "networkPolicy": closed(
            enabled=FLAG,
            apiFrom=OBJECTS,
            monitoringFrom=OBJECTS,
            imap=egress(),
            https=egress(),
            dns=closed(to=OBJECTS),
            extraEgress=OBJECTS,
        ),
        "serviceMonitor": closed(enabled=FLAG, interval={**TEXT, "pattern": "^[0-9]+(ms|s|m|h)$"}, labels=STRINGS),
    }


def operation() -> dict[str, Schema]:
    return {
        "replicas": COUNT,
        "autoscaling": closed(
            enabled=FLAG,
            minReplicas=COUNT,
            maxReplicas=COUNT,
            targetCPUUtilizationPercentage={**COUNT, "maximum": 100},
            scaleDownStabilizationSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
        ),
        "podDisruptionBudget": closed(enabled=FLAG, maxUnavailable={"type": ["integer", "string"], "minimum": 1}),
        "terminationGracePeriodSeconds": COUNT,
        "preStopSleepSeconds": {"type": "integer", "minimum": 0},
    }


def chart() -> Schema:
    config, definitions = settings()
    values = closed(**pod(), **network(), **operation(), config=config)
    values["properties"]["global"] = OBJECT  # Helm hands it to every chart
    return {"$schema": "http://json-schema.org/draft-07/schema#", **values, "definitions": definitions}


def rendered() -> str:
    return json.dumps(chart(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="utf-8")
