"""The mail that only tries whether mail arrives: who gets it, and what is said of how it went."""

from datetime import datetime

from msgspec import Struct

from agent.core.configuration.config import Mail
from agent.core.model.notices import Receipt
from agent.core.text.phrases import MONTHS
from agent.core.text.plain import count, printable


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
