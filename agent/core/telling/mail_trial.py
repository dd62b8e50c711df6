"""The mail that only tries whether mail arrives: its words, and what is said of how it went."""

from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from textwrap import fill

from msgspec import Struct

from agent.core.configuration import Config, Mail
from agent.core.notices import MessageRecord, Receipt
from agent.core.phrases import MONTHS
from agent.core.text import count, printable

SUBJECT = "TEST - mail from readiness reaches you"
PARAGRAPHS = (
    "Mail from readiness reaches you. Somebody on {host} asked for this test. Nothing is wrong, and there is"
    " nothing to do.",
    "If it lies among the unwanted mail, please mark it as wanted: the mail that matters will come from the"
    " same address.",
)
WIDTH = 72
HEAD = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    f'<meta name="color-scheme" content="light dark"><title>{SUBJECT}</title></head>'
    '<body style="margin:16px;font-family:sans-serif;font-size:16px;line-height:24px;">'
)


class Protection(Struct, frozen=True, kw_only=True):
    """How the connection to a mail server is protected, as the server has shown it."""

    version: str  # such as "TLSv1.3"
    issued_to: str
    valid_until: datetime


class Trial(Struct, frozen=True, kw_only=True):
    """How it went: by which way, how that was protected, and what was said about each recipient."""

    via: str  # a server and its port, or a program of this machine
    protection: Protection | None
    receipts: tuple[Receipt, ...]

    @property
    def accepted(self) -> int:
        """For how many recipients it was taken."""
        return sum(receipt.fate == "accepted" for receipt in self.receipts)


def everybody(mail: Mail) -> tuple[str, ...]:
    """All who may ever get mail, each once."""
    once: dict[str, str] = {}
    for person in (*mail.owner, *mail.admin, *mail.deputy):
        once.setdefault(person.lower(), person)
    return tuple(once.values())


def trial_message(config: Config, mail: Mail, now: datetime) -> MessageRecord:
    """The mail itself."""
    host = config.settings.host
    paragraphs = [each.format(host=printable(host)) for each in PARAGRAPHS]
    digest = sha256(f"{host}|{config.settings.state}|{now.isoformat()}".encode(errors="replace")).hexdigest()
    page = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return MessageRecord(
        message=f"mail-test {now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        kind="alarm-test",
        role="admin",
        started=now,
        recipients=everybody(mail),
        subject=SUBJECT,
        text="\n\n".join(fill(each, WIDTH) for each in (f"TEST - {paragraphs[0]}", *paragraphs[1:])) + "\n",
        html=f"{HEAD}<h1>TEST</h1>{page}</body></html>\n",
        message_id=f"<readiness.{digest[:32]}@{mail.sender.rpartition('@')[2]}>",
    )


def answer(trial: Trial) -> str:
    """The first line: for how many it was accepted, by whom, and how it was protected."""
    taken = f"accepted for {trial.accepted} of {count(len(trial.receipts), 'recipient')}"
    return f"The test mail was {taken} by {printable(trial.via)} ({_how(trial)})."


def _how(trial: Trial) -> str:
    found = trial.protection
    if found is None:
        return "on this machine" if trial.via.startswith("/") else "not encrypted"
    until = f"{found.valid_until.day} {MONTHS[found.valid_until.month - 1]} {found.valid_until.year}"
    return f"{found.version}, certificate of {printable(found.issued_to)} valid until {until}"


def lines(trial: Trial) -> list[str]:
    """What was said about each recipient."""
    width = max(len(receipt.recipient) for receipt in trial.receipts)
    return [_line(receipt, width) for receipt in trial.receipts]


def _line(receipt: Receipt, width: int) -> str:
    said = f"{receipt.code} {receipt.reply}" if receipt.code else receipt.reply
    fate = "nobody knows" if receipt.fate == "perhaps" else receipt.fate
    return printable(f"  {receipt.recipient:<{width}}  {fate}: {said}".removesuffix(": "))
