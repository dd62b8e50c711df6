"""Composition root of the way mail leaves this machine."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from agent.app.clock import SystemClock
from agent.core.configuration.config import Config
from agent.errors import UsageError

if TYPE_CHECKING:
    from agent.adapters.mail.sendmail import SendmailCourier
    from agent.adapters.mail.smtp import SmtpCourier
    from agent.core.telling.mail_trial import Trial


@contextmanager
def courier(config: Config) -> "Iterator[SmtpCourier | SendmailCourier]":
    """The way that [mail] names, open for as long as the block; UsageError where there is no [mail]."""
    from agent.adapters.mail.mime import Letterhead

    mail = config.mail
    if mail is None:
        raise UsageError(
            f"There is no [mail] in {config.file}, so nobody gets any.",
            "Add [mail] with from, owner, admin and server.",
        )
    letterhead = Letterhead(
        sender=mail.sender,
        business=config.business.name,
        host=config.settings.host,
        time_zone=config.business.time_zone,
    )
    if mail.server:
        from agent.adapters.mail.smtp import SmtpCourier

        with closing(SmtpCourier(mail, letterhead)) as by_server:
            yield by_server
    else:
        from agent.adapters.mail.sendmail import SendmailCourier

        yield SendmailCourier(mail, letterhead)


def try_mail(config: Config) -> "Trial":
    """Send a test to everybody in the config at once; MailError when it goes to nobody."""
    from agent.adapters.mail.paper import LetterPaper
    from agent.core.telling.mail_trial import Trial
    from agent.operations.telling.try_mail import try_mail as send

    with courier(config) as by:
        assert config.mail is not None
        receipts = send(config, config.mail, by, LetterPaper(), SystemClock())
        return Trial(via=by.name, protection=by.protection, receipts=receipts)
