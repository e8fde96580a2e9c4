"""A real Dovecot 2.4 on loopback, in a Debian root of its own: its configuration is another language than 2.3's."""

from __future__ import annotations

from pathlib import Path

from .debian_root import complete, entering
from .dovecot import Dovecot
from .dovecot_config import Layout, OAuth, mail_owner

NAME = "dovecot24"
MISSING = "Dovecot 2.4 is not here: tests on it are skipped (scripts/system-packages makes it, as root on Linux)"


class Dovecot24(Dovecot):
    """Of the options it knows ``users``, ``guests``, ``oauth`` with local keys, ``by_guid``, ``max_connections``
    and ``extra``."""

    @staticmethod
    def available() -> bool:
        return complete(NAME)

    def _within(self, *command: str | Path) -> list[str | Path]:
        oauth = self.options.oauth
        return entering(NAME, [self.root, *([oauth.keys] if oauth else [])], command)

    def _configuration(self, layout: Layout) -> str:
        options = self.options
        parts = [_base(layout, options.max_connections, " xoauth2 oauthbearer" if options.oauth else "")]
        if options.by_guid:
            parts.append("mail_driver = sdbox\nmail_path = ~/sdbox\nmailbox_list_layout = index\n")
        if options.oauth:
            parts.append(_oauth(options.oauth))
        return "\n".join([*parts, options.extra])


def _base(layout: Layout, max_connections: int, mechanisms: str) -> str:
    root, (uid, gid) = layout.root, mail_owner()
    special = "".join(
        f"  mailbox {name} {{\n    special_use = \\{name}\n    auto = subscribe\n  }}\n"
        for name in ("Drafts", "Sent", "Junk", "Trash", "Archive")
    )
    return f"""\
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = {root}/run
state_dir = {root}/state
instance_name = test-{layout.port}
log_path = {root}/log
listen = 127.0.0.1
protocols = imap
first_valid_uid = 1
last_valid_uid = 0
ssl = yes
ssl_server_cert_file = {layout.certificate}
ssl_server_key_file = {layout.key}
auth_allow_cleartext = yes
auth_mechanisms = plain login{mechanisms}
auth_verbose = yes
auth_failure_delay = 0
mail_max_userip_connections = {max_connections}
mail_driver = maildir
mail_path = ~/Maildir
mail_fsync = never
mail_uid = {uid}
mail_gid = {gid}
mail_home = {root}/mail/%{{user | username | lower}}
mail_utf8_extensions = yes
default_vsz_limit = unlimited
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
  restart_request_count = unlimited
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
namespace inbox {{
  inbox = yes
  separator = /
  prefix =
{special}}}
passdb passwd-file {{
  mechanisms_filter = plain login
  default_password_scheme = plain
  auth_username_format = %{{user | username | lower}}
  passwd_file_path = {root}/users
}}
userdb static {{
}}
"""


def _oauth(oauth: OAuth) -> str:
    scope = f"  scope = {oauth.scope}\n" if oauth.scope else ""
    return f"""\
oauth2 {{
  introspection_mode = local
  issuers = {" ".join(oauth.issuers)}
  username_attribute = {oauth.username_attribute}
{scope}}}
oauth2_local_validation {{
  dict fs {{
    fs posix {{
      prefix = {oauth.keys}/
    }}
  }}
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2 oauthbearer
}}
"""
