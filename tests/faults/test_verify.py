"""Verify against made faults: each names its own step, says its code, and gives a hint that fits."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.rcode
import httpx
import msgspec
import pytest

from gateway.app import build
from gateway.listener import Listener, listen
from gateway.settings.bind import Bind
from gateway.settings.model import Accounts, Endpoint, Issuer, Limits, PassThrough, Provider, Server, Settings
from tests.imap.scripted import Eof, Expect, Send, scripted
from tests.servers.certificates import Authority, ServerCertificate
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.nameserver import NameServer
from tests.servers.ports import free_port
from tests.servers.tiny_imap import TinyImap, serving
from tests.servers.tiny_smtp import TinySmtp
from tests.servers.tokens import TokenIssuer

HOST = "imap.example.org"
PASSWORD = "canary-password"
"""

"""
