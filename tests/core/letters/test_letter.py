"""The mails: what they say word by word, that text and HTML say the same, and that they fit a phone."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.mail.letter import letter_html, letter_text, unfolded
from agent.core.configuration.config import Alarm
from agent.core.letters.alarm import alarm_letter
from agent.core.letters.digest import digest_letter
from agent.core.letters.letter import ascii_text, in_brackets, subject_line
from agent.core.letters.owner import state_then
from agent.core.letters.owner_facts import not_tested
from agent.core.letters.plain_words import WORDS
from agent.core.model.findings import CODES
from agent.core.model.notices import StateThen
from agent.core.model.records import Verdict
from agent.core.telling.incidents import Earlier
from agent.core.text.layout import columns
from support.builders.letters import (
    BEHIND,
    FOUR,
    GOLDEN,
    Page,
    broken,
    copies,
    incident,
    last_week,
    letters_of,
    message,
    news,
    opened,
    ready,
    remote,
    shop,
    slipping,
    weekly,
)
from support.builders.shop import GIB, HOUR, NOW, ago, assessed, copy, drill, process, snapshot
from support.our_code import literals

FOLDER = Path(__file__).parent / "golden"
PLAIN = [name for name in GOLDEN if name.startswith(("owner-", "deputy-"))]
JARGON = ("repository", "snapshot", "drill", "rpo", "rto", "restic", "ledger", "witness", "scratch", "tier")

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


@pytest.mark.parametrize("name", [name for name in GOLDEN if name.startswith("owner-")])
def test_an_owner_s_mail_has_at_most_30_lines(name: str) -> None:
    assert len(letter_text(GOLDEN[name]()).splitlines()) <= 30


@pytest.mark.parametrize("name", PLAIN)
def test_owners_and_deputies_read_no_jargon(name: str) -> None:
    letter = GOLDEN[name]()
    words = set((letter.subject + " " + letter_text(letter)).lower().replace(".", " ").split())
    assert words & {*JARGON, *(f"{word}s" for word in JARGON)} == set()


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


# ---- the owner's mail -----------------------------------------------------------------------


def test_the_words_cover_every_reason_and_every_finding() -> None:
    assert (literals("reason") | literals("_reason") | set(CODES)) - set(WORDS) == set()


def test_what_changed_is_told_by_process() -> None:
    then = StateThen(
        verdict="NOT_READY",
        back=None,
        opens=NOW,
        processes={"orders": "NOT_READY", "shop": "READY", "mail": "READY", "letters": "READY"},
        bytes={"shop": 1 << 31, "mail": 1 << 31},
    )
    text = " ".join(letter_text(weekly(ready(), then)).split())
    assert "The answer was NOT READY. Better: orders (was NOT READY). New: accounts." in text
    assert "No longer looked after: letters. Data: mail grew 50%." in text


def test_no_change_is_said_as_well() -> None:
    assert "CHANGED SINCE THE LAST MAIL: Nothing." in letter_text(weekly(ready(), state_then(ready())))


def test_a_chance_is_told_only_when_there_is_one() -> None:
    found = ready()
    sure = replace(found, timetable=replace(found.timetable, probability=0.92))
    assert weekly(sure).subject.startswith("READY 92% - back by Saturday 18:53")
    assert weekly(sure, state_then(sure)).subject.startswith("READY 92% - back")
    assert weekly(sure, replace(state_then(sure), probability=0.944)).subject.startswith(
        "READY 92% (was READY 94%) - back"
    )
    assert "in about 9 weekends out of 10 (92%)" in " ".join(letter_text(weekly(sure)).split())
    almost = replace(found, timetable=replace(found.timetable, probability=0.999))
    assert "99 weekends out of 100 (99%)" in " ".join(letter_text(weekly(almost)).split())
    assert "%" not in weekly(found).subject


def test_what_cannot_be_restored_is_promised_for_no_time() -> None:
    line = next(line for line in letter_text(weekly(broken())).splitlines() if line.startswith("orders "))
    assert line.split()[5:7] == ["unknown", "Fri"]


def test_what_cannot_be_restored_is_not_said_to_lose_only_some_hours() -> None:
    (row,) = [line for line in letter_text(weekly(broken())).splitlines() if line.startswith("orders ")]
    assert row.split("  ")[-1].strip() == "unknown"


def test_a_failed_drill_weighs_less_while_another_copy_is_proven() -> None:
    found = shop(FOUR[0])
    failed = copy(snapshot(1, paths=()), drill(9, "failed"), drill(60), name="orders")
    other = copy(snapshot(1, paths=()), drill(30), name="orders", repository="planb")
    assessment = assessed(failed, other, shop=found)
    assert "one copy of orders cannot be restored, another can" in weekly(assessment).subject
    assert (
        "orders cannot be restored (since"
        in weekly(broken(), incidents=(incident(),)).groups[-1].blocks[2].text
    )


def test_no_disk_is_promised_to_survive_the_server() -> None:
    text = " ".join(letter_text(weekly(slipping())).split())
    assert "orders might never come back: the backups lie on the same disk. If that lives, everything" in text


def test_at_stake_is_the_configured_value_of_the_hours_until_each_is_back() -> None:
    found = shop(process("orders", value_per_hour=100.0), process("mail"))
    text = letter_text(weekly(ready(found)))
    said = "AT STAKE: orders 100 an hour: 256 until they are back, in your currency"
    assert said in " ".join(text.split())  # it is first, after 9,200 s
    assert "AT STAKE" not in letter_text(weekly(ready(shop(process("orders")))))


def test_without_a_contact_the_administrator_is_called() -> None:
    found = shop(FOUR[0])
    silent = replace(found, alarm=replace(found.alarm, contact=""))
    assert "UNKNOWN: call your administrator." in " ".join(letter_text(weekly(ready(silent))).split())


def test_what_plan_b_knows_nothing_of_is_not_proven_there() -> None:
    found = shop()
    some = [one for one in copies(found) if one.repository == "primary" or one.process in ("orders", "mail")]
    text = " ".join(letter_text(weekly(assessed(*some, shop=found))).split())
    assert "PLAN B: Copy planb: orders and mail proven, shop and accounts not." in text


def test_where_all_is_ready_what_is_not_mended_is_what_to_do() -> None:
    note = incident(code="mail-refused", processes=(), verdict=Verdict.READY, severity=2)
    drift = incident(code="growth", verdict=Verdict.AT_RISK, severity=3)
    text = letter_text(weekly(ready(), incidents=(drift, note)))
    assert "NOT MENDED YET: somebody who should get mail does not get it" in text
    assert "DO ONE THING: Ask your administrator to check the mail addresses." in text


def test_what_to_do_is_never_cut() -> None:
    names = [f"{n}-{'x' * 50}" for n in range(3)]
    stale = [copy(snapshot(200, paths=()), drill(30), name=name) for name in names]
    found = shop(*(process(name, owner="x" * 90) for name in names), repositories=("primary", "y" * 60))
    found = replace(found, alarm=Alarm(contact="z " * 45))
    letter = weekly(assessed(*stale, shop=found), incidents=(incident(), BEHIND), trend="word " * 40)
    text = " ".join(letter_text(letter).split())
    assert f"make a backup of {names[0]}, {names[1]} and 1 more." in text


def test_a_long_table_keeps_the_worst() -> None:
    text = letter_text(GOLDEN["owner-fourteen"]())
    assert all(f"process-number-{n} " in text for n in (3, 7, 11, 12, 13))
    assert "... and 6 more, all READY" in text


def test_the_state_for_the_next_mail() -> None:
    then = state_then(broken())
    assert (then.verdict, then.processes["orders"], then.reasons) == (
        "NOT_READY",
        "NOT_READY",
        ("drill-failed",),
    )
    assert last_week(ready()).bytes.keys() == {"mail"}


# ---- alarms ---------------------------------------------------------------------------------


def test_an_alarm_says_what_to_run_and_never_to_accept_unseen() -> None:
    hints = {
        "Run: readiness snapshot orders, then: readiness drill orders --from planb": [
            "readiness snapshot orders",
            "readiness drill orders --from planb",
        ],
        "Set the clock (timedatectl status), then run: readiness drill orders": ["readiness drill orders"],
        "If this is meant: readiness snapshot --accept orders": ["readiness exposure orders"],
        "Run: systemctl restart readiness (journalctl -u readiness tells why)": [
            "systemctl restart readiness"
        ],
        "Look at the disk.": ["readiness drill orders"],
        "Mend it: readiness drill --snapshot last-good finds one.": ["readiness drill --snapshot last-good"],
    }
    for hint, commands in hints.items():
        told = news("opened", "admin", incident(code="mass-change", hint=hint))
        lines = letter_text(alarm_letter(ready(), told)).splitlines()
        shown = [line.strip() for line in lines if line.startswith("    ")]
        assert shown == [*commands, "readiness ack F-1207"]


def test_a_restore_unproven_for_long_says_for_how_long() -> None:
    found = shop(FOUR[0])
    old = assessed(copy(snapshot(1, paths=()), drill(24 * 15), name="orders"), shop=found)
    told = news("opened", "admin", incident(code="proof-expired", verdict=Verdict.UNKNOWN))
    assert alarm_letter(old, told).subject.startswith(
        "UNKNOWN - no restore of orders has been proven for 15 days (since Wed 04:00, F-1207)"
    )


def test_what_came_before_is_counted_and_the_last_time_told() -> None:
    def said(*days: float) -> str:
        before = tuple(Earlier(ago(24 * each), ago(24 * each - 2)) for each in days)
        return " ".join(
            letter_text(alarm_letter(broken(), news("opened", "admin", incident(before=before)))).split()
        )

    assert "No, this is the first time." in said()
    assert "Yes, once: from " in said(9)
    assert "Yes, twice: the last time from " in said(9, 20)
    assert "Yes, 3 times: the last time from " in said(9, 20, 30)


def test_an_owner_hears_of_four_more_and_how_many_there_are() -> None:
    def said(number: int) -> str:
        others = (replace(incident(), number=1300 + each) for each in range(number))
        return letter_text(alarm_letter(broken(), news("escalated", "owner", incident(), *others)))

    assert "more." not in said(4)
    assert "... and 2 more." in said(6)
    assert "F-1303" in said(6)
    assert "F-1304:" not in said(6)


def test_after_closing_time_the_owner_reads_of_the_past() -> None:
    evening = NOW + timedelta(days=2, hours=8)
    text = " ".join(letter_text(weekly(ready(now=evening))).split())
    assert "had lost this server" in text
    assert "everything critical would have been back by" in text


def test_what_only_samples_prove_is_not_said_to_be_tested_whole() -> None:
    found = shop(FOUR[0], repositories=("primary",))
    sampled = assessed(copy(snapshot(1, paths=()), drill(30, share=0.2, bytes=GIB // 5)), shop=found)
    assert "all of orders (only 20 %)" in not_tested(sampled).replace("20%", "20 %")
    assert "all of" not in not_tested(ready(found))


def test_an_alarm_speaks_of_today_and_not_of_the_day_that_was_recorded() -> None:
    text = letter_text(alarm_letter(broken(), news("reminder", days=3)))
    assert "invoices/2026/0.pdf" in text
    assert "a file is damaged" not in text


def test_many_incidents_are_named_and_the_first_told_in_full() -> None:
    several = [incident(number=n) for n in range(1, 13)]
    text = letter_text(alarm_letter(broken(), news("opened", "admin", *several)))
    assert text.count("SEEN BEFORE:") == 5
    assert all(f"F-{n}" in text for n in range(1, 13))
    assert "and 11 more)" in alarm_letter(broken(), news("opened", "admin", *several)).subject


def test_an_alarm_of_very_many_incidents_is_not_cut_off_by_gmail() -> None:
    several = [incident(number=n) for n in range(1, 201)]
    letter = alarm_letter(broken(), news("opened", "admin", *several))
    text = letter_text(letter)
    assert len(letter_html(letter).encode()) < 95_000
    assert "... and 170 more: readiness report --for admin" in " ".join(text.split())
    assert "    readiness ack F-30\n" in text
    assert "F-31" not in text


def test_a_note_is_no_verdict() -> None:
    told = news("opened", "admin", incident(code="retention-frozen", verdict=Verdict.READY))
    assert alarm_letter(ready(), told).subject.startswith("NOTE - old backups of orders are kept")


def test_a_long_command_can_still_be_pasted_into_a_shell() -> None:
    names = tuple(f"a-process-with-a-long-name-{n}" for n in range(5))
    text = letter_text(alarm_letter(ready(), news("opened", "admin", incident(processes=names, hint=""))))
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("    readiness drill"))
    pasted = "\n".join(lines[start : start + 3]).replace("\\\n", " ").splitlines()[0]
    assert pasted.split() == ["readiness", "drill", *names]


def test_a_digest_leaves_nothing_out_and_begins_with_the_gravest() -> None:
    letter = GOLDEN["digest"]()
    text = letter_text(letter)
    whole = letter_text(GOLDEN["admin-opened"]())
    assert whole in text
    assert text.index("F-1207") < text.index("F-1210")
    assert digest_letter(ready(), []).subject.startswith("READY - 0 mails")


def test_a_digest_that_gmail_would_cut_names_what_it_leaves_out_and_where_that_is() -> None:
    many = [message(opened(), 100 - n, severity=3) for n in range(80)]
    gravest = message(GOLDEN["admin-two"](), 3)
    letter = digest_letter(broken(), [*many, gravest])
    page, text = letter_html(letter), letter_text(letter)
    words = " ".join(text.split())

    assert len(page.encode()) < 95_000
    assert text.index(gravest.text) < text.index(many[0].text)
    quoted = text.count("\nWHAT: ") - 2  # the gravest one has two of them
    assert 20 < quoted < 80
    assert (
        f"81 mails to you could not be sent since Saturday at 09:00, 4 d 4 h ago. Here are {quoted + 1}"
        in words
    )
    assert f"{80 - quoted} more are kept on the server" in words
    assert "\n    readiness ledger export\n" in text
    assert letters_of(Page(page).words) == letters_of(text)


def test_one_mail_that_is_too_long_for_a_digest_is_named() -> None:
    page = replace(message(opened(), 9), text="x <b>\n" * 30_000, subject="UNKNOWN - a long report")
    letter = digest_letter(broken(), [page, message(opened(), 5)])
    assert len(letter_html(letter).encode()) < 50_000
    assert "UNKNOWN - a long report" in letter_text(letter)
    assert letter_text(opened()) in letter_text(letter)


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


def test_ages_in_what_was_recorded_are_left_out_later() -> None:
    told = news("fixed", "admin", incident(opened=ago(51), closed=ago(1)))
    text = " ".join(letter_text(alarm_letter(ready(), told)).split())
    assert "IT WAS: The drill from primary on Wednesday 04:00 failed: a file is damaged." in text
