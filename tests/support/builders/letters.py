"""Mails of a small business, for tests of what they say and how they look."""

import html.parser
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from agent.adapters.mail.letter import letter_text
from agent.core.configuration.config import Alarm, Config, CriticalProcess, Step
from agent.core.evidence.evidence import Copy
from agent.core.letters.alarm import alarm_letter, alarm_test_letter
from agent.core.letters.digest import bundle_letter, digest_letter
from agent.core.letters.emergency import Subject, emergency_letter
from agent.core.letters.letter import Letter
from agent.core.letters.owner import owner_letter, state_then
from agent.core.letters.trial import trial_letter
from agent.core.model.drills import DrillSeconds
from agent.core.model.notices import MessageRecord, StateThen
from agent.core.model.records import Verdict
from agent.core.report.answer import zone_of
from agent.core.telling.incidents import Earlier, Incident, News
from agent.core.verdict.judgement import Assessment
from support.builders.shop import GIB, HOUR, NOW, ago, assessed, config, copy, drill, process, snapshot, wrong

CONTACT = "the administrator on duty, 0xx-xxx"
NEXT_BY = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
FOUR = (
    process("orders", rto=6 * HOUR, value_per_hour=480.0, steps=(Step("connect the label printer", 30),)),
    process("shop", rto=30 * HOUR, rpo=24 * HOUR, value_per_hour=220.0),
    process("mail", tier=2, rto=48 * HOUR, rpo=24 * HOUR),
    process("accounts", tier=3, rto=60 * HOUR, rpo=24 * HOUR),
)


def shop(*processes: CriticalProcess, repositories: tuple[str, ...] = ("primary", "planb")) -> Config:
    return replace(config(*(processes or FOUR), repositories=repositories), alarm=Alarm(contact=CONTACT))


def copies(found: Config, now: datetime = NOW) -> list[Copy]:
    """Everything was saved an hour ago and drilled within the last days, in every repository."""
    later = now - NOW
    seconds = DrillSeconds(restore=9000, verify=100, prove=5, total=9200)
    return [
        copy(
            _later(snapshot(1, paths=(), bytes=GIB * (n + 1), files=1000 * (n + 1)), later),
            _later(drill(30 + 20 * n, seconds=seconds), later),
            name=each.name,
            repository=repository.name,
        )
        for n, each in enumerate(found.processes)
        for repository in found.repositories
    ]


def _later(record, later: timedelta):
    return replace(record, started=record.started + later, snapshot_at=record.snapshot_at + later)


def ready(found: Config | None = None, now: datetime = NOW) -> Assessment:
    found = found or shop()
    return assessed(*copies(found, now), shop=found, now=now)


def broken() -> Assessment:
    """The last drill of orders failed, and there is no other copy."""
    found = shop(repositories=("primary",))
    damaged = tuple(
        replace(wrong("file-damaged", message=f"{path} came back with other content."), path=path)
        for path in (f"/srv/orders/invoices/2026/{n}.pdf" for n in range(9))
    )
    failed = drill(9, "failed", findings=damaged)
    rest = [one for one in copies(found) if one.process != "orders"]
    return assessed(copy(snapshot(1, paths=()), failed, drill(60), name="orders"), *rest, shop=found)


def slipping() -> Assessment:
    found = shop(repositories=("primary",))
    same_disk = copy(snapshot(1, paths=(), same_device=True), drill(30), name="orders")
    return assessed(same_disk, *(one for one in copies(found) if one.process != "orders"), shop=found)


def many() -> Assessment:
    """Fourteen processes, three of which are not as they should be."""
    found = shop(*(process(f"process-number-{n}", rto=(70 + n) * HOUR) for n in range(14)))
    quick = [replace(one, drills=(replace(one.drills[0], started=ago(9)),)) for one in copies(found)]
    short = [
        replace(one, drills=(replace(d, seconds=DrillSeconds(restore=900, total=900)),))
        for one in quick
        for d in one.drills
    ]
    bad = {"process-number-3", "process-number-7", "process-number-11"}
    kept = [replace(one, drills=()) if one.process in bad else one for one in short]
    return assessed(*kept, shop=found)


def long_names() -> Assessment:
    names = (
        "orders-and-everything-that-belongs-to-them-in-the-warehouse",
        "mail-of-the-customer-service-team",
    )
    found = shop(*(process(name, owner="the head of everything", value_per_hour=99.5) for name in names))
    business = replace(
        found.business, name="Müller, Søndergård & Łódź Straßenbau und Gartenpflege GmbH & Co. KG"
    )
    return ready(replace(found, business=business))


def easter() -> tuple[Assessment, datetime]:
    """The Tuesday before Easter 2027: closed from Thursday 17:00 to Tuesday 08:00."""
    now = datetime(2027, 3, 23, 14, 0, tzinfo=UTC)
    found = shop()
    days = (now.date().replace(day=26), now.date().replace(day=29))
    found = replace(found, business=replace(found.business, holidays=days))
    return ready(found, now), now


def last_week(assessment: Assessment) -> StateThen:
    then = state_then(assessment)
    return replace(then, bytes={name: int(size * 0.9) for name, size in then.bytes.items() if name == "mail"})


def incident(**changes) -> Incident:
    usual = Incident(
        number=1207,
        key="drill|orders|primary",
        severity=1,
        verdict=Verdict.NOT_READY,
        code="drill-failed",
        processes=("orders",),
        repository="primary",
        sentence="The drill from primary on Wednesday 04:00, 9 h ago, failed: a file is damaged.",
        hint="Look at the disk of the repository.",
        opened=ago(9),
        since=ago(9),
        before=(Earlier(ago(24 * 90), ago(24 * 88)),),
    )
    return replace(usual, **changes)


BEHIND = incident(
    number=1210,
    key="plan-b-behind|mail|planb",
    severity=2,
    verdict=Verdict.AT_RISK,
    code="plan-b-behind",
    processes=("mail", "shop"),
    repository="planb",
    sentence="Plan B is 50 h behind: that is lost with the first repository.",
    hint="Run: readiness copy mail --to planb",
    before=(),
)
REFUSED = incident(
    key="mail-refused||",
    severity=2,
    verdict=Verdict.READY,
    code="mail-refused",
    processes=(),
    repository="",
    sentence="The mail server refuses boss@harbourlane.example: no such user.",
    hint="Mend [mail] in the config, then: readiness mail test",
    before=(),
)
MENDED = incident(opened=ago(51), gone=ago(1), closed=ago(0.3))


def news(event="opened", role="admin", *incidents: Incident, **changes) -> News:
    return News(event=event, role=role, incidents=incidents or (incident(),), **changes)


def opened() -> Letter:
    told = news(
        escalates=("deputy", NOW + timedelta(hours=2)),
        drills=NOW + timedelta(hours=15),
        over_budget=2,
        again_by=NOW + timedelta(hours=26),
    )
    return alarm_letter(broken(), told)


def message(letter: Letter, hours: float, severity=1) -> MessageRecord:
    return MessageRecord(
        message=letter.subject,
        kind="alarm",
        role="admin",
        started=ago(hours),
        recipients=("admin@harbourlane.example",),
        subject=letter.subject,
        text=letter_text(letter),
        html="",
        message_id="<1@harbourlane.example>",
        severity=severity,
    )


def holiday() -> Letter:
    assessment, _ = easter()
    by = datetime(2027, 4, 2, 8, 0, tzinfo=UTC)
    return owner_letter(assessment, assessment.window, last_week(assessment), by)


def digest() -> Letter:
    flapping = alarm_letter(broken(), news("flapping", "admin", BEHIND, changes=4))
    return digest_letter(broken(), [message(flapping, 60, 2), message(opened(), 100)], "Connection refused")


def emergency(subject: Subject) -> Letter:
    trouble = {
        "config": ("/etc/readiness/readiness.toml cannot be used: 1 problem.", "Run: readiness validate"),
        "ledger": ("The ledger is not whole: record 3 is missing.", "Run: readiness ledger verify"),
    }
    return emergency_letter(shop(), subject, trouble[subject], NOW)


def weekly(assessment: Assessment, previous: StateThen | None = None, **more) -> Letter:
    return owner_letter(assessment, None, previous, NEXT_BY, **more)


GOLDEN: dict[str, Callable[[], Letter]] = {
    "owner-ready": lambda: weekly(ready(), last_week(ready())),
    "owner-at-risk": lambda: weekly(slipping(), last_week(ready())),
    "owner-not-ready": lambda: weekly(broken(), last_week(ready()), incidents=(incident(), BEHIND)),
    "owner-unknown": lambda: weekly(assessed(shop=shop(*FOUR[:2]))),
    "owner-holiday": holiday,
    "owner-one-process": lambda: weekly(ready(shop(FOUR[0], repositories=("primary",)))),
    "owner-fourteen": lambda: weekly(many(), last_week(ready())),
    "owner-long-names": lambda: weekly(
        long_names(), trend="Restoring orders took 40 min in June and 1 h now."
    ),
    "owner-nothing": lambda: weekly(assessed(shop=replace(shop(), processes=()))),
    "admin-opened": opened,
    "admin-two": lambda: alarm_letter(broken(), news("opened", "admin", incident(), BEHIND)),
    "admin-worse": lambda: alarm_letter(broken(), news("worse")),
    "admin-reminder": lambda: alarm_letter(broken(), news("reminder", days=3)),
    "admin-flapping": lambda: alarm_letter(broken(), news("flapping", "admin", BEHIND, changes=4)),
    "admin-fixed": lambda: alarm_letter(ready(), news("fixed", "admin", MENDED)),
    "deputy-escalated": lambda: alarm_letter(broken(), news("escalated", "deputy")),
    "owner-escalated": lambda: alarm_letter(
        broken(), news("escalated", "owner", incident(), BEHIND, drills=NOW + timedelta(hours=15))
    ),
    "admin-fixed-one-of-two": lambda: alarm_letter(ready(), news("fixed", "admin", MENDED, beside=(BEHIND,))),
    "owner-fixed": lambda: alarm_letter(ready(), news("fixed", "owner", MENDED)),
    "alarm-test": lambda: alarm_test_letter(
        "Harbour Lane Mail Order", "T-20261201", NOW, zone_of(ready()), CONTACT
    ),
    "admin-closed": lambda: alarm_letter(
        ready(), news("fixed", "admin", replace(MENDED, processes=("letters",)))
    ),
    "admin-note": lambda: alarm_letter(ready(), news("opened", "admin", REFUSED)),
    "emergency-config": lambda: emergency("config"),
    "emergency-ledger": lambda: emergency("ledger"),
    "trial": lambda: trial_letter(shop()),
    "digest": digest,
    "bundle": lambda: bundle_letter(ready(), "bundle.zip", "ab" * 32, 42, (ago(24 * 90), NOW)),
}


# ---- what is wrong with a page --------------------------------------------------------------

OURS = {
    *("html", "head", "meta", "title", "style", "body", "table", "thead", "tbody", "tr", "th", "td"),
    *("h1", "h2", "p", "b", "br", "span", "code", "pre"),
}
VOID = {"meta", "br"}
ATTRIBUTES = {
    *("lang", "charset", "name", "content", "class", "style", "role", "width", "height", "cellpadding"),
    *("cellspacing", "border", "bgcolor", "align", "valign", "scope", "aria-label", "aria-hidden"),
}


class Page(html.parser.HTMLParser):
    """What a mail program would see: faults of its tags, and the words of its body."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.faults: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.faults += [f"<{tag}> is none of ours"] if tag not in OURS else []
        self.faults += [f"<{tag} {name}>" for name, _ in attrs if name not in ATTRIBUTES]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if "head" not in self.open:
            self.words += data


def remote(text: str) -> Iterator[str]:
    """Everything in a page that a mail program would fetch, follow or run."""
    styles = re.findall(r'style="([^"]*)"|<style>(.*?)</style>', text, re.S)
    yield from re.findall(r"url\(|@import|expression|flex|grid-template", " ".join(map("".join, styles)))
    yield from re.findall(r"<[^>]*\b(?:src|href|srcset|action|background)=", text)


def letters_of(text: str) -> str:
    """Only letters and figures, to compare what two renderings say."""
    return re.sub(r"[\W_]", "", text)
