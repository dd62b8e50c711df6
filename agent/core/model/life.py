"""What shows whether the service lives."""

from datetime import datetime
from math import inf
from typing import Literal

from msgspec import Struct


class Signs(Struct, frozen=True, kw_only=True):
    """What this machine shows of the service at one moment."""

    alive: datetime | None = None  # when it gave the last sign of life
    wrote: datetime | None = None  # when it last could write everything that it had to
    awake: float = inf  # seconds since it wrote, without the machine's sleep, whatever the clock was set to
    up: float = inf  # seconds since the machine was started
    trouble: str = ""  # why nothing can be written to the state directory


class Turn(Struct, frozen=True):
    """The service started or stopped."""

    event: Literal["started", "stopped"]
    at: datetime


class Life(Struct, frozen=True, kw_only=True):
    """Everything that is known of the service; `turns` newest first, none where it never ran."""

    signs: Signs = Signs()
    turns: tuple[Turn, ...] = ()
