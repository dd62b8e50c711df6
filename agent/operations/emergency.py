"""Say that the ledger cannot be used, without it: by mail and by the second channel."""

from agent.core.alarms import recipients
from agent.core.configuration import Config
from agent.core.letter_emergency import emergency_letter
from agent.core.messages import message_id, stamped
from agent.core.notices import MessageRecord
from agent.errors import StateError
from agent.operations.ports import Clock
from agent.operations.ports_alarm import Webhook
from agent.operations.ports_mail import Courier, Paper


def emergency(
    config: Config,
    trouble: StateError,
    clock: Clock,
    paper: Paper,
    courier: Courier | None,
    second: Webhook | None,
) -> None:
    """Tell the administrator. Raises MailError when no mail goes out; the second channel was told before."""
    now = clock.now()
    letter = emergency_letter(config, trouble.message, trouble.hint, now)
    if second is not None:
        second.post(letter.subject, paper.text(letter), letter.state, config.business.name)
    if courier is None or config.mail is None:
        return
    name = stamped("emergency", now)
    message = MessageRecord(
        message=name,
        kind="alarm",
        role="admin",
        started=now,
        recipients=recipients(config.mail, "admin"),
        subject=letter.subject,
        text=paper.text(letter),
        html=paper.html(letter),
        message_id=message_id(config, name),
        severity=1,
    )
    courier.deliver(message, message.recipients, lambda: None)
