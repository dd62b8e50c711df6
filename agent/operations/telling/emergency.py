"""Say that the ledger or the config cannot be used, without it: by mail and by the second channel."""

from agent.core.configuration.config import Config
from agent.core.letters.emergency import Subject, emergency_letter
from agent.core.model.notices import MessageRecord
from agent.core.telling.messages import message_id, stamped
from agent.core.telling.situation import recipients
from agent.errors import MailError, ReadinessError
from agent.operations.ports.alarm import Webhook
from agent.operations.ports.clock import Clock
from agent.operations.ports.mail import Courier, Paper


def emergency_message(
    config: Config, trouble: ReadinessError, subject: Subject, clock: Clock, paper: Paper
) -> MessageRecord:
    """To the administrator; it goes to nobody where there is no [mail]."""
    now = clock.now()
    letter = emergency_letter(config, subject, (trouble.message, trouble.hint), now)
    name = stamped("emergency", now)
    return MessageRecord(
        message=name,
        kind="alarm",
        role="admin",
        started=now,
        recipients=recipients(config.mail, "admin") if config.mail else (),
        subject=letter.subject,
        text=paper.text(letter),
        html=paper.html(letter),
        message_id=message_id(config, name),
        references=(message_id(config, f"emergency {subject}"),),  # of none: it only holds them together
        severity=1,
    )


def mailed(message: MessageRecord, courier: Courier) -> bool:
    """Whether somebody has it, as far as is known."""
    try:
        receipts = courier.deliver(message, message.recipients, lambda: None)
    except MailError:
        return False
    return any(receipt.fate in ("accepted", "perhaps") for receipt in receipts)


def posted(message: MessageRecord, second: Webhook, business: str) -> bool:
    """Whether the second channel took it, or will never take it."""
    return second.post(message.subject, message.text, "UNKNOWN", business).fate != "deferred"
