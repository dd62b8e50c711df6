"""Mails of any business: short enough, narrow enough, and harmless whatever its names and findings hold."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.adapters.mail.letter import letter_html, letter_text
from agent.core.configuration.config import Alarm, Config, Step
from agent.core.letters.alarm import alarm_letter, alarm_test_letter
from agent.core.letters.digest import bundle_letter, digest_letter
from agent.core.letters.emergency import emergency_letter
from agent.core.letters.letter import Block, Letter, Sentence
from agent.core.letters.owner import owner_letter, state_then
from agent.core.model.records import Verdict
from agent.core.report.answer import STATES, zone_of
from agent.core.text.layout import columns
from agent.core.verdict.judgement import Assessment
from support.builders.letters import Page, incident, last_week, letters_of, message, news, ready, remote, shop
from support.builders.shop import DAY, HOUR, NOW, ago, assessed, config, copy, drill, process, snapshot, wrong

# ---- any business ---------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,59}", fullmatch=True)
WORDS = st.text(st.characters(codec="utf-8"), max_size=120)
RECORDS = st.lists(
    st.sampled_from(["good", "old", "same disk", "drilled", "failed", "sampled", "slow", "long ago"]),
    max_size=3,
)
MADE = {
    "good": lambda: snapshot(1, paths=()),
    "old": lambda: snapshot(200, paths=()),
    "same disk": lambda: snapshot(1, paths=(), same_device=True),
    "drilled": lambda: drill(9),
    "failed": lambda: drill(5, "failed"),
    "sampled": lambda: drill(7, share=0.2),
    "slow": lambda: drill(6, seconds=replace(drill().seconds, restore=400_000, total=400_000)),
    "long ago": lambda: drill(24 * 400),
}


GOOD = ["good", "drilled"]
MOODS = {  # what each copy has been through; of the first process, what its first copy has
    Verdict.READY: (st.just(GOOD), GOOD),
    Verdict.AT_RISK: (st.just(GOOD), ["same disk", "drilled"]),
    Verdict.NOT_READY: (RECORDS, ["good", "failed"]),
    Verdict.UNKNOWN: (st.just(GOOD), ["good"]),
}
ANSWERS = {
    Verdict.READY: ("everything critical would be back by",),
    Verdict.AT_RISK: ("everything critical would be back by", "might never come back: the backups lie on"),
    Verdict.NOT_READY: ("promises would be broken: ", "only a part of the copies would help: "),
    Verdict.UNKNOWN: ("nobody could say when it is back: ",),
}


@st.composite
def businesses(draw: st.DrawFn, verdict: Verdict = Verdict.NOT_READY) -> Assessment:
    usual, first = MOODS[verdict]
    is_bad = verdict == Verdict.NOT_READY
    names = draw(st.lists(NAMES, min_size=1, max_size=20, unique=True))
    minutes = st.integers(1, 3000 if is_bad else 20)
    steps = draw(st.lists(st.builds(Step, name=WORDS, minutes=minutes), max_size=3))
    value = st.floats(0, 1e9, allow_nan=False)
    processes = [
        process(
            name,
            rto=draw(st.integers(1 if is_bad else 50, 400)) * HOUR,
            rpo=draw(st.integers(1 if is_bad else DAY, 90 * DAY)),
            value_per_hour=draw(value),
            steps=tuple(steps),
            owner=draw(WORDS),
            promise=draw(WORDS),
        )
        for name in names
    ]
    places = draw(st.sampled_from([("primary",), ("primary", "planb"), ("primary", "x" * 60, "c")]))
    found = replace(config(*processes, repositories=places), processes=tuple(processes))
    found = replace(
        found, business=replace(found.business, name=draw(WORDS)), alarm=Alarm(contact=draw(WORDS))
    )
    copies = [
        copy(*(MADE[kind]() for kind in kinds), name=name, repository=place)
        for name in names
        for place in places
        for kinds in [first if name == names[0] else draw(usual)]
    ]
    return assessed(*copies, shop=found)


@pytest.mark.parametrize("verdict", Verdict)
@settings(max_examples=25, deadline=None)
@given(st.data(), st.booleans(), st.integers(0, 9), WORDS)
def test_an_owner_s_mail_fits_and_begins_with_the_answer_whatever_the_business_is(
    verdict: Verdict, data: st.DataObject, long_weekend: bool, open_incidents: int, trend: str
) -> None:
    assessment, before = data.draw(businesses(verdict)), data.draw(businesses())
    window = assessment.window if long_weekend else None
    incidents = [incident(number=n) for n in range(open_incidents)]
    letter = owner_letter(
        assessment, window, state_then(before), NOW + timedelta(days=9), incidents, ascii(trend)
    )
    text = letter_text(letter)
    words = " ".join(text.split())

    assert assessment.verdict == verdict
    assert len(text.splitlines()) <= 30
    assert wrong_with(letter) == []
    state, answer = STATES[verdict], letter.opening.partition(" this server on ")[2]  # behind the name
    assert letter.subject.startswith((f"{state} - ", f"{state} (was "))
    assert text.startswith(f"{state} - If ")
    assert letters_of(answer)[:60] in letters_of(text)
    assert [one for one in ANSWERS[verdict] if one in answer]
    others = {one for ones in ANSWERS.values() for one in ones} - {*ANSWERS[verdict]}
    assert [one for one in others if one in answer] == []
    assert "nobody knows when" not in answer
    (to_do,) = (one.text for group in letter.groups for one in group.blocks if _is_to_do(one))
    assert letters_of(f"DO ONE THING: {to_do}") in letters_of(text)
    contact = assessment.config.alarm.contact
    assert "the answer is UNKNOWN" in words
    assert not contact.strip().isalnum() or letters_of(contact)[:40] in letters_of(text)


def _is_to_do(block: Block) -> bool:
    return isinstance(block, Sentence) and block.label == "DO ONE THING"


def wrong_with(letter: Letter) -> list[str]:
    """Every rule of a mail that this one breaks."""
    text, page_text = letter_text(letter), letter_html(letter)
    page = Page(page_text)
    found = [*page.faults, *remote(page_text)]
    found += [line for line in text.splitlines() if columns(line) > 72]
    found += [f"unprintable {char!r}" for char in text if char != "\n" and not char.isprintable()]
    found += ["other words"] if letters_of(page.words) != letters_of(text) else []
    one_line = letter.subject.isascii() and letter.subject.isprintable() and len(letter.subject) <= 110
    found += [] if one_line else [f"subject {letter.subject!r}"]
    text.encode()
    page_text.encode()
    return found


# ---- hostile names --------------------------------------------------------------------------

NAMES_TRIED = 10_000
SLOTS = 16  # names in one round of mails
HOSTILE = (
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=y>",
        "</td></table>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
    ),
    *('"', "'", "&lt;", "&#60;b&#62;", "<b>", "</p>", "</style>", "</title>", "<h1>", "style=x:url(y)"),
    *("{{ 7 * 7 }}", "{% include 'x' %}", "{#", "{name}", "%s", "{0}", "$(id)", "`id`", "; rm -rf /", "\\"),
    *("\r\nBcc: a@b", "\nSubject: x", "\n\n", "\t", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u00a0"),
    *("\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\u05d0\u05d1\u05d2", "\u0645\u0631", "e\u0301" * 9),
    *("\ud800", "\udcff", "\udfff", "\U0001f600", "\U000e0041", "\u6ce8\u6587", "\uff21", "\ufdfa", "\u01c5"),
    *("x" * 300, "ab " * 60, " ", "", "READY", "F-1", "orders", "Run: readiness drill x", ": readiness y."),
    *("javascript:z", "url(z)", "@import", "=?utf-8?q?x?=", "--", "- ", ".", "\u0130", "\u00df", "\u20ac"),
)


def hostile(chance: random.Random) -> str:
    return "".join(chance.choice(HOSTILE) for _ in range(chance.randint(1, 5)))


def hostile_mails(chance: random.Random) -> list[Letter]:
    """Each kind of mail, with other hostile words wherever words come from outside."""
    new = [hostile(chance) for _ in range(SLOTS)]
    found = _business(new)
    bad = replace(wrong("file-damaged"), message=new[5], hint=new[6], path=new[7], code=new[8])
    records = [snapshot(1, paths=()), drill(0.2, "failed", findings=(bad,)), drill(30)]
    name, other = (one.name for one in found.processes)
    copies = (
        copy(*records, name=name),
        copy(snapshot(1, paths=()), drill(30), name=other, repository=new[9]),
    )
    assessment = assessed(*copies, shop=found)
    trouble = incident(
        processes=(name, other),
        code=new[10],
        repository=new[9],
        sentence=new[11],
        hint=f"{new[12]}: {new[13]}",
    )
    event = chance.choice(("opened", "worse", "reminder", "escalated", "flapping", "fixed"))
    role = chance.choice(("admin", "deputy", "owner"))
    told = news(event, role, trouble, incident(number=2), drills=NOW, escalates=("owner", NOW), over_budget=1)
    alarm = alarm_letter(assessment, told)
    weekly = owner_letter(assessment, None, last_week(ready()), NOW, (trouble,), new[14])
    raw = replace(message(weekly, 5), subject=new[15], text="\n".join(new))
    return [
        weekly,
        alarm,
        digest_letter(assessment, [message(alarm, 4), raw], new[14]),
        emergency_letter(found, "config", (new[5], new[6]), NOW),
        alarm_test_letter(new[0], new[1], NOW, zone_of(assessment), new[2]),
        bundle_letter(assessment, new[3], new[4], 7, (ago(900), NOW)),
    ]


def _business(new: list[str]) -> Config:
    processes = (
        process(new[0] or "a", promise=new[1], owner=new[2], value_per_hour=9.5),
        process(new[3] + "b"),
    )
    found = shop(*processes, repositories=("primary", new[9]))
    business = replace(found.business, name=new[4])
    return replace(found, business=business, alarm=Alarm(contact=new[14]))


@pytest.mark.parametrize("part", range(5))
def test_hostile_names_stay_names_in_every_mail(part: int) -> None:
    chance = random.Random(part)
    for _ in range(NAMES_TRIED // SLOTS // 5):
        for letter in hostile_mails(chance):
            assert wrong_with(letter) == []
