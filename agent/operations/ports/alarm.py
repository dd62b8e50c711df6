"""What the operations need of the world outside: a watcher that misses us, a second channel to people."""

from typing import Protocol

from agent.core.telling.heartbeat import Answer, Ping, Word


class Watcher(Protocol):
    """Somebody elsewhere who speaks when we fall silent."""

    @property
    def host(self) -> str:
        """What of its address may be shown."""
        ...

    def ping(self, word: Word, line: str) -> Answer:
        """Tell it a word, and why in one line. Never raises, and takes a known time."""
        ...


class PingMemory(Protocol):
    """The last ping, for the next run to know of."""

    def last(self) -> Ping | None:
        """None where there was none, or none that can be understood."""
        ...

    def remember(self, ping: Ping) -> None:
        """In place of the last; never raises: without it there are more pings, not fewer."""
        ...


class Webhook(Protocol):
    """The second channel, for when mail is what is down."""

    @property
    def host(self) -> str:
        """What of its address may be shown."""
        ...

    def post(self, title: str, text: str, state: str, business: str) -> Answer:
        """Tell people. Never raises, and takes a known time."""
        ...
