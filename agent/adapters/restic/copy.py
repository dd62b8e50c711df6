"""`restic copy`: one restic that reaches two repositories."""

from collections.abc import Sequence

from agent.adapters.host.command import Completed
from agent.adapters.restic.calls import ResticCalls
from agent.adapters.restic.stall import StallWatch
from agent.core.configuration.location import local_path
from agent.core.upkeep.copying import contradiction
from agent.errors import ResticError


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
        sides = (self.repository.url, self._source.repository.url)
        named = [path for url in sides if (path := local_path(url)) and f"{path}/" in error.message]
        if error.code == "repository-unreadable" and named and max(named, key=len) == local_path(sides[1]):
            error = self._source.trouble(doing, completed)
            error.of_source = True
        return error

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
