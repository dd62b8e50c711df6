"""The machine's own clock."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class SystemClock:
    """The machine's own time of day."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        return datetime.now(UTC)
