"""`readiness ack`: what is said to the person who has seen something."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.app.telling import notify
from agent.core.telling.incidents import Incident
from agent.operations.telling.acknowledge import Acknowledged
from support.builders.recorded_shop import readiness, recorded_shop

NIGHT = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # a Wednesday; 00:30 on Thursday in Berlin


def incident(topic: str) -> Incident:
    return Incident(
        number=7,
        key=f"{topic}|orders|primary",
        severity=1,
        verdict="NOT_READY",
        code=topic,
        processes=("orders",),
        repository="primary",
        sentence="",
        hint="",
        opened=NIGHT,
        since=NIGHT,
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    recorded_shop(tmp_path)
    monkeypatch.setattr(notify, "person", lambda: "anna")
    return tmp_path


def seen(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> list[Any]:
    """The arguments of the call, which answers with these fields."""
    asked: list[Any] = []

    def acknowledge(_: object, name: str, by: str) -> Acknowledged:
        asked.extend((name, by))
        return Acknowledged(name=name, **fields)

    monkeypatch.setattr(notify, "acknowledge", acknowledge)
    return asked


@pytest.mark.parametrize(
    ("topic", "ends"),
    [
        ("drill-failed", "It stays open until it is gone and a drill has passed."),
        ("mail-blocked", "It stays open until it is gone."),
    ],
)
def test_a_finding_is_left_alone_until_an_hour_of_the_business_zone(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    topic: str,
    ends: str,
) -> None:
    asked = seen(monkeypatch, until=NIGHT + timedelta(days=1), incident=incident(topic))
    assert readiness(place, "ack", "F-7") == 0
    assert capsys.readouterr().out.splitlines() == [
        "F-7: nobody is reminded of it, and nobody else told, until Friday 00:30.",
        ends,
    ]
    assert asked == ["F-7", "anna"]


def test_of_an_alarm_test_it_says_how_long_it_took(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(monkeypatch, reaction=720.0)
    readiness(place, "ack", "T-20261201")
    assert capsys.readouterr().out == "T-20261201: the alarm test was seen after 12 min.\n"


def test_scripts_get_who_it_was_and_until_when(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(monkeypatch, until=NIGHT, incident=incident("drill-failed"))
    readiness(place, "ack", "F-7", "--json")
    assert json.loads(capsys.readouterr().out)["result"] == {
        "name": "F-7",
        "by": "anna",
        "until": "2026-11-25T23:30:00+00:00",
        "reaction_s": None,
    }


def test_what_is_not_there_to_be_seen_is_wrong_usage(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert readiness(place, "ack", "F-9") == 2
    assert "F-9" in capsys.readouterr().err
