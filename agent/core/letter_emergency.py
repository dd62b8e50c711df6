"""The mail that is sent when the ledger cannot be used, so that nothing else can be said."""

from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.configuration import Config
from agent.core.letter import Group, Letter, Sentence, called, in_brackets, subject_line
from agent.core.phrases import moment
from agent.core.text import printable


def emergency_letter(config: Config, trouble: str, hint: str, now: datetime) -> Letter:
    """`trouble` and `hint` as the ledger's error says them."""
    name = called(config.business.name)
    seen = moment(now, ZoneInfo(config.business.time_zone), now)
    meaning = (
        "While that lasts nobody knows whether anything can be restored: nothing of what is saved or "
        "rehearsed is recorded, and no other mail can be written. This one comes daily until it is mended."
    )
    contact = f"Call {called(config.alarm.contact, 90)}." if config.alarm.contact else ""
    return Letter(
        subject=subject_line(
            "UNKNOWN - the record of all backups cannot be used", in_brackets(config.business.name)
        ),
        business=name,
        state="UNKNOWN",
        tone="unknown",
        opening=f"the record of everything that was saved and proven cannot be used ({seen}).",
        groups=(
            Group(blocks=(Sentence(label="WHAT", text=printable(trouble)),)),
            Group(
                blocks=(
                    Sentence(label="DO ONE THING", text=f"{printable(hint)} {contact}".strip(), strong=True),
                )
            ),
            Group(blocks=(Sentence(label="UNTIL THEN", text=meaning),)),
        ),
    )
