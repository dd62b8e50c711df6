"""Composition root of what is told when nothing can be recorded: the ledger or the config cannot be used."""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from agent.app.clock import SystemClock
from agent.core.configuration.config import Config
from agent.errors import ConfigError, ReadinessError, StateError

if TYPE_CHECKING:
    from agent.core.letters.emergency import Subject

EMERGENCY_SECONDS = 86_400.0  # between two mails about the same
ANOTHER_SECONDS = 3600.0  # between two mails that say different things
RETRY_SECONDS = 600.0  # until one that nobody got is tried again
AT_WORK_SECONDS = 900.0  # in which somebody who has changed the config may not have finished
LAST_CONFIG = "config.toml"  # in the state: the newest config that could be used


def keep_config(config: Config) -> None:
    """Have a copy of a config that can be used, to know whom to tell when the next one cannot."""
    from agent.adapters.host.whole_file import write_report

    copy = Path(config.settings.state) / LAST_CONFIG
    with suppress(OSError, ValueError, StateError):
        text = Path(config.file).read_text(encoding="utf-8")
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            write_report(str(copy), text)


def cry_for_config(file: str, trouble: ConfigError) -> None:
    """Best effort: tell those whom the last config named, once a day; not while somebody is at work on it.

    Its copy lies where the user of the service may change it: what it names is done with the rights of that
    user alone, for the rest of this process, and root does nothing of it.
    """
    from agent.adapters.host.identity import give_up_rights
    from agent.app.config import load_config

    with suppress(OSError, ReadinessError):
        changed = Path(file if Path(file).exists() else Path(file).parent).stat().st_mtime
        if abs(time.time() - changed) >= AT_WORK_SECONDS:
            last = str(_last_config(file))
            give_up_rights()
            _tell(load_config(last), trouble, "config")


def _last_config(file: str) -> Path:
    from agent.config import read

    partly = read(file).config
    state = partly.settings.state if partly else os.environ.get("STATE_DIRECTORY") or "/var/lib/readiness"
    return Path(state) / LAST_CONFIG


def cry_for_ledger(config: Config, trouble: StateError) -> None:
    """Best effort: tell the outside watcher, and people once a day."""
    from agent.app.telling.alarm import cry

    cry(config)
    _tell(config, trouble, "ledger")


def _tell(config: Config, trouble: ReadinessError, subject: "Subject") -> None:
    """By every way there is."""
    from agent.adapters.host.throttle import passes, passes_again
    from agent.adapters.mail.paper import LetterPaper
    from agent.app.telling.alarm import webhook
    from agent.app.telling.mail import courier
    from agent.operations.telling.emergency import emergency_message, mailed, posted

    message = emergency_message(config, trouble, subject, SystemClock(), LetterPaper())
    directory = Path(os.environ.get("RUNTIME_DIRECTORY") or config.settings.state)
    alike = sha256(re.sub(r"\d+", "", trouble.message).encode(errors="replace")).hexdigest()[:8]

    def daily(way: str, told: Callable[[], bool]) -> None:
        """Its file is empty and named after the trouble: that can be noted on a disk that is full."""
        file = directory / f"emergency-{subject}-{way}-{alike}"
        others = [each for each in directory.glob(f"emergency-{subject}-{way}-*") if each != file]
        if passes(file, EMERGENCY_SECONDS, others, ANOTHER_SECONDS) and not told():
            passes_again(file, EMERGENCY_SECONDS, RETRY_SECONDS)

    second = webhook(config)
    if second is not None:
        daily("webhook", lambda: posted(message, second, config.business.name))
    if config.mail is not None:
        with courier(config) as by:
            daily("mail", lambda: mailed(message, by))
