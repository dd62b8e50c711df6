"""What telling people needs of the world: paper to write on, and the way to a mail server."""

from collections.abc import Callable, Sequence
from typing import Protocol

from agent.core.letters.letter import Letter
from agent.core.model.notices import MessageRecord, Receipt


class Paper(Protocol):
    """Turns a letter into what is mailed; both forms say the same."""

    def text(self, letter: Letter) -> str: ...

    def html(self, letter: Letter, cells: str = "") -> str:
        """`cells` are the pictures of a trend, already HTML."""
        ...


class Courier(Protocol):
    """Hands messages to the next mail server. Raises MailError when nobody is reached at all."""

    def check(self) -> None:
        """Go all the way to the server, and hand over nothing."""
        ...

    def deliver(
        self,
        message: MessageRecord,
        recipients: Sequence[str],
        begun: Callable[[], None],
        *,
        duplicate: bool = False,
    ) -> tuple[Receipt, ...]:
        """What became of it, for each recipient.

        `begun` is called just before the text is handed over: from then on nobody knows what happened to it
        if we die. A possible `duplicate` says so.
        """
        ...
