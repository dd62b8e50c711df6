"""`readiness notify`: what it says of what was written, what waits and what is open."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.app.telling import notify
from agent.core.telling.outbox import Outbox, Waiting
from agent.operations.telling.notify import Notified
from agent.operations.telling.sign_of_life import SignOfLife
from support.builders.letters import incident
from support.builders.mails import message
from support.builders.recorded_shop import readiness, recorded_shop
from support.builders.shop import NOW

MAIL = '[mail]\nfrom = "a@shop.example"\nadmin = ["b@shop.example"]\nserver = "mail.shop.example"\n'
NONE = Outbox(waiting=())
BLOCKED = Outbox(
    waiting=(Waiting(message=message(), recipients=("admin@shop.example",)),),
    blocked=NOW,
    trouble="Nobody answers at mail.shop.example. Is it up?",
    blocked_tries=3,
    tried=NOW + timedelta(hours=1),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path, more=MAIL)
    return tmp_path


def told(monkeypatch: pytest.MonkeyPatch, sign: SignOfLife | None = None, **changes: Any) -> None:
    fields = {"written": (), "outbox": NONE, "prove": (), "incidents": ()}
    done = Notified(**{**fields, **changes})
    monkeypatch.setattr(notify, "notify", lambda _: (done, sign or SignOfLife()))


@pytest.mark.parametrize(
    ("changes", "lines", "status"),
    [
        ({}, ["Nothing new."], 0),
        (
            {"written": (message(), message(subject="AT RISK - soon"))},
            [
                "2 mails were sent, and none waits.",
                "  wrote: NOT READY - orders cannot be restored",
                "  wrote: AT RISK - soon",
            ],
            0,
        ),
        (
            {"outbox": BLOCKED},
            [
                "1 mail waits to be sent since Wednesday 13:00.",
                "Nobody answers at mail.shop.example. Is it up?",
            ],
            3,
        ),
    ],
)
def test_the_first_line_says_what_was_sent_and_what_waits(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    lines: list[str],
    status: int,
) -> None:
    told(monkeypatch, **changes)
    assert readiness(place, "notify") == status
    assert capsys.readouterr().out.splitlines() == lines


def test_what_is_open_has_its_name_and_what_is_gone_is_left_out(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mended = incident(number=8, gone=NOW)
    told(monkeypatch, incidents=(incident(number=7, sentence="The drill failed."), mended))
    readiness(place, "notify")
    assert capsys.readouterr().out.splitlines()[1:] == ["  F-7 orders: The drill failed."]


def test_without_mail_nobody_was_told(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = recorded_shop(place)
    told(monkeypatch)
    assert readiness(place, "notify") == 0
    assert capsys.readouterr().out == f"Nobody was told anything: there is no [mail] in {config}.\n"


def test_an_outside_watcher_that_did_not_hear_us_is_said(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told(monkeypatch, SignOfLife(host="hc.example", trouble="it does not answer"))
    readiness(place, "notify")
    assert capsys.readouterr().out.splitlines()[-1] == (
        "The outside watcher did not hear us: it does not answer"
    )


def test_scripts_get_what_is_open_and_the_service_logs_why_mail_waits(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told(monkeypatch, outbox=BLOCKED, incidents=(incident(number=7, repository=""),), prove=("orders",))
    assert readiness(place, "notify", "--json") == 3
    printed = capsys.readouterr()
    result = json.loads(printed.out)["result"]
    assert printed.err == f"{BLOCKED.trouble}\n"
    assert (result["waiting"], result["prove"]) == (1, ["orders"])
    assert [(one["name"], one["repository"]) for one in result["incidents"]] == [("F-7", None)]
