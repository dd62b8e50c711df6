"""The machine's own clock."""

from datetime import UTC, datetime


class SystemClock:
    """The machine's own time of day."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        return datetime.now(UTC)
