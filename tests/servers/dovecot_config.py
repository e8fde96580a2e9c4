"""The configuration text of a throw-away Dovecot 2.3."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MAIL_UID = 5000  # owner of the mail where the server is started by root; needs no account of that name

BY_GUID = "sdbox:~/sdbox:LAYOUT=index"

BASE_USERS: Mapping[str, str] = {"alice": "alicepw", "bob": "bobpw", "carol": "carolpw"}


@dataclass(frozen=True, slots=True)
class OAuth:
    """Bearer tokens checked against local public keys.

    ``keys`` is a directory laid out ``<azp or "default">/<ALG>/<kid>``, each file a PEM public key.
    ``introspection_url`` is asked about all others; it holds name and secret of the server's own client.
    """

    keys: Path
    issuers: tuple[str, ...]
    username_attribute: str = "email"
    scope: str | None = None
    introspection_url: str | None = None


@dataclass(frozen=True, slots=True)
class DovecotOptions:
    """What kind of Dovecot is wanted.

    ``users`` are names and passwords; a name with and without its domain is one mailbox.
    ``guests`` more users are made for ``Dovecot.guest()``. ``master`` is a master user's name and password:
    it signs in as ``user*master`` and by SASL PLAIN with an authorisation identity.
    ``full`` adds quota, ACL, a public and shared namespaces, METADATA. ``mdbox`` copies by reference. ``by_guid`` keeps
    each folder in a place of its own: one made anew finds nothing of that whose name it has. ``extra`` is appended as
    it is.
    """

    users: Mapping[str, str] = field(default_factory=lambda: dict(BASE_USERS))
    guests: int = 5000
    master: tuple[str, str] | None = None
    oauth: OAuth | None = None
    max_connections: int = 50
    full: bool = False
    quota: str = "10M"
    mdbox: bool = False
    by_guid: bool = False
    capability: str | None = None
    expired_certificate: bool = False
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the server lives: everything it writes is under ``root``."""

    root: Path
    port: int
    tls_port: int
    certificate: Path
    key: Path


def configuration(options: DovecotOptions, layout: Layout) -> str:
    parts = [_base(options, layout), _namespaces(options, layout)]
    if options.master:
        parts.append(_master(layout))
    if options.oauth:
        parts.append(_oauth_passdb(layout, "oauth2"))
        if options.oauth.introspection_url:
            parts.append(_oauth_passdb(layout, "introspection"))
    parts.append(_passwords(layout))
    parts.append(_full(options, layout) if options.full else "protocol imap {\n  mail_plugins = imap_zlib\n}\n")
    parts.append(options.extra)
    return "\n".join(parts)


def oauth_configuration(oauth: OAuth) -> str:
    lines = [
        "introspection_mode = local",
        f"local_validation_key_dict = fs:posix:prefix={oauth.keys}/",
        f"issuers = {' '.join(oauth.issuers)}",
        f"username_attribute = {oauth.username_attribute}",
    ]
    if oauth.scope:
        lines.append(f"scope = {oauth.scope}")
    return "\n".join(lines) + "\n"


def introspection_configuration(oauth: OAuth) -> str:
    lines = [
        "introspection_mode = post",
        f"introspection_url = {oauth.introspection_url}",
        "force_introspection = yes",
        "active_attribute = active",
        "active_value = true",
        f"username_attribute = {oauth.username_attribute}",
    ]
    return "\n".join(lines) + "\n"


def mail_owner() -> tuple[int, int]:
    return (MAIL_UID, MAIL_UID) if os.getuid() == 0 else (os.getuid(), os.getgid())


def _base(options: DovecotOptions, layout: Layout) -> str:
    root = layout.root
    own = pwd.getpwuid(os.getuid()).pw_name
    internal, login = ("dovecot", "dovenull") if os.getuid() == 0 else (own, own)
    mechanisms = "plain login" + (" xoauth2 oauthbearer" if options.oauth else "")
    location = "mdbox:~/mdbox" if options.mdbox else BY_GUID if options.by_guid else "maildir:~/Maildir"
    capability = f"imap_capability = {options.capability}" if options.capability else ""
    return f"""\
base_dir = {root}/run
state_dir = {root}/state
instance_name = test-{layout.port}
log_path = {root}/log
listen = 127.0.0.1
protocols = imap
default_internal_user = {internal}
default_internal_group = {internal if os.getuid() == 0 else ""}
default_login_user = {login}
default_vsz_limit = 0
first_valid_uid = 1
last_valid_uid = 0
ssl = yes
ssl_cert = <{layout.certificate}
ssl_key = <{layout.key}
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_verbose = yes
# tests sign in often, and wrongly, from one address
auth_failure_delay = 0
mail_max_userip_connections = {options.max_connections}
mail_location = {location}
mail_privileged_group =
mail_fsync = never
{capability}
service anvil {{
  chroot =
  client_limit = 5000
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  client_limit = 5000
}}
service imap-login {{
  chroot =
  # one process for all connections: a TLS connection stays with its login process
  service_count = 0
  client_limit = 4000
  inet_listener imap {{
    port = {layout.port}
  }}
  inet_listener imaps {{
    port = {layout.tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 4000
}}
service stats {{
  client_limit = 5000
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


def _namespaces(options: DovecotOptions, layout: Layout) -> str:
    uid, gid = mail_owner()
    # or other users' folders are not found: no password is looked up for those
    anyone = " allow_all_users=yes" if options.full else ""
    special = "".join(
        f"  mailbox {name} {{\n    special_use = \\{name}\n    auto = subscribe\n  }}\n"
        for name in ("Drafts", "Sent", "Junk", "Trash", "Archive")
    )
    return f"""\
namespace inbox {{
  inbox = yes
  separator = /
  prefix =
{special}}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={layout.root}/mail/%Ln{anyone}
}}
"""


def _passwords(layout: Layout) -> str:
    return f"""\
passdb {{
  driver = passwd-file
  # or a bearer token would be tried as a password too
  mechanisms = plain login
  args = scheme=plain username_format=%Ln {layout.root}/users
}}
"""


def _master(layout: Layout) -> str:
    return f"""\
auth_master_user_separator = *
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=plain {layout.root}/masters
  master = yes
  result_success = continue
}}
"""


def _oauth_passdb(layout: Layout, name: str) -> str:
    return f"""\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {layout.root}/{name}.conf.ext
}}
"""


def _full(options: DovecotOptions, layout: Layout) -> str:
    root = layout.root
    return f"""\
mail_plugins = $mail_plugins quota acl
mail_attribute_dict = file:%h/dovecot-attributes
protocol imap {{
  mail_plugins = $mail_plugins imap_quota imap_acl imap_zlib
  imap_metadata = yes
}}
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage={options.quota}
  quota_max_mail_size = 5M
  # or a change is seen by open connections after half a minute only
  acl = vfile::cache_secs=0
  acl_shared_dict = file:{root}/shared/mailboxes.db
  # a master login acts with the rights of the user it opens, not its own
  acl_user = %u
}}
namespace shared {{
  type = shared
  separator = /
  prefix = shared/%%u/
  location = maildir:%%h/Maildir:INDEXPVT=~/shared/%%u
  subscriptions = no
  list = children
}}
namespace public {{
  type = public
  separator = /
  prefix = Public/
  location = maildir:{root}/public:INDEXPVT=~/public
  subscriptions = no
  list = children
}}
"""
