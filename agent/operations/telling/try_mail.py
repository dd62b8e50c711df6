"""Try whether mail arrives: a short mail to everybody at once, past the outbox."""

from agent.core.configuration.config import Config, Mail
from agent.core.letters.trial import trial_letter
from agent.core.model.notices import MessageRecord, Receipt
from agent.core.telling.mail_trial import everybody
from agent.core.telling.messages import message_id, stamped
from agent.operations.ports.clock import Clock
from agent.operations.ports.mail import Courier, Paper


def try_mail(config: Config, mail: Mail, courier: Courier, paper: Paper, clock: Clock) -> tuple[Receipt, ...]:
    """What was said about each recipient; MailError when it goes to nobody. Nothing is recorded."""
    letter, now = trial_letter(config), clock.now()
    name = stamped("mail-test", now)
    message = MessageRecord(
        message=name,
        kind="alarm-test",
        role="admin",
        started=now,
        recipients=everybody(mail),
        subject=letter.subject,
        text=paper.text(letter),
        html=paper.html(letter),
        message_id=message_id(config, name),
    )
    return courier.deliver(message, message.recipients, lambda: None)
