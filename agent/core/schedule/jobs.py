"""How a command of ours ended, and what the service was asked meanwhile."""

from typing import Any, Literal

from msgspec import Struct

Level = Literal["error", "warning", "notice", "info", "debug"]


class JobEnd(Struct, frozen=True, kw_only=True):
    """How a command of ours ended: `result` is what its JSON held, empty when there was none."""

    status: int  # negative when a signal ended it
    seconds: float
    result: dict[str, Any]
    complaint: str = ""  # the last line on standard error


class Asked(Struct, frozen=True):
    """What signals asked for since the last look."""

    stop: bool = False
    reload: bool = False
