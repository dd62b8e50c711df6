"""Months of the service in simulated time, judged by the mails that a real server received."""

from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from support.builders.mails import part
from support.doubles.simulated_business import START, BusinessWorld, Fault, business, in_memory
from support.servers.mail_server import MailServer


@pytest.fixture
def state() -> Iterator[Path]:
    with in_memory() as place:
        yield place


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
    written = [message for told in world.told for message in told.written]
    count = {role: len([one for one in written if one.role == role]) for role in ("admin", "deputy", "owner")}
    admin = mail_server.inbox("admin", count["admin"])
    found = threads(admin)

    assert [thread.states for thread in found] == [
        ["NOT READY", "REMINDER, day 1", "REMINDER, day 3", "FIXED"],
        ["AT RISK", "NOT READY", "REMINDER, day 1", "FIXED"],
        ["AT RISK", "REMINDER, day 1", "FIXED"],
    ]
    assert sum(len(thread.mails) for thread in found) == len(admin)

    owner = mail_server.inbox("owner", count["owner"])
    weekly = [mail for mail in owner if "Nov)" in str(mail["Subject"])]
    assert len(weekly) == 4
    told = [str(mail["Subject"]).split(" - ")[0] for mail in owner if mail not in weekly]
    assert told == ["NOT READY", "FIXED", "NOT READY", "FIXED"]
    assert len(mail_server.inbox("deputy", count["deputy"])) == 6


def test_every_mail_is_what_filters_expect(
    mail_server: MailServer, state: Path, worlds: list[BusinessWorld]
) -> None:
    """Valid MIME, a date, a Message-ID, List-Id, Auto-Submitted, and a text part that says the same."""
    early = (Fault("drill", "orders", "", 0.5, 9.0, "failed", "file-damaged"),)
    world = BusinessWorld(business(mail_server), START, state, early)
    worlds.append(world)
    world.live(3.5)
    mails = [*mail_server.inbox("owner", 3), *mail_server.inbox("admin", 4)]
    for mail in mails:
        assert not mail.defects
        for header in ("From", "To", "Date", "Message-ID", "List-Id", "Subject", "MIME-Version"):
            assert len(mail.get_all(header, [])) == 1, header
        assert mail["Auto-Submitted"] == "auto-generated"
        assert [each.get_content_type() for each in mail.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]
        text, page = part(mail, "plain"), part(mail, "html")
        assert all(len(line) <= 72 for line in text.splitlines())
        assert "http" not in page.replace("http-equiv", "")
    assert len({mail["List-Id"] for mail in mails}) == 1
    assert len({mail["Message-ID"] for mail in mails}) == len(mails)
