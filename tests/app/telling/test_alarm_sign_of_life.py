"""The sign of life end to end: real drills, a real listener, and its address in nothing that is written."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.app.answer import assess
from agent.app.ledger import ledger_path
from agent.app.telling import alarm
from agent.config import load
from agent.core.model.notices import PingRecord
from agent.operations.telling.sign_of_life import SignOfLife
from support.builders.readiness_cli import PASSED, SMALL_PACKS, Shop, snapshotted
from support.places import ROOT
from support.servers.listener import TOKEN, Listener, listening
from support.servers.running_agent import Business, running


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return snapshotted(newest_restic, tmp_path_factory).copied(tmp_path)


def watched(shop: Shop, listener: Listener) -> Shop:
    shop.more = f'[alarm]\nping = "{listener.url}"\nwebhook = "{listener.url}/hook"'
    shop.write_config()
    return shop


def told(shop: Shop) -> SignOfLife:
    """As `readiness notify` does it."""
    config = load(str(shop.config))
    with open_ledger(ledger_path(config)) as ledger:
        return alarm.sign_of_life(config, assess(config), ledger)


def records(shop: Shop) -> list[PingRecord]:
    with open_ledger(shop.state / "ledger.db") as ledger:
        return ledger.newest(PingRecord, limit=9)


def test_a_drill_says_when_it_begins_and_the_watcher_hears_what_came_of_it(
    shop: Shop, listener: Listener
) -> None:
    watched(shop, listener)
    assert shop.drill().says == PASSED
    assert listener.words() == ["GET /start"]

    assert told(shop).fate == "accepted"
    assert told(shop).word is None  # not again within the hour
    assert listener.words() == ["GET /start", "GET"]
    assert [(record.word, record.host) for record in records(shop)] == [("success", listener.host)]


def test_a_drill_that_fails_is_told_with_the_reason(shop: Shop, listener: Listener) -> None:
    watched(shop, listener)
    shop.flip(shop.blob_of(next(shop.source.glob("d0/*"))))
    assert shop.drill().says[0] == "failed"

    assert told(shop).word == "fail"
    assert listener.words() == ["GET /start", "POST /fail"]
    assert listener.heard[1].body.startswith(b"NOT READY - orders (drill-failed")


def test_without_a_proof_the_watcher_hears_nothing(shop: Shop, listener: Listener) -> None:
    watched(shop, listener)

    assert (told(shop).word, listener.heard) == (None, [])


@pytest.mark.parametrize("trouble", ["never", "gone", 500, 404])
def test_no_drill_fails_for_a_watcher(shop: Shop, listener: Listener, trouble: str | int) -> None:
    watched(shop, listener)
    if trouble == "never":
        listener.instead = listener.never
    elif trouble == "gone":
        shop.more = shop.more.replace(f":{listener.port}", ":1")
        shop.write_config()
    else:
        listener.answers = [(int(trouble), {}, b"")]

    assert shop.drill().says == PASSED


def test_without_a_watcher_nobody_is_called(shop: Shop, listener: Listener) -> None:
    assert shop.drill().says == PASSED
    assert (told(shop), listener.heard) == (SignOfLife(), [])


EVERYTHING_ELSE = [
    ["validate"],
    ["status"],
    ["report", "--for", "auditor", "--format", "html"],
    ["metrics"],
]


@pytest.mark.parametrize("trouble", ["moved", "unknown", "gone"])
def test_the_address_is_in_nothing_that_is_written(shop: Shop, listener: Listener, trouble: str) -> None:
    watched(shop, listener)
    if trouble == "moved":
        listener.answers = [(302, {"Location": f"http://127.0.0.1:{listener.port}/{TOKEN}"}, b"")]
    elif trouble == "unknown":
        listener.answers = [(404, {}, f"no {TOKEN}".encode())]
    else:
        shop.more = shop.more.replace(f":{listener.port}", ":1")
        shop.write_config()
    outputs = [repr(shop.drill()), repr(told(shop)), repr(records(shop))]
    [record] = records(shop)
    assert record.fate != "accepted"
    for words in (
        ["--verbose", "drill"],
        ["--json", "status"],
        ["report", "--for", "admin", "--format", "text"],
        ["ledger", "export"],
        # what the rest says of a call is the same whatever became of it
        *([] if trouble != "moved" else EVERYTHING_ELSE),
    ):
        command = [sys.executable, "-m", "agent", "--config", str(shop.config), *words]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **SMALL_PACKS}, capture_output=True, check=False, text=True
        )
        assert done.stdout or done.stderr
        outputs += [done.stdout, done.stderr]
    outputs += [file.read_bytes().decode("latin-1") for file in shop.state.iterdir() if file.is_file()]

    assert [text for text in outputs if TOKEN in text] == []
    assert any("ping-failing" in text for text in outputs)


def test_the_config_itself_is_the_only_place_of_the_address(shop: Shop, listener: Listener) -> None:
    """So that the search above would find it."""
    assert TOKEN in watched(shop, listener).config.read_text()


def test_the_services_log_and_state_hold_nothing_of_the_address(
    tmp_path: Path, newest_restic: Path, listener: Listener
) -> None:
    listener.answers = [(500, {}, TOKEN.encode())]
    business = Business(tmp_path, newest_restic)
    text = business.config.read_text()
    business.config.write_text(f'{text}\n[alarm]\nping = "{listener.url}"\n')
    with running(business, "-v") as agent:
        agent.says("drill orders primary: done")
        agent.stop()
        assert "GET /start" in listener.words()
        assert [line for line in agent.lines if TOKEN in line] == []
    exported = business.run("ledger", "export").stdout
    assert len(exported.splitlines()) > 3
    assert TOKEN not in exported
    assert json.loads(exported.splitlines()[0])


def test_a_ledger_that_cannot_be_used_is_told_without_it(shop: Shop, listener: Listener) -> None:
    config = load(str(watched(shop, listener).config))
    (shop.state / "ledger.db").write_bytes(b"no ledger")
    told_so = alarm.cry(config)

    assert (told_so.word, told_so.fate) == ("fail", "accepted")
    assert listener.words() == ["POST /fail"]
    assert listener.heard[0].body == b"UNKNOWN - the record of what was proven cannot be used"
    assert alarm.cry(config) == SignOfLife(host=told_so.host)  # not each time that the service dies
    shutil.rmtree(shop.state)  # not even a place to remember it
    assert alarm.cry(config).fate == "accepted"


def test_the_second_channel_is_called_with_the_address_of_the_config(shop: Shop, listener: Listener) -> None:
    hook = alarm.webhook(load(str(watched(shop, listener).config)))
    assert hook

    assert hook.post("READY", "All is well", "READY", "A small business").fate == "accepted"
    assert listener.words() == ["POST /hook"]


def test_without_a_second_channel_there_is_none(shop: Shop) -> None:
    assert alarm.webhook(load(str(shop.config))) is None
