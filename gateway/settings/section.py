"""What every table of the configuration file is made of."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]


class Section(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A table of the configuration file."""
