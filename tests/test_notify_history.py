"""A long history: what people heard long ago is remembered, and a clock that was wrong silences nothing."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from simulated_business import DAY, BusinessWorld, Fault, business
from test_notify_killed import NOWHERE, Post
from test_notify_month import START

from agent.core.notices import DeliveryRecord, IncidentRecord, MessageRecord, Receipt

FAILING = Fault("drill", "shop", "primary", 1.0, 99.0, "failed", "file-damaged")


def open_world(state: Path, *faults: Fault) -> BusinessWorld:
    world = BusinessWorld(business(NOWHERE), START, state, faults)
    world.courier = Post()  # type: ignore[assignment]
    return world


def mails(world: BusinessWorld, role: str) -> list[MessageRecord]:
    return [one for _, one, _ in world.courier.got if one.role == role]  # type: ignore[attr-defined]


@pytest.mark.timeout(300)
def test_what_was_told_before_hundreds_of_other_mails_is_not_told_again(tmp_path: Path) -> None:
    world = open_world(tmp_path, FAILING)
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
def test_a_clock_that_was_a_year_ahead_for_an_hour_does_not_silence_the_weekly_mail(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    world.live(1)
    world.offset = timedelta(days=365)
    world.live(0.05)
    world.offset = timedelta()
    world.live(3)
    written = [one for one in mails(world, "owner") if one.started < START + timedelta(days=30)]
    assert [one.started.date().isoformat() for one in written] == ["2026-11-05"]
    world.close()


def test_the_administrator_gets_the_weekly_mail_where_there_is_no_owner(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    assert world.config.mail
    mail = replace(world.config.mail, owner=(), deputy=())
    world.config = replace(world.config, mail=mail)
    world.live(3.4)
    got: list[Any] = [(who, one.kind) for who, one, _ in world.courier.got]  # type: ignore[attr-defined]
    assert got == [("admin@shop.example", "report")]
    world.close()
