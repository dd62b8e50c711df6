"""Telling people: by one at a time, with what the config has, and who it is that acknowledges."""

import os
from pathlib import Path

import pytest

from agent.adapters.host.locks import exclusive
from agent.app.telling import emergency
from agent.app.telling import notify as module
from agent.app.telling.notify import load, notify, person, telling
from agent.config import load as load_config
from agent.core.configuration.config import Config
from agent.errors import Busy, ConfigError, StateError
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill, snapshot


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    return load_config(str(recorded_shop(tmp_path, snapshot(), drill())))


def test_who_stays_at_the_mail_keeps_others_from_it(shop: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OTHERS_SECONDS", 0.0)
    with (
        exclusive(Path(shop.settings.state), ["mail"]),
        pytest.raises(Busy, match="is at work on the mail"),
        telling(shop),
    ):
        pass


def test_who_is_soon_over_is_waited_for(shop: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    other = exclusive(Path(shop.settings.state), ["mail"])
    other.__enter__()
    monkeypatch.setattr(module.time, "sleep", lambda _: other.__exit__(None, None, None))
    with telling(shop) as tools:
        assert tools.ledger.head()[0] == 2


def test_without_mail_and_alarm_there_is_no_way_to_tell(shop: Config) -> None:
    with telling(shop) as tools:
        assert (tools.courier, tools.second) == (None, None)


def test_after_people_were_told_the_config_is_kept_for_bad_times(shop: Config) -> None:
    told, sign = notify(shop)
    assert (told.incidents, sign.word) == ((), None)
    assert (Path(shop.settings.state) / emergency.LAST_CONFIG).read_text() == Path(shop.file).read_text()


def test_a_ledger_that_cannot_be_used_is_cried_out_and_still_an_error(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    cried: list[str] = []
    monkeypatch.setattr(emergency, "cry_for_ledger", lambda _, error: cried.append(error.code))
    (Path(shop.settings.state) / "ledger.db").write_bytes(b"no ledger" * 999)
    with pytest.raises(StateError):
        notify(shop)
    assert cried == ["ledger-damaged"]


def test_a_config_that_cannot_be_used_is_cried_out_and_still_an_error(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    cried: list[str] = []
    monkeypatch.setattr(emergency, "cry_for_config", lambda file, _: cried.append(file))
    Path(shop.file).write_text("[[[")
    with pytest.raises(ConfigError):
        load(shop.file)
    assert cried == [shop.file]


@pytest.mark.parametrize(
    ("uid", "sudo", "name"),
    [(0, "anna", "anna"), (0, "", "root"), (65534, "anna", "nobody"), (4_000_000, "", "4000000")],
)
def test_who_acknowledges_is_the_person_behind_sudo_and_else_the_user(
    monkeypatch: pytest.MonkeyPatch, uid: int, sudo: str, name: str
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setenv("SUDO_USER", sudo)
    assert person() == name
