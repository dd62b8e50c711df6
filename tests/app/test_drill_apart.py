"""A drill in two parts: the ledger's owner has it made, and all that it writes comes over the desk."""

import os
import pwd
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agent.adapters.apart import distant
from agent.adapters.host import units
from agent.adapters.host.units import UnitEnd
from agent.adapters.ledger.ledger import SqliteLedger, open_reader
from agent.adapters.rendering.progress import Silent
from agent.app import drill_apart as module
from agent.app import drills
from agent.app.config import load_config
from agent.app.drill_apart import drill_apart, rehearse
from agent.app.drill_here import Wish
from agent.cli import run
from agent.core.configuration.config import Config
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Body, ConfigRecord, Entry
from agent.errors import Exit, ReadinessError, StateError
from support.builders.readiness_cli import Shop

Attend = Callable[[float], object]


class Unit:
    """Plays systemd: what the unit does is `work`, in a thread; without any it ends at once."""

    def __init__(
        self,
        work: Callable[[str], None] | None = None,
        end: UnitEnd = UnitEnd(0, "success"),  # noqa: B008 - frozen
        complaint: str = "",
    ) -> None:
        self.work = work
        self.ended = end, complaint
        self.started: list[str] = []

    def run_unit(self, unit: str, attend: Attend) -> tuple[UnitEnd, str]:
        self.started.append(unit)
        thread = threading.Thread(target=self._run, args=(unit,))
        thread.start()
        while thread.is_alive():
            attend(0.02)
        thread.join()
        return self.ended

    def _run(self, unit: str) -> None:
        if self.work:
            self.work(unit.removeprefix("readiness-drill@").removesuffix(".service"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user that drills may write: whoever runs the tests."""
    place = tmp_path / "readiness-drill"
    place.mkdir(mode=0o700)
    monkeypatch.setattr(distant, "interrupt", lambda: None)  # the drill of these tests is a thread
    monkeypatch.setattr(module, "DRILL_PLACE", place)
    monkeypatch.setattr(module, "DRILL_USER", pwd.getpwuid(os.geteuid()).pw_name)
    return place


@pytest.fixture
def config(tmp_path: Path, place: Path, newest_restic: Path) -> Config:
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "letter").write_text("Dear customer")
    assert shop.snapshot().status == 0
    return load_config(str(shop.config))


def drilled(
    config: Config,
    unit: Unit,
    monkeypatch: pytest.MonkeyPatch,
    wish: Wish = Wish(),  # noqa: B008 - frozen
) -> tuple[DrillRecord, str]:
    monkeypatch.setattr(units, "run_unit", unit.run_unit)
    return drill_apart(config, config.processes[0], config.repositories[0], wish, Silent())


def rehearses(config: Config) -> Unit:
    def work(drill_of: str) -> None:
        rehearse(config, drill_of)

    return Unit(work)


def recorded(config: Config) -> list[DrillRecord]:
    with open_reader(Path(config.settings.state) / "ledger.db") as ledger:
        return ledger.newest(DrillRecord, limit=9)


def test_it_leaves_the_record_that_a_drill_here_leaves(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = rehearses(config)
    record, kept = drilled(config, unit, monkeypatch)

    assert (record.outcome, record.rung, kept) == ("passed", "L4", "")
    assert recorded(config) == [record]
    assert unit.started == ["readiness-drill@orders:primary.service"]
    with open_reader(Path(config.settings.state) / "ledger.db") as ledger:
        assert ledger.newest(ConfigRecord), "what was promised then is noted"


def test_what_is_wished_is_done_there(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    record, kept = drilled(config, rehearses(config), monkeypatch, Wish(keep=True, instead_of="planb"))

    assert (record.outcome, record.instead_of) == ("passed", "planb")
    assert Path(kept).is_relative_to(config.settings.scratch)
    assert Path(kept + config.processes[0].paths[0]).is_dir()


def test_what_was_lost_is_listed_where_that_user_may_write(
    config: Config, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pack in Path(config.repositories[0].url).glob("data/*/*"):
        pack.chmod(0o600)
        pack.write_bytes(b"")
    record, _ = drilled(config, rehearses(config), monkeypatch)

    assert record.outcome == "failed"
    assert not (Path(config.settings.state) / "damage").exists()
    assert list((place / "damage").glob("*/lost.txt"))


def test_why_it_was_refused_is_said_in_its_words(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(drill_of: str) -> None:
        monkeypatch.setattr(module, "task_of", refuse)
        with pytest.raises(ReadinessError):
            rehearse(config, drill_of)

    def refuse(*_: object) -> None:
        raise ReadinessError("The scratch is somebody else's.", "Give it back.", "not-tested")

    with pytest.raises(ReadinessError, match="somebody else's") as refused:
        drilled(config, Unit(refuses), monkeypatch)
    assert refused.value.hint == "Give it back."


@pytest.mark.parametrize(
    ("end", "complaint", "code", "why"),
    [
        (UnitEnd(137, "signal"), "", "not-tested", "it was killed (SIGKILL)"),
        (UnitEnd(0, "success"), "", "interrupted", "it was stopped before it was done"),
    ],
)
def test_one_that_ends_without_a_word_is_written_down_and_no_older_one_stands_for_it(
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    end: UnitEnd,
    complaint: str,
    code: str,
    why: str,
) -> None:
    """A drill that died left the good one before it standing, without a word in any report."""
    good, _ = drilled(config, rehearses(config), monkeypatch)
    record, kept = drilled(config, Unit(end=end, complaint=complaint), monkeypatch, Wish(share=0.5))

    assert recorded(config) == [record, good]
    assert (record.outcome, record.share, record.sampled, kept) == ("not_tested", 0.5, True, "")
    [found] = record.findings
    assert (found.code, found.message) == (code, f"The drill ended without a result: {why}.")
    assert found.hint == "See why: journalctl -u readiness-drill@orders:primary.service"
    assert run(["--config", config.file, "status"]) == Exit.AT_RISK
    printed = " ".join(capsys.readouterr().out.split())
    assert "The newest drill from primary could not be carried out" in printed
    assert why in printed


def test_one_that_somebody_stops_before_it_has_begun_is_written_down(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(units, "run_unit", stopped)
    with pytest.raises(KeyboardInterrupt):
        drill_apart(config, config.processes[0], config.repositories[0], Wish(), Silent())
    [record] = recorded(config)
    assert (record.outcome, record.findings[0].code) == ("not_tested", "interrupted")


def test_what_it_found_is_heard_where_the_ledger_does_not_take_it(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = SqliteLedger.append

    def full(self: SqliteLedger, record: Body, at: datetime) -> Entry:
        if isinstance(record, DrillRecord):
            raise StateError("The disk is full.")
        return append(self, record, at)

    for pack in Path(config.repositories[0].url).glob("data/*/*"):
        pack.chmod(0o600)
        pack.write_bytes(b"")

    def work(drill_of: str) -> None:
        with pytest.raises(ReadinessError):
            rehearse(config, drill_of)

    monkeypatch.setattr(SqliteLedger, "append", full)
    with pytest.raises(ReadinessError, match=r"orders from primary FAILED: .*: The disk is full") as told:
        drilled(config, Unit(work), monkeypatch)
    assert told.value.exit == Exit.BAD


def test_one_that_dies_takes_no_turn_from_the_others(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(config.file)
    mail = file.parent / "mail"
    mail.mkdir()
    file.write_text(f'{file.read_text()}\n[process.mail]\npaths = ["{mail}"]\n')
    monkeypatch.setattr(units, "run_unit", Unit(end=UnitEnd(0, ""), complaint="It is masked.").run_unit)
    monkeypatch.setattr(drills, "drills_apart", lambda: True)

    assert run(["--config", str(file), "drill"]) == Exit.NOT_TESTED
    assert capsys.readouterr().out.count("it could not be started (It is masked)") == 2
    assert [record.process for record in recorded(config)] == ["mail", "orders"]


def test_nobody_drills_for_nobody(config: Config) -> None:
    with pytest.raises(ReadinessError, match="Nobody waits for a drill of orders from primary"):
        rehearse(config, "orders:primary")
