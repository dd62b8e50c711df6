"""A message to mail, and what can be read of one that arrived."""

from datetime import UTC, datetime
from email.message import Message
from typing import Any

from agent.adapters.mail.mime import Letterhead
from agent.core.model.notices import MessageRecord

LETTERHEAD = Letterhead(
    sender="readiness@shop.example", business="Harbour Lane", host="shop", time_zone="Europe/Berlin"
)


def message(**changed: Any) -> MessageRecord:
    fields = {
        "message": "m1",
        "kind": "alarm",
        "role": "admin",
        "started": datetime(2026, 11, 24, 2, 10, tzinfo=UTC),
        "recipients": ("admin@shop.example", "deputy@shop.example"),
        "subject": "NOT READY - orders cannot be restored",
        "text": "Orders cannot be restored.\n",
        "html": "<html><body><p>Orders cannot be restored.</p></body></html>\n",
        "message_id": "<7.abc@shop>",
    }
    return MessageRecord(**{**fields, **changed})


def part(parsed: Message, subtype: str) -> str:
    [found] = [each for each in parsed.walk() if each.get_content_type() == f"text/{subtype}"]
    raw = found.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode("utf-8").replace("\r\n", "\n")
