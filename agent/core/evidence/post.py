"""What is known of the mail: what became of it, and how long it takes until a person sees an alarm."""

from datetime import datetime, timedelta

from msgspec import Struct

from agent.core.model.notices import AcknowledgementRecord, AlarmTestRecord, DeliveryRecord
from agent.core.text.phrases import span

UNSEEN = timedelta(days=1)  # an alarm test that nobody acknowledged for so long was not seen
PUTS_OFF = "puts off"  # what a server does that says "later": it may well take the mail then
MEASURED = 12  # alarm tests that tell how long it takes until an alarm is seen


class Post(Struct, frozen=True, kw_only=True):
    """What is known of the mail; every sequence newest first."""

    deliveries: tuple[DeliveryRecord, ...] = ()
    tests: tuple[AlarmTestRecord, ...] = ()
    acknowledged: tuple[AcknowledgementRecord, ...] = ()


class Reactions(Struct, frozen=True, kw_only=True):
    """How many seconds it took until a person saw an alarm test, shortest first; and how many nobody saw."""

    seen: tuple[float, ...] = ()
    unseen: int = 0

    @property
    def median(self) -> float | None:
        """The one in the middle, the longer of two."""
        return self.seen[len(self.seen) // 2] if self.seen else None


def reactions(post: Post, now: datetime) -> Reactions:
    """From the newest alarm tests; one that is too young to be called unseen counts for nothing yet."""
    seen_at = {one.name: one.started for one in post.acknowledged}  # newest first: the first time stays
    tests = post.tests[:MEASURED]
    seen = sorted((seen_at[t.name] - t.started).total_seconds() for t in tests if t.name in seen_at)
    unseen = [t for t in tests if t.name not in seen_at and now - t.started > UNSEEN]
    return Reactions(seen=tuple(max(0.0, seconds) for seconds in seen), unseen=len(unseen))


def reaction_words(found: Reactions) -> str:
    """In one sentence; empty where no test was made."""
    many = len(found.seen) + found.unseen
    if not many:
        return ""
    middle = found.median
    missed = f"; {found.unseen} of {many} nobody acknowledged within a day" if found.unseen else ""
    took = (
        f"acknowledged after {span(middle)} (the middle of {len(found.seen)})" if middle is not None else ""
    )
    return f"Alarm tests: {took}{missed}.".replace(": ; ", ": ")
