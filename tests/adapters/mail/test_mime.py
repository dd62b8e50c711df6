"""A message as bytes: what arrives says what was written, whatever the names in it hold."""

import email
import random
import re
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.adapters.mail.mime import DUPLICATE, Letterhead, compose
from agent.core.model.notices import MessageRecord
from agent.core.text.plain import printable
from support.builders.mails import LETTERHEAD, message, part

NAMES = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
]
HOSTILE = [
    "\r\nBcc: everybody@evil.example",
    "\nX-Evil: 1\n\n<script>",
    "\r",
    "\0",
    "\x0b\x0c\x1c\x1d\x1e\x85",
    "\u2028Subject: other\u2029",
    "\udcff\udc80",
    "\ud800",
    "\u202egnp.exe\u202c",
    "\u2066\u200f",
    "=?utf-8?q?Bcc=3A?=",
    "=?utf-8?b?DQpCY2M6IHg=?=",
    "=?",
    "?=",
    '"',
    "\\",
    "<a@evil.example>",
    ">, b@evil.example",
    "(",
    ")",
    "@",
    ",",
    ";",
    ":",
    " ",
    "  ",
    "\t",
    "\n.\n",
    "\r\n.\r\n",
    "--=_",
    "<body onload='x'>",
    "</html>",
    "ä",
    "漢字",
    "🧨",
    "e\u0301",
    "x" * 80,
    "y" * 1200,
    "word " * 40,
    "\ufffe\uffff",
    "\x7f",
    "a",
    "orders",
    "",
]


def composed(raw: MessageRecord, letterhead: Letterhead = LETTERHEAD, duplicate: bool = False) -> Message:
    return email.message_from_bytes(compose(raw, letterhead, duplicate=duplicate))


def header(parsed: Message, name: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r?\n ", " ", parsed[name]))))


def header_names(raw: bytes) -> list[str]:
    """Read without any library: the names of the first block, each on a line of its own."""
    block = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    names = []
    for line in block.split("\r\n"):
        words = line.split()[0 if line.startswith(" ") else 1 :]
        assert len(line) <= 78 or len(words) == 1  # an address cannot be folded
        if not line.startswith(" "):
            assert re.match(r"[A-Za-z-]+: ", line), line
            names.append(line.partition(":")[0])
        else:
            assert line.strip(), "a folded line of blanks alone"
    return names


def require_sound(raw: bytes, names: list[str]) -> Message:
    """What has to hold for every message, read raw and by another parser."""
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|[^\r\n\t -~]", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert header_names(raw) == names
    parsed = email.message_from_bytes(raw)
    assert parsed.keys() == names
    assert not parsed.defects
    assert [each.get_content_type() for each in parsed.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert not [defect for each in parsed.walk() for defect in each.defects]
    return parsed


def test_it_is_a_message_that_mail_programs_and_spam_filters_expect() -> None:
    parsed = require_sound(compose(message(), LETTERHEAD), NAMES)

    assert getaddresses([parsed["From"]]) == [("readiness on shop", "readiness@shop.example")]
    assert getaddresses([parsed["To"]]) == [("", "admin@shop.example"), ("", "deputy@shop.example")]
    assert parsed["Subject"] == "NOT READY - orders cannot be restored"
    assert parsed["Message-ID"] == "<7.abc@shop>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(
        r'"readiness of Harbour Lane"\s+<readiness-[0-9a-f]{8}\.shop\.localhost>', parsed["List-Id"]
    )
    assert [parsed[name] for name in ("Precedence", "In-Reply-To", "X-Readiness-Duplicate")] == [None] * 3


def test_it_is_dated_in_the_time_of_the_business() -> None:
    parsed = composed(message())

    assert parsed["Date"] == "Tue, 24 Nov 2026 03:10:00 +0100"
    assert parsedate_to_datetime(parsed["Date"]) == message().started


def test_both_parts_arrive_as_they_were_written() -> None:
    text = "Grüße\n\n  indented   and trailing  \n\ttab\nFrom here\n.\n=3D\n" + "long " * 300
    parsed = composed(message(text=text, html=f"<body>{text}</body>"))

    assert part(parsed, "plain") == text
    assert part(parsed, "html") == f"<body>{text}</body>"


def test_an_answer_belongs_to_its_thread() -> None:
    parsed = composed(message(references=("<1@shop>", "<2@shop>")))

    assert parsed["In-Reply-To"] == "<2@shop>"
    assert parsed["References"].split() == ["<1@shop>", "<2@shop>"]


def test_a_long_thread_keeps_its_beginning_and_its_end() -> None:
    parsed = composed(message(references=tuple(f"<{number}@shop>" for number in range(500))))

    found = parsed["References"].split()
    assert (found[0], found[-1], len(found)) == ("<0@shop>", "<499@shop>", 20)


def test_a_possible_duplicate_says_so_first_and_is_the_same_message_to_readers() -> None:
    once = composed(message())
    again = composed(message(), duplicate=True)

    assert again["X-Readiness-Duplicate"] == "possible"
    assert again["Message-ID"] == once["Message-ID"]
    assert part(again, "plain").startswith(f"{DUPLICATE}\n\nOrders")
    assert part(again, "html").startswith(f"<html><body><p><strong>{DUPLICATE}</strong></p><p>Orders")
    assert len(DUPLICATE) <= 72


def test_the_list_is_one_for_each_business_on_each_host() -> None:
    def list_id(business: str, host: str) -> str:
        letterhead = Letterhead(sender="r@x.example", business=business, host=host, time_zone="Europe/Berlin")
        return str(composed(message(), letterhead)["List-Id"]).split()[-1]

    assert list_id("a", "h.x.example") == list_id("a", "h.x.example")
    assert list_id("a", "h.x.example").endswith(".h.x.example>")
    assert len({list_id("a", "h"), list_id("b", "h"), list_id("a", "i")}) == 3


def test_words_beyond_ascii_arrive_in_subject_and_names() -> None:
    letterhead = Letterhead(
        sender="r@x.example", business="Hafen & Söhne", host="läden", time_zone="Europe/Berlin"
    )
    subject = "UNKNOWN - Bücher " + "漢字" * 60
    parsed = composed(message(subject=subject), letterhead)

    assert header(parsed, "Subject") == subject
    assert header(parsed, "List-Id").startswith("readiness of Hafen & Söhne")
    assert header(parsed, "From") == "readiness on läden <r@x.example>"


@pytest.mark.parametrize("made", ["=?utf-8?q?READY?=", "READY =?utf-8?b?UkVBRFk=?= x"])
def test_what_looks_encoded_arrives_as_it_was_written(made: str) -> None:
    assert header(composed(message(subject=made)), "Subject") == made


def test_a_huge_subject_is_shortened() -> None:
    parsed = composed(message(subject="x" * 10_000))

    assert header(parsed, "Subject") == "x" * 297 + "..."


@pytest.mark.parametrize("identifier", ["", "no-at", "a@b>\r\nBcc: x@y", "a b@c", "<@>", "x" * 999 + "@y"])
def test_what_is_no_message_id_becomes_a_stable_one(identifier: str) -> None:
    first = composed(message(message_id=identifier))["Message-ID"]

    assert re.fullmatch(r"<[0-9a-f]{32}@readiness\.invalid>", first)
    assert composed(message(message_id=identifier))["Message-ID"] == first


def test_ten_thousand_hostile_names_inject_nothing_and_are_never_refused() -> None:
    rng = random.Random(1)
    for _ in range(10_000 // PLACES + 1):
        names = ["".join(rng.choices(HOSTILE, k=rng.randint(1, 6))) for _ in range(PLACES)]
        check_hostile(*names, duplicate=rng.random() < 0.2)


@settings(max_examples=300, deadline=None, database=None)
@given(name=st.text(st.characters(codec=None), max_size=60), duplicate=st.booleans())
def test_any_text_injects_nothing_and_is_never_refused(name: str, duplicate: bool) -> None:
    check_hostile(*[name] * PLACES, duplicate=duplicate)


PLACES = 7  # where a mail holds words from outside


def check_hostile(
    name: str,
    sender: str,
    business: str,
    host: str,
    person: str,
    identifier: str,
    before: str,
    duplicate: bool,
) -> None:
    letterhead = Letterhead(sender=sender, business=business, host=host, time_zone="Europe/Berlin")
    hostile = message(
        recipients=(person, "a@x.example"),
        subject=f"NOT READY - {name}",
        text=f"{name} is gone.\n",
        html=f"<html><body><p>{name}</p></body></html>",
        message_id=identifier,
        references=(before, identifier),
    )
    names = [*NAMES]
    names[5:5] = ["In-Reply-To", "References"]
    if duplicate:
        names.insert(-2, "X-Readiness-Duplicate")

    parsed = require_sound(compose(hostile, letterhead, duplicate=duplicate), names)

    shown = printable(f"NOT READY - {name}")
    shown = shown if len(shown) <= 300 else shown[:297] + "..."
    assert header(parsed, "Subject").split() == shown.split()
    assert [address for _, address in getaddresses([parsed["To"]])][-1] in ("a@x.example", "")
    assert parsed["To"].count(",") == 1
    for subtype in ("plain", "html"):
        arrived = part(parsed, subtype)
        assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", arrived)
        if "\\" not in name:  # else it cannot be told from an escape
            assert ascii_of(name) in ascii_of(re.sub(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4})", "", arrived))


def ascii_of(text: str) -> str:
    return re.sub(r"[^ -~]+", "", text)
