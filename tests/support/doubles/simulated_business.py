"""A business whose service lives in simulated time, with a real ledger, real letters and a real mail server.

What its runs find is planted: each `Fault` spoils one kind of run for some days. Everything else passes.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple

from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.adapters.mail.mime import Letterhead
from agent.adapters.mail.paper import LetterPaper
from agent.adapters.mail.smtp import SmtpCourier
from agent.adapters.rendering.trend_cells import trend_cells
from agent.core.configuration.config import Alarm, Config, Mail, Rhythm
from agent.core.letters.trend import Trend, trend_sentence
from agent.core.model.notices import MessageRecord, Receipt
from agent.core.model.records import Body, CheckRecord
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord
from agent.core.trends.cells import cell_charts
from agent.core.verdict.judgement import Assessment
from agent.operations.ports.alarm import Webhook
from agent.operations.reading.assess import assess_now
from agent.operations.reading.trends import gather_trends
from agent.operations.telling.notify import Notified, Tools, notify
from support.builders import shop
from support.doubles.simulated_world import SimulatedJob, World
from support.servers.mail_server import MailServer

DAY, HOUR = 86_400, 3600
MEMORY = Path("/dev/shm")
NOWHERE: Any = SimpleNamespace(port=9, password_file="/nowhere", ca_file="/nowhere")  # never asked
START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)  # a Monday, 08:00 in Berlin


@contextmanager
def in_memory() -> Iterator[Path]:
    """A directory for ledgers of simulated months: nobody waits there until a disk has written."""
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="readiness-months-", dir=where) as place:
        yield Path(place)


class Fault(NamedTuple):
    """From day `begins` to day `ends` every such run ends with `outcome` and this finding."""

    kind: str
    process: str
    repository: str
    begins: float
    ends: float
    outcome: Outcome
    code: str


def business(server: MailServer, *, alarm: Alarm | None = None) -> Config:
    """Two processes, plan B, and mail for three people."""
    orders = shop.process(
        "orders",
        rpo=24 * HOUR,
        snapshot=Rhythm(every=8 * HOUR),
        max_proof_age=14 * DAY,
        drill=Rhythm(every=DAY),
    )
    web = replace(orders, name="shop", tier=2, paths=("/srv/shop",))
    usual = shop.config(orders, web, repositories=("primary", "planb"))
    mail = Mail(
        sender="readiness@shop.example",
        owner=("owner@shop.example",),
        admin=("admin@shop.example",),
        deputy=("deputy@shop.example",),
        server="127.0.0.1",
        port=server.port,
        user="readiness",
        password_file=str(server.password_file),
        ca_file=str(server.ca_file),
    )
    settings = replace(usual.settings, scan=12 * HOUR)
    return replace(usual, settings=settings, mail=mail, alarm=alarm or Alarm())


class BusinessWorld(World):
    """The world of one business, whose clock is right and whose files lie still, so that looks are rare."""

    longest_rest = HOUR

    def __init__(self, config: Config, start: datetime, state: Path, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(config, start, seed=4)
        self.ledger = open_ledger(state / "ledger.db")  # type: ignore[assignment]
        self.faults = faults
        self.told: list[Notified] = []
        self.snapshots: dict[tuple[str, str], SnapshotRecord] = {}
        letterhead = Letterhead(
            sender="readiness@shop.example",
            business=config.business.name,
            host="shop",
            time_zone=config.business.time_zone,
        )
        assert config.mail is not None
        self.courier = SmtpCourier(config.mail, letterhead)
        self.second: Webhook | None = None

    def live(self, days: float) -> None:
        """Go on for so many days."""
        until = self.true + days * DAY
        if self.service is None:
            self.boot()
        assert self.service
        while self.true < until:
            rest = self.service.rest()
            ends = [job.ends for job in self.running]
            self.true = min([self.true + rest, *(max(self.true + 0.1, end) for end in ends)])
            self.service.step()
            self.over.clear()
            self.begun.clear()

    def close(self) -> None:
        self.courier.close()
        self.ledger.close()  # type: ignore[attr-defined]

    def _fault(self, kind: str, process: str, repository: str) -> Fault | None:
        day = self.true / DAY
        return next(
            (
                one
                for one in self.faults
                if one.begins <= day < one.ends
                and (one.kind, one.process or process, one.repository or repository)
                == (kind, process, repository)
            ),
            None,
        )

    def _status(self, kind: str) -> int:
        return 0

    def ended(self, job: SimulatedJob) -> None:
        self.running.remove(job)
        self.over.append(job)
        kind = job.arguments[0]
        process, repository = self.places(job.arguments)
        if kind == "notify":
            self._notify(job)
            return
        fault = self._fault(kind, process, repository)
        outcome: Outcome = fault.outcome if fault else "passed"
        job.status = {"passed": 0, "failed": 1, "not_tested": 3}[outcome]
        findings = (shop.wrong(fault.code, process if kind != "check" else ""),) if fault else ()
        record = self._record(kind, process, repository, outcome, findings)
        if record is not None:
            self.ledger.append(record, self.now())

    def _record(
        self, kind: str, process: str, repository: str, outcome: Outcome, findings: tuple
    ) -> Body | None:  # type: ignore[type-arg]
        now = self.now()
        if kind in ("snapshot", "copy"):
            source = self.snapshots.get((process, "primary"))
            taken = source.snapshot_at if kind == "copy" and source else now
            record = shop.snapshot(
                outcome=outcome,
                process=process,
                repository=repository,
                started=now,
                snapshot_at=taken,
                snapshot=f"{self.true:064.0f}" if outcome == "passed" else "",
                paths=(f"/srv/{process}",),
                findings=findings,
            )
            if outcome == "passed":
                self.snapshots[process, repository] = record
            return record
        if kind == "drill":
            newest = self.snapshots.get((process, repository))
            return shop.drill(
                outcome=outcome,
                process=process,
                repository=repository,
                started=now - timedelta(minutes=10),
                snapshot=newest.snapshot if newest else "",
                snapshot_at=newest.snapshot_at if newest else None,
                findings=findings,
            )
        if kind == "check":
            return CheckRecord(
                repository=repository,
                started=now,
                outcome=outcome,
                seconds=9.0,
                part=1,
                parts=28,
                findings=findings,
            )
        return None

    def _trend(self, judged: Assessment) -> Trend:
        found = gather_trends(self.config, self.ledger, judged.at)
        cells = trend_cells([chart for one in found for chart in cell_charts(one)])
        return Trend(sentence=trend_sentence(found), cells=cells)

    def _notify(self, job: SimulatedJob) -> None:
        judged = assess_now(self.config, self.ledger, self)
        tools = Tools(
            ledger=self.ledger,
            clock=self,
            paper=LetterPaper(),
            trend=self._trend,
            courier=self.courier,
            second=self.second,
        )
        told = notify(self.config, judged, tools)
        self.courier.close()  # a run of its own each time
        self.told.append(told)
        job.result = {"prove": list(told.prove)}
        job.status = 3 if told.outbox.blocked else 0


class Post:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.got: list[tuple[str, MessageRecord, bool]] = []

    def check(self) -> None: ...

    def close(self) -> None: ...

    def deliver(
        self,
        message: MessageRecord,
        recipients: Sequence[str],
        begun: Callable[[], None],
        *,
        duplicate: bool = False,
    ) -> tuple[Receipt, ...]:
        begun()
        self.got += [(who, message, duplicate) for who in recipients]
        return tuple(Receipt(recipient=who, fate="accepted") for who in recipients)
