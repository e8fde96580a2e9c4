"""A configuration to start the image with: an issuer by a key file, and a provider that nobody asks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from joserfc.jwk import ECKey

CONFIG = """\
[[issuers]]
issuer = "https://login.example.org"
audience = "https://mail.example.org"
jwks_file = "/etc/imap-gateway/keys.json"

[[providers]]
name = "example"
imap = { host = "imap.example.org" }
auth = { method = "pass_through" }
"""


def main() -> None:
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True)
    key = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig", "kid": "check"})
    (directory / "keys.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    (directory / "gateway.toml").write_text(CONFIG)


if __name__ == "__main__":
    main()
