"""The Helm chart, rendered by the real ``helm``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.source import ROOT

CHART = ROOT / "helm"
HELM = Path(sys.executable).parent / "helm"

Manifest = dict[str, Any]


class Refused(Exception):
    """Helm would not render it; the text is Helm's."""


def helm(*arguments: str | Path) -> str:
    done = subprocess.run([HELM, *arguments], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


def values(name: str) -> Path:
    return CHART / "ci" / f"{name}.yaml"


def render(name: str, **overrides: object) -> list[Manifest]:
    """All manifests for the values of ``helm/ci/<name>.yaml``; overrides are by dotted path, with ``__`` for a dot."""
    settings = [f"--set-json={path.replace('__', '.')}={json.dumps(value)}" for path, value in overrides.items()]
    text = helm("template", "gw", CHART, "--namespace", "mail", "--values", values(name), *settings)
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def kind(manifests: list[Manifest], name: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == name]


def only(manifests: list[Manifest], name: str) -> Manifest:
    (found,) = kind(manifests, name)
    return found


def pods(manifests: list[Manifest]) -> list[Manifest]:
    """The specification of every pod that would run."""
    return [item["spec"]["template"]["spec"] for item in kind(manifests, "Deployment")] + [
        item["spec"] for item in kind(manifests, "Pod")
    ]
