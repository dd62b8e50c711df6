"""Who is told, and how often, when the ledger or the config cannot be used."""

import os
import time
from pathlib import Path

import pytest

from agent.app.telling import alarm, emergency
from agent.app.telling.emergency import cry_for_config, cry_for_ledger, keep_config
from agent.config import load
from agent.core.configuration.config import Config
from agent.errors import ConfigError, StateError
from agent.operations.ports.alarm import Answer
from support.builders.recorded_shop import recorded_shop

HOOK = '[alarm]\nwebhook = "https://hook.example/x"\n'
TROUBLE = StateError("The ledger cannot be read.", "Mend it.")
WRONG = ConfigError("2 problems in the config.")


class Hook:
    """A second channel that keeps what it was told."""

    host = "hook.example"

    def __init__(self) -> None:
        self.fate = "accepted"
        self.subjects: list[str] = []

    def post(self, subject: str, text: str, state: str, business: str) -> Answer:
        self.subjects.append(subject)
        return Answer(fate=self.fate)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Hook:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    found = Hook()
    monkeypatch.setattr(alarm, "webhook", lambda config: found if config.alarm.webhook else None)
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    return load(str(recorded_shop(tmp_path, more=HOOK)))


def changed(file: str, seconds_ago: float) -> None:
    then = time.time() - seconds_ago
    os.utime(file, (then, then))


def later(shop: Config, seconds: float) -> None:
    """Make what was noted so much older."""
    for noted in Path(shop.settings.state).glob("emergency-*"):
        then = noted.stat().st_mtime - seconds
        os.utime(noted, (then, then))


def test_the_same_trouble_is_told_once_a_day(shop: Config, hook: Hook) -> None:
    for _ in range(3):
        cry_for_ledger(shop, TROUBLE)
    assert len(hook.subjects) == 1
    later(shop, emergency.EMERGENCY_SECONDS + 1)
    cry_for_ledger(shop, TROUBLE)
    assert len(hook.subjects) == 2


def test_the_same_words_with_other_numbers_are_the_same_trouble(shop: Config, hook: Hook) -> None:
    for number in (1, 22):
        cry_for_ledger(shop, StateError(f"Record {number} is missing."))
        later(shop, emergency.ANOTHER_SECONDS + 1)
    assert len(hook.subjects) == 1


def test_other_trouble_is_told_after_an_hour(shop: Config, hook: Hook) -> None:
    cry_for_ledger(shop, TROUBLE)
    cry_for_ledger(shop, StateError("The disk is full."))
    assert len(hook.subjects) == 1
    later(shop, emergency.ANOTHER_SECONDS + 1)
    cry_for_ledger(shop, StateError("The disk is full."))
    assert len(hook.subjects) == 2


def test_what_nobody_got_is_tried_again_soon(shop: Config, hook: Hook) -> None:
    hook.fate = "deferred"
    cry_for_ledger(shop, TROUBLE)
    cry_for_ledger(shop, TROUBLE)
    assert len(hook.subjects) == 1
    later(shop, emergency.RETRY_SECONDS + 1)
    cry_for_ledger(shop, TROUBLE)
    assert len(hook.subjects) == 2


def test_without_any_way_to_tell_it_nothing_happens(tmp_path: Path, hook: Hook) -> None:
    cry_for_ledger(load(str(recorded_shop(tmp_path))), TROUBLE)
    assert hook.subjects == []


def test_a_wrong_config_is_told_to_those_whom_the_last_good_one_named(shop: Config, hook: Hook) -> None:
    keep_config(shop)
    Path(shop.file).write_text(f'[agent]\nstate = "{shop.settings.state}"\nnonsense = 1\n')
    changed(shop.file, emergency.AT_WORK_SECONDS + 1)
    cry_for_config(shop.file, WRONG)
    assert len(hook.subjects) == 1


def test_of_a_copy_that_somebody_less_trusted_may_change_nothing_is_done(
    shop: Config, hook: Hook, as_root: None
) -> None:
    """It names programs and servers: `sudo readiness notify` ran what the user of the service put there."""
    keep_config(shop)
    os.chown(Path(shop.settings.state) / emergency.LAST_CONFIG, 65534, -1)
    changed(shop.file, emergency.AT_WORK_SECONDS + 1)
    cry_for_config(shop.file, WRONG)
    assert hook.subjects == []


def test_nobody_is_told_while_somebody_is_at_work_on_the_config(shop: Config, hook: Hook) -> None:
    keep_config(shop)
    changed(shop.file, emergency.AT_WORK_SECONDS / 2)
    cry_for_config(shop.file, WRONG)
    assert hook.subjects == []


def test_without_a_last_good_config_nobody_is_known_and_nothing_is_raised(shop: Config, hook: Hook) -> None:
    changed(shop.file, emergency.AT_WORK_SECONDS + 1)
    cry_for_config(shop.file, WRONG)
    assert hook.subjects == []


def test_the_copy_of_a_config_is_written_when_it_differs_and_left_alone_otherwise(shop: Config) -> None:
    copy = Path(shop.settings.state) / emergency.LAST_CONFIG
    keep_config(shop)
    first = copy.stat().st_ino
    keep_config(shop)
    assert copy.stat().st_ino == first
    Path(shop.file).write_text(Path(shop.file).read_text() + "# changed\n")
    keep_config(shop)
    assert copy.read_text().endswith("# changed\n")


def test_a_copy_that_cannot_be_kept_ends_nothing(shop: Config) -> None:
    (Path(shop.settings.state) / emergency.LAST_CONFIG).mkdir()
    keep_config(shop)
