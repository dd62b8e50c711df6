"""An incident, who heard of it, and what is told to whom in such a situation."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from agent.core.configuration.config import Alarm, Mail
from agent.core.model.records import Verdict
from agent.core.telling.alarms import alarms
from agent.core.telling.incidents import Incident, News
from agent.core.telling.situation import Heard, Situation

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # 13:00 in Berlin
MAIL = Mail(
    sender="readiness@shop.example",
    owner=("owner@shop.example",),
    admin=("admin@shop.example",),
    deputy=("deputy@shop.example",),
)


def incident(severity: Any = 1, opened: datetime = NOON, **changes: Any) -> Incident:
    usual = Incident(
        number=12,
        key="drill|orders|primary",
        severity=severity,
        verdict=Verdict.NOT_READY,
        code="drill-failed",
        processes=("orders",),
        repository="primary",
        sentence="The drill from primary failed.",
        hint="Run: readiness drill orders",
        opened=opened,
        since=opened,
        comings=(opened,),
    )
    return replace(usual, **changes)


def heard(event: Any, at: datetime, role: Any = "admin") -> Heard:
    return Heard(event, role, at, f"{event} {role} {at}")


def told(*incidents: Incident, now: datetime = NOON, **changes: Any) -> list[News]:
    usual: dict[str, Any] = {
        "heard": {},
        "acknowledged": {},
        "failed_drills": {},
        "mail": MAIL,
        "alarm": Alarm(),
        "zone": ZoneInfo("Europe/Berlin"),
    }
    return list(alarms(Situation(incidents=incidents, now=now, **usual | changes)))


def events(news: list[News]) -> list[tuple[str, str]]:
    return [(each.role, each.event) for each in news]
