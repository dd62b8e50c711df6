"""A long history: what people heard long ago is remembered, and a clock that was wrong silences nothing."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import Rhythm
from agent.core.letters.words import at_moment
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import finding
from agent.core.model.notices import DeliveryRecord, IncidentRecord, MessageRecord, Receipt
from agent.core.schedule.duties import Task
from agent.errors import MailError
from support.doubles.simulated_business import (
    DAY,
    NOWHERE,
    START,
    BusinessWorld,
    Fault,
    Post,
    business,
    in_memory,
)

pytestmark = pytest.mark.usefixtures("worlds")
FAILING = Fault("drill", "shop", "primary", 1.0, 99.0, "failed", "file-damaged")


@pytest.fixture
def place() -> Iterator[Path]:
    with in_memory() as found:
        yield found


def open_world(state: Path, *faults: Fault) -> BusinessWorld:
    world = BusinessWorld(business(NOWHERE), START, state, faults)
    world.courier = Post()  # type: ignore[assignment]
    return world


def mails(world: BusinessWorld, role: str) -> list[MessageRecord]:
    return [one for _, one, _ in world.courier.got if one.role == role]  # type: ignore[attr-defined]


@pytest.mark.timeout(300)
def test_what_was_told_before_hundreds_of_other_mails_is_not_told_again(place: Path) -> None:
    world = open_world(place, FAILING)
    while not mails(world, "admin"):
        world.live(0.1)
    [opened] = mails(world, "admin")
    for number in range(410):  # as of noisy months
        name = f"noise {number}"
        at = world.now() + timedelta(days=number / 100)
        receipt = Receipt(recipient="admin@shop.example", fate="accepted")
        for record in (
            replace(opened, message=name, message_id=f"<{name}>", started=at, told=()),
            DeliveryRecord(message=name, event="ended", started=at, channel="mail", receipts=(receipt,)),
        ):
            world.ledger.append(record, at)
    world.true += 5 * DAY
    for _ in range(2):
        world.true += 900
        world._notify(SimpleNamespace())  # type: ignore[arg-type]
    number = opened.told[0].incident
    about = [one for one in mails(world, "admin") if number in [each.incident for each in one.told]]
    assert [each.event for one in about for each in one.told] == ["opened", "reminder"]
    assert about[1].references == (opened.message_id,)
    records = world.ledger.newest(IncidentRecord, limit=99)
    assert [one.happening for one in records if one.key == "drill|shop|primary"] == ["opened"]
    world.close()


@pytest.mark.timeout(300)
def test_after_a_drill_that_failed_by_hand_the_alarm_says_when_the_service_makes_it_again(
    place: Path,
) -> None:
    world = open_world(place)
    weekly = tuple(replace(one, drill=Rhythm(every=7 * 86_400)) for one in world.config.processes)
    world.config = replace(world.config, processes=weekly)
    world.live(1)
    at = world.now()
    [known] = world.ledger.newest(DrillRecord, process="shop", repository="primary")
    broken = finding("file-damaged", "shop", "A file came back with other content.")
    world.ledger.append(replace(known, started=at, outcome="failed", findings=(broken,)), at)
    world.live(0.1)
    [opened] = mails(world, "admin")
    tomorrow = at_moment(at + timedelta(days=1), ZoneInfo("Europe/Berlin"), world.now())
    assert f"The next drill is due {tomorrow}." in " ".join(opened.text.split())
    assert world.service
    duty = world.service.agenda.duties[Task("drill", "shop")]
    assert world.service.agenda.next_of(duty) == at + timedelta(days=1)
    world.close()


@pytest.mark.timeout(300)
def test_a_clock_that_was_a_year_ahead_for_an_hour_does_not_silence_the_weekly_mail(place: Path) -> None:
    world = open_world(place)
    world.live(1)
    world.offset = timedelta(days=365)
    world.live(0.05)
    world.offset = timedelta()
    world.live(3)
    written = [one for one in mails(world, "owner") if one.started < START + timedelta(days=30)]
    assert [one.started.date().isoformat() for one in written] == ["2026-11-05"]
    world.close()


def test_a_long_weekend_has_a_mail_of_its_own_that_takes_the_place_of_no_other(place: Path) -> None:
    world = open_world(place)
    calendar = replace(world.config.business, holidays=(date(2026, 11, 9),))  # a Monday
    world.config = replace(world.config, business=calendar)
    world.live(3.4)
    got = [(f"{one.started:%a %d}", one.kind, one.role) for one in mails(world, "owner")]
    assert got == [("Tue 03", "holiday", "owner"), ("Thu 05", "report", "owner")]
    assert ["This is the first mail" in one.text for one in mails(world, "owner")] == [True, False]
    world.close()


def test_the_administrator_gets_the_weekly_mail_where_there_is_no_owner(place: Path) -> None:
    world = open_world(place)
    assert world.config.mail
    mail = replace(world.config.mail, owner=(), deputy=())
    world.config = replace(world.config, mail=mail)
    world.live(3.4)
    got: list[Any] = [(who, one.kind) for who, one, _ in world.courier.got]  # type: ignore[attr-defined]
    assert got == [("admin@shop.example", "report")]
    world.close()


class Choosy(Post):
    """A mail server that is down, or does not take digests."""

    def __init__(self) -> None:
        super().__init__()
        self.down = self.no_digests = False
        self.takes = 99  # messages until it is down

    def check(self) -> None:
        if self.down or self.takes <= 0:
            raise MailError("No answer.")

    def deliver(self, message: MessageRecord, *arguments: Any, **more: Any) -> tuple[Receipt, ...]:
        self.check()
        if self.no_digests and message.kind == "digest":
            raise MailError("552 too large")
        self.takes -= 1
        return super().deliver(message, *arguments, **more)


def after_an_outage(place: Path) -> tuple[BusinessWorld, Choosy]:
    world = open_world(place, FAILING)
    world.courier = courier = Choosy()  # type: ignore[assignment]
    courier.down = True
    world.live(4)
    courier.down = False
    return world, courier


def all_written(world: BusinessWorld) -> set[str]:
    return {one.message for one in world.ledger.newest(MessageRecord, limit=99) if one.kind != "digest"}


@pytest.mark.timeout(300)
def test_a_digest_that_the_server_does_not_take_gives_back_what_it_carries(
    place: Path, worlds: list[BusinessWorld]
) -> None:
    world, courier = after_an_outage(place)
    worlds.append(world)
    courier.no_digests = True
    world.live(0.3)
    assert {one.message for _, one, _ in courier.got} == all_written(world)
    assert world.told[-1].outbox.waiting == ()


@pytest.mark.timeout(300)
def test_a_digest_that_waited_again_is_not_quoted_but_written_anew(
    place: Path, worlds: list[BusinessWorld]
) -> None:
    world, courier = after_an_outage(place)
    worlds.append(world)
    courier.takes = 1
    world.live(3)
    [first] = [one for _, one, _ in courier.got]
    courier.takes = 99
    world.live(0.1)
    carried = {name for _, one, _ in courier.got for name in (one.message, *one.replaces)}
    assert carried >= all_written(world)
    assert world.told[-1].outbox.waiting == ()
    for _, one, _ in courier.got:
        assert one is first or "could not be sent" not in one.text.partition("ANSWER NOW")[2]


@pytest.mark.timeout(300)
def test_a_copy_that_is_out_of_reach_every_night_is_one_story_and_not_forty_mails_a_week(
    place: Path, worlds: list[BusinessWorld]
) -> None:
    nights = (
        Fault(kind, "", "planb", day + 0.5, day + 0.96, "not_tested", "repository-unreachable")
        for kind in ("snapshot", "drill", "check")
        for day in range(9)
    )
    world = open_world(place, *nights)
    worlds.append(world)
    first, second = world.config.repositories
    world.config = replace(world.config, repositories=(first, replace(second, fed_by="snapshot")))
    world.live(8)
    told = mails(world, "admin")
    assert len({one.message_id for one in told}) == len(told) <= 8
    roots: dict[int, str] = {}
    for one in told:
        for each in one.told:
            root = roots.setdefault(each.incident, one.message_id)
            assert root in (one.message_id, *one.references[:1]), one.subject


@pytest.mark.timeout(300)
def test_a_disk_that_spoils_everything_of_the_only_copy_is_told_of_in_few_mails(
    place: Path, worlds: list[BusinessWorld]
) -> None:
    spoilt = (
        Fault(kind, "", "primary", 1, 3, "failed", "file-damaged") for kind in ("snapshot", "drill", "check")
    )
    world = open_world(place, *spoilt)
    worlds.append(world)
    world.config = replace(world.config, repositories=world.config.repositories[:1])
    world.live(4)
    told = mails(world, "admin")
    assert {each.event for one in told for each in one.told} >= {"opened", "reminder", "fixed"}
    assert told[-1].told[-1].event == "fixed"
    # of two processes each: what failed, that the last good snapshot grew too old, and that it is mended
    assert len(told) <= 11
    assert len(mails(world, "deputy")) <= 7
    assert len([one for one in mails(world, "owner") if one.kind == "alarm"]) <= 7
