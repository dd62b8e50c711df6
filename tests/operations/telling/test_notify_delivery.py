"""What becomes of mails when servers are down, refuse, or we die: judged by what a real server received."""

from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.core.model.notices import DeliveryRecord, MessageRecord
from support.builders.mails import part
from support.doubles.simulated_business import DAY, BusinessWorld, Fault, business
from support.servers.mail_server import MailServer, running_mail_server

START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)  # a Monday, 08:00 in Berlin
FAILING = Fault("drill", "orders", "", 1.5, 99.0, "failed", "file-damaged")


@pytest.fixture
def place(exim: None, tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path


class Died(BaseException):
    """As if the power had failed."""


def open_world(server: MailServer, place: Path, worlds: list[BusinessWorld], *faults: Fault) -> BusinessWorld:
    world = BusinessWorld(business(server), START, place / "state", faults)
    worlds.append(world)
    return world


def text_of(mail: Message) -> str:
    return part(mail, "plain")


def subjects(world: BusinessWorld, role: str) -> list[str]:
    """Of the mails that were written but not as digests."""
    written = world.ledger.newest(MessageRecord, limit=400)[::-1]
    return [one.subject for one in written if one.role == role and one.kind != "digest"]


def test_a_server_that_is_down_for_five_days_loses_nothing_and_ends_in_one_mail_for_each(
    place: Path, worlds: list[BusinessWorld]
) -> None:
    with running_mail_server(place / "mail") as server:
        world = open_world(server, place, worlds, FAILING)
        world.live(1)
    world.live(5)
    assert world.told[-1].outbox.blocked
    assert len(subjects(world, "admin")) >= 3  # opened, and reminders
    assert len(subjects(world, "owner")) >= 2  # the weekly mail, and that nobody sees to it

    with running_mail_server(place / "mail", port=server.port) as server:
        world.live(0.1)
        for person in ("owner", "admin", "deputy"):
            [digest] = server.inbox(person)
            for subject in subjects(world, person):
                assert subject[:40] in " ".join(text_of(digest).split()), text_of(digest)
        assert world.told[-1].outbox.waiting == ()


def test_one_mail_that_waited_is_sent_as_it_is(place: Path, worlds: list[BusinessWorld]) -> None:
    with running_mail_server(place / "mail") as server:
        world = open_world(server, place, worlds)
    world.live(4)  # the weekly mail falls into it
    with running_mail_server(place / "mail", port=server.port) as server:
        world.live(0.1)
        [weekly] = server.inbox("owner")
        assert str(weekly["Subject"]).startswith("READY - back by")
        assert "5 Nov 2026 15:00" in str(weekly["Date"])


def test_whoever_is_greylisted_gets_it_later_and_the_others_at_once(
    place: Path, worlds: list[BusinessWorld]
) -> None:
    with running_mail_server(place / "mail") as server:
        world = open_world(server, place, worlds, FAILING)
        assert world.config.mail
        mail = replace(world.config.mail, admin=("admin@shop.example", "grey@shop.example"))
        world.config = replace(world.config, mail=mail)
        (server.base / "grey").touch()
        world.live(2.2)
        assert len(server.inbox("admin")) == 1
        assert server.inbox("grey", 0) == []
        (server.base / "grey").unlink()
        world.live(0.1)
        [late] = server.inbox("grey")
        assert late["Message-ID"] == server.inbox("admin")[0]["Message-ID"]


def test_an_address_that_is_refused_is_told_to_the_administrator(
    place: Path, worlds: list[BusinessWorld]
) -> None:
    with running_mail_server(place / "mail") as server:
        world = open_world(server, place, worlds)
        assert world.config.mail
        mail = replace(world.config.mail, owner=("nobody@shop.example", "owner@shop.example"))
        world.config = replace(world.config, mail=mail)
        world.live(3.5)
        assert len(server.inbox("owner")) == 1
        [said] = server.inbox("admin")
        assert "nobody@shop.example" in text_of(said)


def crash_after_sending(world: BusinessWorld) -> None:
    """The next message is handed over whole, and then we are gone before anything is noted."""
    courier = world.courier
    deliver = courier.deliver

    def sends_and_dies(*arguments: object, **more: object) -> None:
        deliver(*arguments, **more)  # type: ignore[arg-type]
        courier.deliver = deliver  # type: ignore[method-assign]
        raise Died

    courier.deliver = sends_and_dies  # type: ignore[method-assign, assignment]


def test_a_crash_between_sending_and_noting_makes_one_marked_duplicate_and_no_more(
    place: Path, worlds: list[BusinessWorld]
) -> None:
    with running_mail_server(place / "mail") as server:
        world = open_world(server, place, worlds)
        for _ in range(2):
            crash_after_sending(world)
            with pytest.raises(Died):
                world.live(5)
            world.running.clear()
            assert world.service
            world.service._work.clear()
        world.live(0.2)
        first, second = server.inbox("owner", 2)
        assert first["Message-ID"] == second["Message-ID"]
        assert (first["X-Readiness-Duplicate"], second["X-Readiness-Duplicate"]) == (None, "possible")
        assert "may be a second copy" in text_of(second)
        assert world.told[-1].outbox.waiting == ()
        begun = [d for d in world.ledger.newest(DeliveryRecord, limit=9) if d.event == "begun"]
        assert len(begun) == 2
        world.live(1 / DAY * 3600)
        assert len(server.inbox("owner", 2)) == 2
