"""What the OpenAPI document says is so: requests made from it, good and bad, to a gateway on a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.tokens import TokenIssuer

from .conftest import PASS_THROUGH
from .gateway_process import GatewayProcess, Upstream

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
)  # fmt: skip
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "3")
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")


@pytest.mark.timeout(300)
def test_the_document_is_true(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    """No 5xx, no answer but as described, nothing taken that is described as wrong. The stream has no end: not it."""
    upstream = Upstream("localhost", dovecot.tls_port, dovecot.ca_file, PASS_THROUGH)
    nowhere = {"accounts": {"nameservers": ["127.0.0.1:9"], "find_seconds": 0.3}}  # no name is asked for outside
    with GatewayProcess(upstream, tokens, settings=nowhere) as gateway:
        token = gateway.headers(dovecot.guest()[0], ttl=3000)["Authorization"]
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{gateway.url}/openapi.json"),
            *("--header", f"Authorization: {token}", "--exclude-path", "/v1/accounts/{account}/events"),
            *("--checks", ",".join(CHECKS), "--max-examples", EXAMPLES, "--continue-on-failure"),
            *("--request-timeout", "20", "--warnings", "off"),
            *(("--seed", "1") if os.environ.get("CI") else ()),
        ]
        environ = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=280)
        failed = [line for line in gateway.log.read_text().splitlines() if '"warning"' in line or '"error"' in line]
        assert done.returncode == 0, "\n".join([done.stdout[-8000:], done.stderr[-2000:], *failed])
        assert gateway.metric("imapgw_http_requests_total") > 500
