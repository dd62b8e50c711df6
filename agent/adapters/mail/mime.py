"""A message as bytes that mail servers and readers understand: MIME, ASCII only, no line over 998 octets.

Everything in it may be hostile: nothing that a subject, a text or a name holds can begin a header of its own,
and nothing is ever refused, because a mail that complains of a name is better than none.
"""

import binascii
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from agent.core.model.notices import MessageRecord
from agent.core.text.plain import printable

CRLF = "\r\n"
LONGEST_LINE = 76  # of headers
LONGEST_SUBJECT = 300
LONGEST_NAME = 100
LONGEST_ID = 250
MOST_REFERENCES = 20
ENCODED_BYTES = 42  # of UTF-8 that fit into one encoded word
DUPLICATE = "This may be a second copy: nobody knows whether the first one went out."
_SAFE_HEADER = re.compile(r"[ -~]*")
_NOT_IN_ADDRESS = re.compile(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]")
_REORDERING = "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class Letterhead(Struct, frozen=True, kw_only=True):
    """What all mails of one machine have in common."""

    sender: str
    business: str
    host: str
    time_zone: str


def compose(message: MessageRecord, letterhead: Letterhead, *, duplicate: bool = False) -> bytes:
    """The whole message, lines ended by CRLF. A possible `duplicate` says so before anything else."""
    boundary = f"=_{hashlib.sha256(message.message_id.encode(errors='replace')).hexdigest()[:32]}"
    lines = [
        *_headers(message, letterhead),
        *(["X-Readiness-Duplicate: possible"] if duplicate else []),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;{CRLF} boundary="{boundary}"',
        "",
        *_part("plain", _marked_text(message.text) if duplicate else message.text, boundary),
        *_part("html", _marked_html(message.html) if duplicate else message.html, boundary),
        f"--{boundary}--",
        "",
    ]
    return CRLF.join(lines).encode("ascii")


def is_address(text: str) -> bool:
    """Whether a recipient can be handed over: the config lets no other through, but records may be old."""
    return bool(text) and not _NOT_IN_ADDRESS.search(text)


def _headers(message: MessageRecord, letterhead: Letterhead) -> Iterable[str]:
    host = printable(letterhead.host)[:LONGEST_NAME]
    own = _identifier(message.message_id)
    yield f"From: {_phrase(f'readiness on {host}')}{CRLF} <{_address(letterhead.sender)}>"
    yield f"To: {_list(map(_address, message.recipients), ',') or 'undisclosed-recipients:;'}"
    yield f"Subject: {_words(_cut(message.subject, LONGEST_SUBJECT), len('Subject: '))}"
    yield f"Date: {_date(message.started, letterhead.time_zone)}"
    yield f"Message-ID: {own}"
    if message.references:
        thread = [_identifier(each) for each in message.references]
        yield f"In-Reply-To: {thread[-1]}"
        yield f"References: {_list(_shortened(thread), '')}"
    yield f"List-Id: {_phrase('readiness of ' + (letterhead.business or host))}{CRLF} {_list_id(letterhead)}"
    yield "Auto-Submitted: auto-generated"
    yield "X-Auto-Response-Suppress: OOF, AutoReply, RN, NRN"  # Exchange; bounces are welcome


def _part(subtype: str, text: str, boundary: str) -> Iterable[str]:
    """Quoted-printable: readable as it stands, whatever the text holds, and it never holds the boundary."""
    yield f"--{boundary}"
    yield f"Content-Type: text/{subtype}; charset=utf-8"
    yield "Content-Transfer-Encoding: quoted-printable"
    yield ""
    quoted = binascii.b2a_qp(_plain(text).encode(), istext=True)
    yield from quoted.decode("ascii").split("\n")


def _plain(text: str) -> str:
    """Without what no text holds: control characters, halves of characters, what turns words around."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_harmless(char) for char in lines) if not _is_plain(lines) else lines


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()


def _harmless(char: str) -> str:
    if char in "\n\t" or (unicodedata.category(char) not in ("Cc", "Cs") and char not in _REORDERING):
        return char
    return printable(char)


def _marked_text(text: str) -> str:
    return f"{DUPLICATE}\n\n{text}"


def _marked_html(html: str) -> str:
    """The line stands first in the body, wherever the body begins."""
    body = re.search(r"<body[^>]*>", html, re.IGNORECASE)
    at = body.end() if body else 0
    return f"{html[:at]}<p><strong>{DUPLICATE}</strong></p>{html[at:]}"


def _cut(text: str, longest: int) -> str:
    shown = printable(text)
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


def _words(text: str, used: int) -> str:
    """A header's text, folded; `used` is what its name takes of the first line."""
    plain = _SAFE_HEADER.fullmatch(text) and "=?" not in text and "  " not in text.strip()
    if not plain or max(map(len, text.split(" "))) > LONGEST_LINE - used:
        return _encoded(text)
    lines = [""]
    for word in text.split():
        room = LONGEST_LINE - (used if len(lines) == 1 else 1)
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return f"{CRLF} ".join(lines)


def _encoded(text: str) -> str:
    """As encoded words, none of which splits a character."""
    chunks = [b""]
    for char in text:
        encoded = char.encode("utf-8", "replace")
        if len(chunks[-1]) + len(encoded) > ENCODED_BYTES:
            chunks.append(b"")
        chunks[-1] += encoded
    return f"{CRLF} ".join(
        f"=?utf-8?b?{binascii.b2a_base64(chunk, newline=False).decode('ascii')}?=" for chunk in chunks
    )


def _phrase(text: str) -> str:
    """A name in front of an address: a quoted string, or encoded words."""
    shown = _cut(text, LONGEST_NAME)
    if not _SAFE_HEADER.fullmatch(shown) or "=?" in shown or len(shown) > LONGEST_LINE // 2:
        return _encoded(shown)
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _address(text: str) -> str:
    return _NOT_IN_ADDRESS.sub("_", text)[:LONGEST_ID]


def _list(items: Iterable[str], separator: str) -> str:
    """One item a line."""
    return f"{separator}{CRLF} ".join(items)


def _date(moment: datetime, zone: str) -> str:
    return format_datetime(moment.astimezone(ZoneInfo(zone)))


def _identifier(text: str) -> str:
    """A Message-ID in its angle brackets; one that is none is replaced by a stable one of its own."""
    inner = text.strip().removeprefix("<").removesuffix(">")
    left, at, right = inner.partition("@")
    if (
        not (left and at and right)
        or "@" in right
        or len(inner) > LONGEST_ID
        or _NOT_IN_ADDRESS.search(inner)
    ):
        inner = f"{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:32]}@readiness.invalid"
    return f"<{inner}>"


def _shortened(thread: Sequence[str]) -> Sequence[str]:
    """A long thread by its beginning and its end."""
    return thread if len(thread) <= MOST_REFERENCES else [thread[0], *thread[1 - MOST_REFERENCES :]]


def _list_id(letterhead: Letterhead) -> str:
    """Stable for one business on one host; a host without a domain has a name in no domain at all."""
    both = f"{letterhead.business}\0{letterhead.host}".encode(errors="replace")
    labels = [label for label in re.split(r"[^a-z0-9-]+", letterhead.host.lower()[:60]) if label]
    domain = ".".join(labels if len(labels) > 1 else [*labels, "localhost"])
    return f"<readiness-{hashlib.sha256(both).hexdigest()[:8]}.{domain}>"
