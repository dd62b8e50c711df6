"""Messages and their names: what makes each of them the only one, and ties those of a thread together."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from agent.core.configuration.config import Config
from agent.core.model.notices import MessageRecord


def stamped(words: str, now: datetime) -> str:
    """The name of a message: no two of the same words are written in the same second."""
    return f"{words} {now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def message_id(config: Config, name: str) -> str:
    """The Message-ID of the message of that name (RFC 5322, 3.6.4); the same whenever it is asked for."""
    business = f"{config.settings.host}|{config.settings.state}|{name}"
    sender = config.mail.sender if config.mail else ""
    domain = sender.rpartition("@")[2] or "readiness.invalid"
    return f"<readiness.{sha256(business.encode('utf-8', 'replace')).hexdigest()[:32]}@{domain}>"


def thread(incidents: Sequence[int], messages: Sequence[MessageRecord]) -> tuple[str, ...]:
    """The Message-IDs that a message on these incidents refers to: of the first on each of them, and of the
    last on the worst that was told of before. `messages` oldest first, `incidents` worst first."""
    about = [
        [one.message_id for one in messages if number in [told.incident for told in one.told]]
        for number in incidents
    ]
    before = [names for names in about if names]
    return tuple(dict.fromkeys([*(names[0] for names in before), *(names[-1] for names in before[:1])]))


def alarm_test_name(now: datetime) -> str:
    """Such as "T-20261201"."""
    return f"T-{now.astimezone(UTC):%Y%m%d}"
