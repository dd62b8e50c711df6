"""The machine's own sendmail: takes a message on standard input, and tells by its exit status how it went."""

import os
from collections.abc import Callable, Sequence

from agent.adapters.host.command import CommandMissing, Completed, Running
from agent.adapters.mail.mime import Letterhead, compose, is_address
from agent.adapters.mail.words import NO_ADDRESS, spoken
from agent.core.configuration.config import Mail
from agent.core.model.notices import Fate, MessageRecord, Receipt
from agent.core.text.plain import printable
from agent.errors import MailError

DEADLINE = 60.0  # seconds; postfix's waits for ever where it may not write to its queue
# of sysexits.h: what says something about the message or the people in it, and not about this machine
REFUSED = {65: "the message is not accepted", 67: "no such person", 68: "no such host"}
DEFERRED = {75: "try again later"}
NOBODY: tuple[Fate, str] = ("refused", NO_ADDRESS)
IN_SERVICE = (
    "In the service a sendmail that is set-uid, or has a set-gid helper, gets no rights."
    ' Name a server in [mail], such as server = "localhost" with security = "none".'
)


class SendmailCourier:
    """Implements the port `Courier`. Of an unknown recipient it may tell later, by a mail to the sender."""

    def __init__(self, mail: Mail, letterhead: Letterhead) -> None:
        self.mail = mail
        self.letterhead = letterhead
        self.name = printable(mail.sendmail)
        self.protection = None  # nothing leaves the machine here

    def check(self) -> None:
        """Whether it is there."""
        if not os.access(self.mail.sendmail, os.X_OK):
            raise MailError(
                f"{self.name} is not installed, or may not be executed.",
                "Install a mail server, or name one as server in [mail].",
                "sendmail-missing",
            )

    def deliver(
        self,
        message: MessageRecord,
        recipients: Sequence[str],
        begun: Callable[[], None],
        *,
        duplicate: bool = False,
    ) -> tuple[Receipt, ...]:
        """What became of it, the same for each recipient; MailError when it certainly went to nobody."""
        text = compose(message, self.letterhead, duplicate=duplicate).replace(b"\r\n", b"\n")
        self.check()
        known = [recipient for recipient in recipients if is_address(recipient)]
        told = self._hand_over(text, known, begun) if known else NOBODY
        answers = ((each, told if each in known else NOBODY) for each in recipients)
        return tuple(Receipt(recipient=each, fate=fate, reply=reply) for each, (fate, reply) in answers)

    def _hand_over(self, text: bytes, known: Sequence[str], begun: Callable[[], None]) -> tuple[Fate, str]:
        begun()
        return self._judged(self._run(text, [self.mail.sendmail, "-i", "-f", self.mail.sender, "--", *known]))

    def close(self) -> None:
        """There is nothing to close."""

    def _run(self, text: bytes, argv: Sequence[str]) -> Completed:
        file = os.memfd_create("mail")  # a pipe could fill up while nobody reads
        try:
            os.write(file, text)
            os.lseek(file, 0, os.SEEK_SET)
            # exim delivers in a process of its own, which goes on
            return Running(argv, stdin=file, keep_children=True).wait(DEADLINE)
        except CommandMissing as error:
            raise MailError(error.message, error.hint, "sendmail-missing") from error
        finally:
            os.close(file)

    def _judged(self, ended: Completed) -> tuple[Fate, str]:
        said = spoken(ended.stderr or ended.stdout)
        if ended.status == 0 and not ended.timed_out:
            return "accepted", said
        if ended.timed_out or ended.status < 0:
            how = "did not end in time" if ended.timed_out else f"was ended by signal {-ended.status}"
            return "perhaps", f"{self.name} {how}: {said}".removesuffix(": ")
        if ended.status in REFUSED:
            return "refused", said or REFUSED[ended.status]
        if ended.status in DEFERRED:
            return "deferred", said or DEFERRED[ended.status]
        raise MailError(
            f"{self.name} failed with status {ended.status}: {said}".removesuffix(": "),
            IN_SERVICE,
            "sendmail-failed",
        )
