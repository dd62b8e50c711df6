"""Alarm tests, and the second channel for when mail is what is down: real server, real listener."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.web.http import JsonWebhook
from agent.core.configuration.config import Alarm, Rhythm
from agent.core.evidence.post import Reactions, reaction_words, reactions
from agent.core.report.forecast import forecast
from agent.operations.reading.assess import assess_now
from agent.operations.telling.acknowledge import acknowledge
from support.builders.mails import part
from support.doubles.simulated_business import BusinessWorld, Fault, business
from support.servers.listener import listening
from support.servers.mail_server import MailServer, running_mail_server

START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)  # a Monday, 08:00 in Berlin
MONTHLY = Alarm(test=Rhythm(cron="0 10 3 * *"))  # the third day of each month at ten


@pytest.fixture
def state(exim: None, tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir()
    return directory


def test_an_alarm_test_is_mailed_and_the_time_until_somebody_sees_it_is_measured(
    mail_server: MailServer, state: Path, worlds: list[BusinessWorld]
) -> None:
    world = BusinessWorld(business(mail_server, alarm=MONTHLY), START, state)
    worlds.append(world)
    world.live(1.5)
    [mail] = mail_server.inbox("admin")
    assert "readiness ack T-20261103" in part(mail, "plain")

    written = world.told[-1]
    assert written.incidents == ()
    seen = acknowledge(world.ledger, world, "T-20261103", "somebody")
    judged = assess_now(world.config, world.ledger, world)
    assert seen.reaction is not None
    assert reactions(judged.evidence.post, world.now()).median == seen.reaction > 3600
    assert forecast(judged).notice.startswith("Alarm tests: acknowledged after ")


def test_an_alarm_test_that_nobody_sees_is_told_to_the_next(
    mail_server: MailServer, state: Path, worlds: list[BusinessWorld]
) -> None:
    world = BusinessWorld(business(mail_server, alarm=MONTHLY), START, state)
    worlds.append(world)
    world.live(2.6)
    mails = mail_server.inbox("admin", 2)
    assert "alarm test" in part(mails[1], "plain")
    judged = assess_now(world.config, world.ledger, world)
    assert [reason.code for reason in judged.reasons] == ["alarm-test-unseen"]
    assert judged.verdict == "READY"
    assert reactions(judged.evidence.post, world.now()) == Reactions(unseen=1)


def test_words_for_reactions_count_what_nobody_saw() -> None:
    assert reaction_words(Reactions()) == ""
    assert reaction_words(Reactions(seen=(60.0, 720.0, 7200.0), unseen=1)) == (
        "Alarm tests: acknowledged after 12 min (the middle of 3); 1 of 4 nobody acknowledged within a day."
    )


def test_the_webhook_hears_the_worst_at_once_and_the_rest_when_mail_is_down(
    state: Path, worlds: list[BusinessWorld]
) -> None:
    worst = Fault("drill", "orders", "", 0.2, 1.5, "failed", "file-damaged")
    lesser = Fault("snapshot", "shop", "primary", 2.0, 9.0, "failed", "source-missing")
    with listening() as chat, running_mail_server(state.parent / "mail") as server:
        config = business(server, alarm=Alarm(webhook=chat.url))
        world = BusinessWorld(config, START, state, (worst, lesser))
        worlds.append(world)
        world.second = JsonWebhook(chat.url)
        world.live(2.0)
        assert len(chat.heard) == 1  # that a drill failed, not that it is mended
        told = json.loads(chat.heard[0].body)
        assert (told["state"], told["title"].split(" - ")[0]) == ("NOT READY", "NOT READY")
    with listening() as chat:
        world.second = JsonWebhook(chat.url)
        world.live(1)
        said = [one.body for one in chat.heard]
    assert any(b"the newest backup of shop" in body for body in said)
    assert any(b"mails to you do not go out" in body for body in said)


def test_a_webhook_that_does_not_answer_is_tried_again_and_then_no_more(
    state: Path, worlds: list[BusinessWorld], mail_server: MailServer
) -> None:
    worst = Fault("drill", "orders", "", 0.2, 9.0, "failed", "file-damaged")
    with listening() as chat:
        chat.answers = [(503, {}, b"")]
        world = BusinessWorld(business(mail_server, alarm=Alarm(webhook=chat.url)), START, state, (worst,))
        worlds.append(world)
        world.second = JsonWebhook(chat.url)
        world.live(1.3)
        assert len(chat.heard) > 2
        chat.answers = [(200, {}, b"")]
        world.live(0.1)
        heard = len(chat.heard)
        world.live(0.3)
        assert len(chat.heard) == heard


def test_without_a_webhook_nobody_is_mailed_that_no_mail_goes_out(
    state: Path, worlds: list[BusinessWorld]
) -> None:
    with running_mail_server(state.parent / "mail") as server:
        world = BusinessWorld(business(server), START, state)
        worlds.append(world)
    world.live(4)
    assert [one.kind for told in world.told for one in told.written] == ["report"]
    judged = assess_now(replace(world.config), world.ledger, world)
    assert [reason.code for reason in judged.reasons] == ["mail-blocked"]
