"""Loaded by schemathesis in its own process: how a message is made up, which no JSON schema describes."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

header = st.text(st.characters(codec="ascii"), max_size=60).map(lambda text: f"Subject: {text}\r\n\r\n".encode())

schemathesis.openapi.media_type("message/rfc822", st.binary(min_size=1) | st.builds(bytes.__add__, header, st.binary()))
