"""`restic copy`: one restic that reaches two repositories."""

import re
from collections.abc import Sequence

from agent.adapters.host.command import Completed
from agent.adapters.restic.calls import ResticCalls
from agent.adapters.restic.seen import require_private
from agent.adapters.restic.stall import StallWatch
from agent.core.configuration.location import local_path
from agent.core.upkeep.copying import contradiction
from agent.errors import ResticError

# only the target is written, and its locks are among that
CANNOT_WRITE = re.compile(r"\bSave\(<|unable to create lock|-tmp-\d+: ", re.IGNORECASE)
WRITABLE = "Look whether it can be written: its medium, its room or quota, and the rights of our user."


class Copier(ResticCalls):
    """Copies into the repository of `target` what is in that of `source`. Implements the port `Copier`.

    The source is only read, and not locked: a copy that takes days keeps nobody from working there, and
    the source may be read-only. What another restic removes meanwhile ends the copy, and a snapshot
    appears in the target only when all of it is there.
    """

    def __init__(self, source: ResticCalls, target: ResticCalls) -> None:
        super().__init__(target.executable, target.repository, target.cache, target.stall_timeout)
        self._source = source

    def options(self) -> list[str]:
        """Those of both."""
        both = dict.fromkeys((*self._source.repository.options, *self.repository.options))
        return [word for option in both for word in ("-o", option)]

    def environment(self) -> dict[str, str]:
        """That of both, and where to copy from."""
        require_private(self._source.repository)
        return super().environment() | self._source.own_environment() | {
            "RESTIC_FROM_REPOSITORY": self._source.repository.url,
            "RESTIC_FROM_PASSWORD_FILE": self._source.repository.password_file,
        }  # fmt: skip

    def copy(self, snapshots: Sequence[str]) -> None:
        """Copy these, in their order, and wait for the end."""
        self._require_agreement()
        doing = "copying snapshots"
        completed = self.retried(lambda: self._once(snapshots), doing)
        if completed.status != 0:
            raise self.trouble(doing, completed)

    def trouble(self, doing: str, completed: Completed) -> ResticError:
        """What went wrong, on the side that restic names."""
        error = super().trouble(doing, completed)
        named = self._named(error.message)
        if error.code in ("repository-unreadable", "repository-unreachable") and named is self._source:
            error = self._source.trouble(doing, completed)
            error.of_source = True
        if error.code in ("restic-failed", "repository-damaged") and named is not self._source:
            writes = CANNOT_WRITE.search(error.message) is not None
            if writes:
                message = f"Nothing can be written there. {error.message}"
                error = ResticError(message, error.hint if "write" in error.hint else WRITABLE, error.code)
            error.of_target = writes or named is self
        return error

    def _named(self, message: str) -> ResticCalls | None:
        """The side that restic names by its path, where it names one on this machine."""
        paths = {local_path(one.repository.url): one for one in (self._source, self)}
        found = [path for path in paths if path and f"{path.rstrip('/')}/" in message]
        return paths[max(found, key=len)] if found else None

    def _once(self, snapshots: Sequence[str]) -> Completed:
        running = self.start(["copy", "--no-lock", *snapshots])
        # what it prints is no sign of life: a bar can be drawn while a dead server keeps it waiting
        return running.wait(tick=StallWatch(running, lambda: None, self.stall_timeout))

    def _require_agreement(self) -> None:
        source, target = self._source.repository, self.repository
        why = contradiction(source, target, self._source.own_environment(), self.own_environment())
        if why:
            raise ResticError(
                f"One restic cannot reach both {source.name} and {target.name}: {why}.",
                f'Let {target.name} have snapshots of its own: fed_by = "snapshot".',
                "copy-impossible",
            )
