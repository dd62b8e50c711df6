"""Tells a clock that was set from time that passed, by a second clock that nobody can set."""

from datetime import datetime, timedelta

from msgspec import Struct

TOLERANCE = 600  # seconds by which the clock may be set without a word
LONGEST_OFF = timedelta(days=31)


class Look(Struct, frozen=True):
    """What happened since the last look: seconds by which the clock was set, and whether we slept."""

    jump: int = 0
    slept: bool = False


class ClockWatch:
    """`now` is the time of day, `elapsed` seconds on the clock that only goes forward.

    `newest` is the time of the newest record: a clock that is behind it was set back while we were not
    there. More than `asleep` seconds between two looks: the machine was suspended, or we were.
    """

    def __init__(self, now: datetime, elapsed: float, newest: datetime | None, asleep: float) -> None:
        self._asleep = asleep
        self._now = now
        self._elapsed = elapsed
        self._newest = newest
        behind = (now - newest).total_seconds() if newest else 0.0
        self.behind = int(behind) if behind < -TOLERANCE else 0

    def look(self, now: datetime, elapsed: float) -> Look:
        """Compare both clocks with the last look."""
        passed = elapsed - self._elapsed
        jump = int((now - self._now).total_seconds() - passed)
        self._now, self._elapsed = now, elapsed
        if abs(jump) <= TOLERANCE:
            return Look(0, passed > self._asleep)
        if self.behind and self._newest and self._newest <= now <= self._newest + LONGEST_OFF:
            jump, self.behind = -self.behind, 0  # set right: how long we were off is not known
        return Look(jump, passed > self._asleep)
