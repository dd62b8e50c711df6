"""Months of the service in simulated time, judged by the mails that a real server received."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest
from mail_server import MailServer
from simulated_business import BusinessWorld, Fault, business

START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)  # a Monday, 08:00 in Berlin


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir()
    return directory


@pytest.fixture
def worlds() -> Iterator[list[BusinessWorld]]:
    made: list[BusinessWorld] = []
    yield made
    for world in made:
        world.close()


def subjects(mails: list[Message]) -> list[str]:
    return [str(mail["Subject"]) for mail in mails]


@pytest.mark.timeout(600)
def test_a_quiet_month_is_four_mails_to_the_owner_and_no_other(
    mail_server: MailServer, state: Path, worlds: list[BusinessWorld]
) -> None:
    world = BusinessWorld(business(mail_server), START, state)
    worlds.append(world)
    world.live(28)
    mails = mail_server.inbox("owner", 4)
    assert all(subject.startswith("READY - ") for subject in subjects(mails))
    for person in ("admin", "deputy"):
        assert mail_server.inbox(person, 0) == []


class Thread:
    """The mails of one incident to one person, in the order of arrival."""

    def __init__(self, mails: list[Message], root: Message) -> None:
        self.root = root
        self.mails = [root, *(mail for mail in mails if str(root["Message-ID"]) in str(mail["References"]))]

    @property
    def states(self) -> list[str]:
        return [str(mail["Subject"]).split(" - ")[0] for mail in self.mails]


def threads(mails: list[Message]) -> list[Thread]:
    return [Thread(mails, mail) for mail in mails if mail["References"] is None]


FAULTS = (
    # a drill that fails for five days: every night again
    Fault("drill", "orders", "primary", 3.1, 8.0, "failed", "file-damaged"),
    # a repository that does not answer, for longer than may be lost
    Fault("snapshot", "shop", "primary", 12.0, 14.5, "not_tested", "repository-unreachable"),
    # damage in plan B that somebody mends two days later
    Fault("check", "", "planb", 20.0, 22.0, "failed", "repository-damaged"),
)


@pytest.mark.timeout(600)
def test_three_faults_make_three_threads_each_with_reminders_and_its_end(
    mail_server: MailServer, state: Path, worlds: list[BusinessWorld]
) -> None:
    world = BusinessWorld(business(mail_server), START, state, FAULTS)
    worlds.append(world)
    world.live(28)
    for told in world.told:
        for message in told.written:
            print(message.started, message.role, message.subject)
