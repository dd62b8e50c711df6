"""A drill of the service, in two parts: one that has the ledger, and one that has the rights over files.

The rights over files are as good as root's. Whoever has them restores what a fallen application saved, so
that it is to reach nothing of ours: it runs as a user of its own, in a unit of systemd, and asks for what it
needs of the ledger at the desk of the part that keeps it.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from agent.adapters.host.identity import DRILL_PLACE, DRILL_USER
from agent.app.clock import SystemClock
from agent.app.config import chosen_processes, chosen_repository
from agent.app.drill_here import CARRIED, Wish, prover_for, task_of
from agent.app.ledger import working_ledger
from agent.app.repositories import restic_for
from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.config import Repository as RepositoryConfig
from agent.core.schedule.holding import held, held_at_first
from agent.errors import ReadinessError

if TYPE_CHECKING:
    from datetime import datetime

    from agent.core.model.drills import DrillRecord
    from agent.operations.ports.ledger import WorkLedger
    from agent.operations.ports.progress import Progress

UNIT = "readiness-drill@"
STOPPED = "interrupted"


def drill_apart(
    config: Config,
    process: CriticalProcess,
    repository: RepositoryConfig,
    wish: Wish,
    progress: "Progress",
) -> tuple["DrillRecord", str]:
    """Have systemd run one drill, and serve it until its end; also returns where a kept tree lies, or ""."""
    from agent.adapters.apart import wire
    from agent.adapters.apart.desk import open_desk
    from agent.adapters.host.locks import exclusive
    from agent.adapters.host.units import UnitEnd, how_ended, run_unit, was_stopped
    from agent.operations.records.note_config import note_config
    from agent.operations.records.unrecorded import of_drill, unrecorded

    state = Path(config.settings.state)
    wanted = wire.Wish(select=wish.select, share=wish.share, keep=wish.keep, instead_of=wish.instead_of)
    names = (process.name, repository.name)
    unit = f"{UNIT}{':'.join(names)}.service"
    locks = held("drill", "", repository.name)
    with (
        working_ledger(config, restic_for(config, repository), locks) as ledger,
        ExitStack() as until_chosen,
        open_desk(state, names, wanted, ledger, progress, DRILL_USER) as desk,
    ):
        until_chosen.enter_context(exclusive(state, held_at_first("drill", process.name)))
        note_config(config, ledger, SystemClock())
        desk.chosen = until_chosen.close
        wordless = _Wordless(process, repository, wish, SystemClock().now())
        try:
            end, complaint = run_unit(unit, desk.attend)
        except KeyboardInterrupt:
            desk.hear_out()
            if not desk.written and not desk.refused:
                wordless.note(ledger, STOPPED, how_ended(UnitEnd(0, ""), ""))
            raise
        desk.hear_out()
        if desk.unwritten:
            lost, error = desk.unwritten
            raise unrecorded(of_drill(*names), lost.outcome, lost.findings, error) from error
        if desk.written:
            return desk.written[-1], desk.kept
        if desk.refused:
            raise ReadinessError(desk.refused.message, desk.refused.hint, desk.refused.code)
        why = str(desk.broken or "").rstrip(".") or how_ended(end, complaint)
        code = STOPPED if was_stopped(end, complaint) and not desk.broken else "not-tested"
        return wordless.note(ledger, code, why, f"See why: journalctl -u {unit}"), ""


def rehearse(config: Config, drill_of: str) -> None:
    """The part with the rights: drill PROCESS:REPOSITORY for whoever waits for that."""
    from agent.adapters.apart.distant import DistantLedger, DistantProgress, waiting_owner
    from agent.adapters.drilling.drill_room import drill_room
    from agent.adapters.drilling.scratch import sweep
    from agent.operations.drill.drill import drill
    from agent.operations.drill.task import DrillTools

    process_name, _, repository_name = drill_of.partition(":")
    [process] = chosen_processes(config, (process_name,))
    repository = chosen_repository(config, repository_name)
    restic = restic_for(config, repository)
    state, scratch = Path(config.settings.state), Path(config.settings.scratch)
    sweep(scratch, DRILL_PLACE)
    with (
        waiting_owner(state, (process.name, repository.name)) as owner,
        restic.unlocked_at_interrupt(),
        drill_room(scratch, DRILL_PLACE, state / CARRIED) as room,
    ):
        tools = DrillTools(
            repository=restic.through_cache(room.cache),
            room=room,
            prove=prover_for(config, room.look),
            chosen=owner.chosen,
            ledger=DistantLedger(owner),
            clock=SystemClock(),
            progress=DistantProgress(owner),
        )
        wish = Wish(**structs.asdict(owner.wish))
        _, kept = drill(task_of(config, process, repository, wish), tools)
        owner.ended(kept)


class _Wordless:
    """A drill that ends without a word: what became of it is written down for it.

    Otherwise an older drill, which was good, would go on standing for it.
    """

    def __init__(
        self, process: CriticalProcess, repository: RepositoryConfig, wish: Wish, started: "datetime"
    ) -> None:
        self._process = process
        self._repository = repository.name
        self._wish = wish
        self._started = started

    def note(self, ledger: "WorkLedger", code: str, why: str, hint: str = "") -> "DrillRecord":
        """That it was neither good nor bad; the record."""
        from agent.core.model.drills import DrillRecord, DrillSeconds
        from agent.core.model.findings import finding
        from agent.core.model.objectives import objectives_of
        from agent.operations.records.unrecorded import of_drill, told_anyway

        now = SystemClock().now()
        trouble = finding(code, self._process.name, f"The drill ended without a result: {why}.", hint)
        record = DrillRecord(
            process=self._process.name,
            repository=self._repository,
            started=self._started,
            outcome="not_tested",
            selection=self._wish.select,
            share=self._wish.share,
            sampled=self._wish.share < 1,
            instead_of=self._wish.instead_of,
            objectives=objectives_of(self._process),
            seconds=DrillSeconds(total=round((now - self._started).total_seconds(), 3)),
            findings=(trouble,),
        )
        with told_anyway(of_drill(self._process.name, self._repository), record.outcome, record.findings):
            ledger.append(record, now)
        return record
