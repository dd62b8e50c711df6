"""The mails: what they say word by word, that text and HTML say the same, and that they fit a phone."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.mail.letter import letter_html, letter_text, unfolded
from agent.core.letters.alarm import alarm_letter
from agent.core.letters.letter import ascii_text, in_brackets, subject_line
from agent.core.model.records import Verdict
from agent.core.text.layout import columns
from support.builders.letters import (
    FOUR,
    GOLDEN,
    Page,
    incident,
    letters_of,
    news,
    ready,
    remote,
    shop,
    weekly,
)
from support.builders.shop import HOUR, assessed, copy, drill, process, snapshot

FOLDER = Path(__file__).parent / "golden"


# ---- word by word ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOLDEN)
def test_a_mail_says_what_it_said(name: str) -> None:
    letter = GOLDEN[name]()
    expected = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert f"Subject: {letter.subject}\n\n{letter_text(letter)}" == expected


@pytest.mark.parametrize("name", GOLDEN)
def test_text_and_html_say_the_same(name: str) -> None:
    letter = GOLDEN[name]()
    assert letters_of(Page(letter_html(letter)).words) == letters_of(letter_text(letter))


@pytest.mark.parametrize("name", GOLDEN)
def test_no_line_is_wider_than_72_columns(name: str) -> None:
    assert max(columns(line) for line in letter_text(GOLDEN[name]()).splitlines()) <= 72


@pytest.mark.parametrize("name", GOLDEN)
def test_no_number_stands_at_the_end_of_a_line_and_its_unit_on_the_next(name: str) -> None:
    text = letter_text(GOLDEN[name]())
    assert re.findall(r"\d\n(?:d|h|min|s|[KMGT]?i?B)\b", text) == []
    assert re.findall(r"\d\n(?:d|h|min|s|[KMGT]?i?B)\b", unfolded(text)) == []


@pytest.mark.parametrize("name", GOLDEN)
def test_a_subject_is_one_line_of_ascii_with_the_state_in_front(name: str) -> None:
    letter = GOLDEN[name]()
    assert letter.subject.isascii()
    assert letter.subject.isprintable()
    assert len(letter.subject) <= 110
    assert letter.subject.startswith(letter.state) or name == "digest"
    assert letter_text(letter).startswith(f"{letter.state} - ")


# ---- the page -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOLDEN)
def test_a_page_is_well_formed_and_needs_nothing_from_elsewhere(name: str) -> None:
    text = letter_html(GOLDEN[name]())
    page = Page(text)
    assert page.faults == []
    assert list(remote(text)) == []
    assert "http" not in text
    assert page.tags.count("h1") == 1
    assert '<html lang="en">' in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert '<meta name="color-scheme" content="light dark">' in text
    assert len(text.encode()) < 100_000  # beyond 102 kB Gmail cuts a mail


def test_what_is_wrong_with_a_page_would_be_found() -> None:
    assert Page("<table><tr></table>").faults == ["</table> closes nothing", "<table> is never closed"]
    assert Page("<p onclick=x>").faults == ["<p onclick>", "<p> is never closed"]
    assert Page("<script></script>").faults == ["<script> is none of ours"]
    assert list(remote('<td style="background:url(x)">')) == ["url("]
    assert list(remote('<img src="x">')) == ["<img src="]
    assert list(remote("<style>@import 'x'</style>")) == ["@import"]


def test_the_cells_of_the_table_have_headings() -> None:
    text = letter_html(GOLDEN["owner-ready"]())
    assert text.count('scope="col"') == 5
    assert text.count('scope="row"') == 4


def test_a_bar_is_never_the_only_sign_and_shows_the_share_that_is_used() -> None:
    text = letter_html(weekly(ready(shop(process("orders", rto=4 * HOUR)))))
    assert text.count('width="64%"') == 1  # 9,200 of 14,400 seconds
    assert text.count('width="36%"') == 1
    assert "Fri 19:33" in text


def test_a_state_is_a_word_and_not_only_a_colour() -> None:
    words = Page(letter_html(GOLDEN["owner-not-ready"]())).words
    assert words.count("NOT READY") == 2
    assert words.count("READY") == 2 + 3 + 2  # three other rows, and what was before


def test_pictures_of_the_trend_come_behind_its_words() -> None:
    letter = GOLDEN["owner-long-names"]()
    with_picture = letter_html(letter, "<table><tr><td>picture</td></tr></table>")
    at = [with_picture.index(words) for words in ("STAKE", "1 h now.", "<td>picture</td>", "If the next")]
    assert at == sorted(at)
    assert "<b>picture" not in letter_html(GOLDEN["owner-ready"](), "<b>picture")


# ---- alarms ---------------------------------------------------------------------------------


def test_a_restore_unproven_for_long_says_for_how_long() -> None:
    found = shop(FOUR[0])
    old = assessed(copy(snapshot(1, paths=()), drill(24 * 15), name="orders"), shop=found)
    told = news("opened", "admin", incident(code="proof-expired", verdict=Verdict.UNKNOWN))
    assert alarm_letter(old, told).subject.startswith(
        "UNKNOWN - no restore of orders has been proven for 15 days (since Wed 04:00, F-1207)"
    )


def test_a_quoted_mail_is_broken_by_the_screen_and_keeps_its_tables_labels_and_commands() -> None:
    for name in GOLDEN:
        text = letter_text(GOLDEN[name]())
        whole = unfolded(text).split("\n")
        for line in text.split("\n"):
            if re.match(r"[A-Z][A-Z -]+: |    readiness|.*\S  +\S|  - ", line):
                assert any(one.startswith(line) for one in whole), line
        assert letters_of("".join(whole)) == letters_of(text)
    whole = unfolded(letter_text(GOLDEN["owner-not-ready"]()))
    assert "this server on Friday at 17:00, promises would be broken: orders" in whole
    assert "(since Wednesday 04:00, F-1207); the second" in whole


def test_the_name_of_a_finding_is_never_broken_on_a_phone_and_can_be_copied() -> None:
    for name in ("owner-not-ready", "admin-two", "owner-escalated", "digest", "alarm-test"):
        page = letter_html(GOLDEN[name]()).partition("<body")[2]
        whole = page.count('<span style="white-space:nowrap;">F-1210</span>')
        assert page.count("F-1210") == whole
        assert whole or name == "alarm-test"
    assert '<span style="white-space:nowrap;">T-20261201</span>' in page


# ---- subjects -------------------------------------------------------------------------------


def test_letters_become_ascii() -> None:
    assert ascii_text("Müller & Søn, Łódź \u2013 „Straße“") == 'Muller & Son, Lodz - "Strasse"'
    assert ascii_text("注文") == "\\u6ce8\\u6587"
    assert ascii_text("a\r\nBcc: x\u202e\udcff") == "a\\x0d\\x0aBcc: x\\u202e\\xff"


def test_a_long_subject_keeps_its_state_and_its_name() -> None:
    line = subject_line("NOT READY - " + "x" * 500, "(F-1207)")
    assert (len(line), line[:10], line[-12:]) == (110, "NOT READY ", "... (F-1207)")


def test_a_business_without_a_name_leaves_no_empty_brackets() -> None:
    assert (in_brackets(""), in_brackets("Müller")) == ("", "(Muller)")
    nameless = replace(shop(), business=replace(shop().business, name=""))
    assert weekly(ready(nameless)).subject == "READY - back by Saturday 18:53 (27-30 Nov)"
