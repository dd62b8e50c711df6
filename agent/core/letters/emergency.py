"""The mail that is sent when the ledger or the config cannot be used, so that nothing else can be said."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from agent.core.configuration.config import Config
from agent.core.letters.letter import Group, Letter, Sentence, called, capital, in_brackets, subject_line
from agent.core.text.phrases import moment
from agent.core.text.plain import printable

Subject = Literal["ledger", "config"]

LEADS: dict[Subject, str] = {
    "ledger": "the record of all backups cannot be used",
    "config": "the config cannot be used, so nothing is saved",
}
OPENINGS: dict[Subject, str] = {
    "ledger": "the record of everything that was saved and proven cannot be used",
    "config": "the config file on the server cannot be used, so nothing is saved and nothing is proven",
}
MEANINGS: dict[Subject, str] = {
    "ledger": "While that lasts nobody knows whether anything can be restored: nothing of what is saved or "
    "rehearsed is recorded, and no other mail can be written. This one comes daily until it is mended.",
    "config": "While that lasts no other mail can be written. This one comes daily until it is mended, to "
    "those whom the config named before it was changed.",
}


def emergency_letter(config: Config, subject: Subject, trouble: tuple[str, str], now: datetime) -> Letter:
    """`trouble`: message and hint of the error. Where it is the config's, `config` is the one before."""
    name = called(config.business.name)
    seen = moment(now, ZoneInfo(config.business.time_zone), now)
    message, hint = map(printable, trouble)
    contact = called(config.alarm.contact, 90) or "whoever looks after the server"
    to_do = f"{hint.rstrip('.') or 'Look at the server'}. If that is not for you, call {contact}."
    return Letter(
        subject=subject_line(f"UNKNOWN - {LEADS[subject]}", in_brackets(config.business.name)),
        business=name,
        state="UNKNOWN",
        tone="unknown",
        opening=capital(f"{OPENINGS[subject]} ({seen})."),
        groups=(
            Group(blocks=(Sentence(label="WHAT", text=message),)),
            Group(blocks=(Sentence(label="DO ONE THING", text=to_do, strong=True),)),
            Group(blocks=(Sentence(label="UNTIL THEN", text=MEANINGS[subject]),)),
        ),
    )
