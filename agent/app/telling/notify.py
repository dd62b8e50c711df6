"""Composition root of telling people: `notify`, `ack` and `report --send`."""

import os
import pwd
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agent.app.clock import SystemClock
from agent.app.config import load_config
from agent.app.ledger import ledger_path
from agent.core.configuration.config import Config
from agent.core.schedule.holding import MAIL
from agent.errors import Busy, ConfigError, StateError

if TYPE_CHECKING:
    from datetime import date

    from agent.core.model.notices import MessageRecord
    from agent.core.report.views import Audience
    from agent.core.verdict.judgement import Assessment
    from agent.operations.telling.acknowledge import Acknowledged
    from agent.operations.telling.notify import Notified, Sent, Tools
    from agent.operations.telling.sign_of_life import SignOfLife
    from agent.operations.telling.write import Desk

OTHERS_SECONDS = 60.0  # that another run may take to send what waits


@contextmanager
def telling(config: Config) -> Iterator["Tools"]:
    """Everything that telling people needs, and nobody else at it; Busy when another stays at it."""
    from agent.adapters.host.locks import exclusive
    from agent.adapters.ledger.ledger import open_ledger
    from agent.adapters.mail.paper import LetterPaper
    from agent.app.telling.alarm import webhook
    from agent.app.telling.mail import courier
    from agent.app.trends import mail_trend
    from agent.operations.telling.notify import Tools

    with ExitStack() as held:
        _take(held, lambda: exclusive(Path(config.settings.state), [MAIL]))
        ledger = held.enter_context(open_ledger(ledger_path(config), config.repositories))
        yield Tools(
            ledger=ledger,
            clock=SystemClock(),
            paper=LetterPaper(),
            trend=mail_trend,
            courier=held.enter_context(courier(config)) if config.mail else None,
            second=webhook(config),
        )


def load(file: str) -> Config:
    """The config; where it cannot be used, those whom the last one named are told before the ConfigError
    goes on."""
    from agent.app.telling.emergency import cry_for_config

    try:
        return load_config(file)
    except ConfigError as error:
        cry_for_config(file, error)
        raise


def notify(config: Config) -> "tuple[Notified, SignOfLife]":
    """Notice what changed, write what is due, send what waits, and give the sign of life.

    Where the ledger cannot be used, none of that is possible: then that itself is told, once a day, before
    the StateError goes on.
    """
    from agent.app.telling.emergency import cry_for_ledger, keep_config

    try:
        told = _notify(config)
    except StateError as error:
        cry_for_ledger(config, error)
        raise
    keep_config(config)
    return told


def _notify(config: Config) -> "tuple[Notified, SignOfLife]":
    from agent.adapters.restic.glance import glances
    from agent.adapters.service.life_file import read_signs
    from agent.app.telling.alarm import sign_of_life
    from agent.operations.reading.assess import assess_now
    from agent.operations.telling.notify import notify as tell

    with telling(config) as tools:
        signs = read_signs(config.settings.state)
        look = partial(glances, config.repositories, config.processes)
        judged = assess_now(config, tools.ledger, tools.clock, signs, look)
        sign = sign_of_life(config, judged, tools.ledger)
        return tell(config, judged, tools), sign


def send_report(config: Config, judged: "Assessment", audience: "Audience") -> "Sent":
    """Mail a report now: the owner's letter to the owner, any other whole to the administrator."""
    from agent.adapters.rendering.html import html_report
    from agent.app.reports import report_for, text_report
    from agent.core.letters.letter import in_brackets, subject_line
    from agent.operations.telling.notify import owners_report, send_now

    def whole(desk: "Desk", _: object) -> "MessageRecord":
        words = report_for(judged, audience)
        subject = subject_line(f"{words.state} - readiness report", in_brackets(words.business))
        page = html_report(words)  # mail programs show no drawings
        return desk.page(subject, "admin", text_report(words), page)

    with telling(config) as tools:
        return send_now(config, judged, tools, owners_report if audience == "owner" else whole)


def send_bundle(
    config: Config, judged: "Assessment", file: str, digest: str, drills: int, days: "tuple[date, date]"
) -> "Sent":
    """Mail the owner that the auditor's bundle is ready; the bundle itself goes nowhere."""
    from agent.operations.telling.notify import send_now

    with telling(config) as tools:
        return send_now(config, judged, tools, lambda desk, _: desk.bundle(file, digest, drills, days))


def acknowledge(config: Config, name: str, by: str) -> "Acknowledged":
    """Note that a person has seen an incident or an alarm test; UsageError for a name that is neither."""
    from agent.adapters.ledger.ledger import open_ledger
    from agent.operations.telling.acknowledge import acknowledge as note

    with open_ledger(ledger_path(config), config.repositories) as ledger:
        return note(ledger, SystemClock(), name, by)


def person() -> str:
    """The login name of who runs us; before `load_config`, which may make another user of us."""
    uid = os.getuid()
    name = os.environ.get("SUDO_USER", "") if uid == 0 else ""
    try:
        return name or pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _take(held: ExitStack, lock: Callable[[], AbstractContextManager[object]]) -> None:
    """Wait while another run sends: it takes seconds, but for a server that does not answer."""
    until = time.monotonic() + OTHERS_SECONDS
    while True:
        try:
            held.enter_context(lock())
            return
        except Busy:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
