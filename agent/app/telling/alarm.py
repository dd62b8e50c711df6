"""Composition root of what reaches people, or somebody who watches us, past the mail."""

from typing import TYPE_CHECKING

from agent.app.clock import SystemClock
from agent.core.configuration.config import Config

if TYPE_CHECKING:
    from agent.core.verdict.judgement import Assessment
    from agent.operations.ports.alarm import Webhook
    from agent.operations.ports.ledger import Ledger
    from agent.operations.telling.sign_of_life import SignOfLife

START_SECONDS = 3.0  # that a drill waits at most for the watcher to hear of it


def sign_of_life(config: Config, assessment: "Assessment", ledger: "Ledger") -> "SignOfLife":
    """Tell the outside watcher what is proven, where that is due and one is configured; never raises."""
    from agent.operations.telling.sign_of_life import SignOfLife, Tools, give_sign

    if not config.alarm.ping:
        return SignOfLife()
    from agent.adapters.web.http import OutsideWatcher
    from agent.adapters.web.ping_file import PingFile

    tools = Tools(
        watcher=OutsideWatcher(config.alarm.ping),
        memory=PingFile(config.settings.state),
        ledger=ledger,
        clock=SystemClock(),
    )
    return give_sign(assessment, tools)


def announce_drill(config: Config) -> None:
    """Tell the outside watcher that a drill begins. Best effort: no drill waits long or fails for it."""
    if not config.alarm.ping:
        return
    from agent.adapters.web.http import OutsideWatcher
    from agent.adapters.web.ping_file import PingFile
    from agent.operations.telling.sign_of_life import announce

    announce(OutsideWatcher(config.alarm.ping, START_SECONDS), PingFile(config.settings.state), SystemClock())


def cry(config: Config) -> "SignOfLife":
    """Tell the outside watcher, where one is configured, that the ledger cannot be used; never raises."""
    from agent.adapters.web.http import OutsideWatcher
    from agent.adapters.web.ping_file import PingFile
    from agent.operations.telling.sign_of_life import SignOfLife
    from agent.operations.telling.sign_of_life import cry as tell

    if not config.alarm.ping:
        return SignOfLife()
    return tell(OutsideWatcher(config.alarm.ping), PingFile(config.settings.state), SystemClock())


def webhook(config: Config) -> "Webhook | None":
    """The second channel; None where there is none."""
    if not config.alarm.webhook:
        return None
    from agent.adapters.web.http import JsonWebhook

    return JsonWebhook(config.alarm.webhook)
