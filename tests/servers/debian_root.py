"""Mail servers in Debian roots of their own, which ``scripts/debian-root`` makes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

# The mounts are in a namespace of the server's own: nothing stays mounted after it.
_ENTER = """
root=$1
shift
mount --bind /dev "$root/dev"
mount --bind /proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --bind "$1" "$root$1"
  shift
done
shift
exec chroot "$root" "$@"
"""


def debian_root(name: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME", "/var/tmp")
    return Path(os.environ.get("IMAP_GATEWAY_ROOTS", f"{cache}/imap-gateway-roots")) / name


def complete(name: str) -> bool:
    """Whether it is there, and may be entered."""
    return os.geteuid() == 0 and (debian_root(name) / ".complete").exists()


def entering(name: str, shared: Sequence[Path], command: Sequence[str | Path]) -> list[str | Path]:
    """A command line that runs a command in it; it finds ``shared`` where they are outside."""
    enter = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", _ENTER, "-"]
    return [*enter, debian_root(name), *shared, "--", *command]
