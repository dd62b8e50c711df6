"""The sign of life to the outside: proven, or bad, or nothing; never only because a process is alive."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.web.ping_file import PingFile
from agent.core.configuration.config import Alarm
from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.life import Life, Signs, Turn
from agent.core.model.notices import Fate, PingRecord
from agent.core.model.records import Verdict
from agent.core.telling.heartbeat import Answer, Ping, Word, beat, is_due
from agent.core.verdict.judgement import Assessment
from agent.core.verdict.verdict import assess
from agent.errors import StateError
from agent.operations.reading.assess import assess_now
from agent.operations.telling.sign_of_life import Tools, announce, give_sign
from support.builders.shop import NOW, ago, assessed, config, copy, damage, drill, process, snapshot, wrong
from support.doubles.fakes import FakeClock, FakeLedger

GOOD = copy(snapshot(1), drill(0.5))


def word(*copies: Copy) -> str | None:
    names = tuple(dict.fromkeys(each.repository for each in copies)) or ("primary",)
    processes = [process(name) for name in dict.fromkeys(each.process for each in copies)]
    said = beat(assessed(*copies, shop=config(*processes, repositories=names)))
    return said.word if said else None


def line(assessment: Assessment) -> str:
    said = beat(assessment)
    assert said
    return said.line


# ---- what is said ----------------------------------------------------------------------------


def test_restored_and_proven_is_success() -> None:
    assert word(GOOD) == "success"
    assert line(assessed(GOOD, shop=config())) == "READY - restored and proven: orders"


def test_at_risk_is_still_proven() -> None:
    assert word(copy(snapshot(1, same_device=True), drill(0.5))) == "success"


def test_a_failed_drill_is_a_failure() -> None:
    bad = assessed(copy(snapshot(1), drill(0.5, "failed")), shop=config())

    assert word(copy(snapshot(1), drill(0.5, "failed"))) == "fail"
    assert line(bad).startswith("NOT READY - orders (drill-failed")


def test_a_failed_drill_of_plan_b_is_a_failure_although_the_first_copy_is_proven() -> None:
    planb = copy(snapshot(1), drill(0.4, "failed"), repository="planb")
    assert word(GOOD, planb) == "fail"


def test_a_proof_that_grew_too_old_is_a_failure() -> None:
    old = copy(snapshot(1), drill(11 * 24))

    assert word(old) == "fail"
    assert "orders (proof-expired)" in line(assessed(old, shop=config()))


def test_a_process_that_is_not_ready_is_a_failure() -> None:
    assert word(copy(snapshot(9), drill(8))) == "fail"


def test_one_process_of_many_is_enough() -> None:
    mail = copy(snapshot(1), drill(0.5, "failed"), name="mail")
    assert word(GOOD, mail) == "fail"


def test_damage_without_another_proven_copy_is_a_failure() -> None:
    evidence = Evidence(copies=(GOOD,), checks=(damage(),))
    said = beat(assess(config(), evidence, NOW + timedelta(days=1)))
    assert said
    assert said.word == "fail"


def test_nothing_tested_yet_is_silence() -> None:
    assert word() is None
    assert word(copy(snapshot(1))) is None
    assert word(copy(snapshot(1), drill(0.5, "not_tested"))) is None


def test_a_process_that_was_never_proven_takes_the_success_from_all() -> None:
    assert word(GOOD, copy(snapshot(1), name="mail")) is None


def test_success_rests_on_proofs_and_not_on_the_verdict_alone() -> None:
    mail = copy(snapshot(1), name="mail")
    judged = assessed(GOOD, mail, shop=config(process(), process("mail"))).judgements
    blind = {one.process: replace(one, reasons=()) for one in judged}
    ready = replace(assessed(GOOD, shop=config()), verdict=Verdict.READY, reasons=())

    assert beat(replace(ready, judgements=(blind["orders"],)))
    assert beat(replace(ready, judgements=tuple(blind.values()))) is None


def test_a_drill_that_could_not_be_carried_out_is_no_failure_while_the_proof_lasts() -> None:
    assert word(copy(snapshot(1), drill(0.2, "not_tested"), drill(20))) == "success"


def test_a_clock_that_cannot_be_trusted_proves_nothing() -> None:
    assert word(copy(snapshot(-30), snapshot(1), drill(0.5))) != "success"


@pytest.mark.parametrize(
    ("life", "said"),
    [
        (Life(signs=Signs(alive=ago(0.1), wrote=ago(0.1)), turns=(Turn("started", ago(9)),)), "success"),
        (Life(signs=Signs(alive=ago(3)), turns=(Turn("started", ago(9)),)), "fail"),
        (Life(signs=Signs(trouble="its disk is full")), "fail"),
        (Life(signs=Signs(alive=ago(3)), turns=(Turn("stopped", ago(3)),)), "success"),
    ],
)
def test_a_service_that_is_dead_or_writes_nothing_is_a_failure_whatever_is_proven(
    life: Life, said: str
) -> None:
    answer = beat(assess(config(), Evidence(copies=(GOOD,), life=life), NOW))
    assert answer
    assert answer.word == said


def test_the_line_holds_no_word_that_came_from_the_machine() -> None:
    hostile = wrong("file-damaged", message="/srv/orders/secret-plans.txt \n\x1b[31m")
    bad = assessed(copy(snapshot(1), drill(0.5, "failed", findings=(hostile,))), shop=config())

    assert "secret-plans" not in line(bad)
    assert "Harbour" not in line(bad)
    assert line(bad).isprintable()


def test_many_processes_make_one_short_line() -> None:
    copies = [copy(snapshot(1), drill(0.5, "failed"), name=f"p{n}") for n in range(200)]
    shop = config(*(process(f"p{n}") for n in range(200)))

    assert len(line(assessed(*copies, shop=shop))) < 600


# ---- when it is said -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (Ping(word="success", at=ago(0.5), fate="accepted"), False),
        (Ping(word="success", at=ago(58 / 60), fate="accepted"), False),
        (Ping(word="success", at=ago(59 / 60), fate="accepted"), True),
        (Ping(word="success", at=ago(0.1), fate="deferred"), True),
        (Ping(word="success", at=ago(0.1), fate="refused"), True),
        (Ping(word="fail", at=ago(0.1), fate="accepted"), True),
        (Ping(word="start", at=ago(0.1), fate="accepted"), True),
        (Ping(word="success", at=ago(-5), fate="accepted"), True),
    ],
)
def test_the_same_is_said_every_hour_and_what_changed_at_once(last: Ping | None, due: bool) -> None:
    said = beat(assessed(GOOD, shop=config()))
    assert said
    assert is_due(said, last, NOW) == due


@pytest.mark.parametrize("unreadable", ["", "[", "{}", "[" * 9000, '{"word": "hello"}'])
def test_the_next_run_knows_of_the_last_ping(tmp_path: Path, unreadable: str) -> None:
    told = Ping(word="success", at=NOW, fate="accepted")
    assert PingFile(str(tmp_path)).last() is None
    PingFile(str(tmp_path)).remember(told)
    assert PingFile(str(tmp_path)).last() == told
    (tmp_path / "pinged.json").write_text(unreadable)
    assert PingFile(str(tmp_path)).last() is None
    PingFile(str(tmp_path / "gone")).remember(told)


# ---- and what comes of it --------------------------------------------------------------------


class FakeWatcher:
    host = "watcher.example"

    def __init__(self) -> None:
        self.heard: list[tuple[Word, str]] = []
        self.fate: Fate = "accepted"

    def ping(self, word: Word, line: str) -> Answer:
        self.heard.append((word, line))
        return Answer(fate=self.fate, message="" if self.fate == "accepted" else "It did not answer.")


class FakeMemory:
    def __init__(self) -> None:
        self.ping: Ping | None = None

    def last(self) -> Ping | None:
        return self.ping

    def remember(self, ping: Ping) -> None:
        self.ping = ping


class Day:
    """A day of `readiness notify` every quarter of an hour."""

    def __init__(self) -> None:
        self.watcher, self.memory, self.ledger = FakeWatcher(), FakeMemory(), FakeLedger()
        self.clock = FakeClock(NOW)
        self.tools = Tools(watcher=self.watcher, memory=self.memory, ledger=self.ledger, clock=self.clock)
        self.answer = assessed(GOOD, shop=config())

    def hours(self, hours: float) -> None:
        for _ in range(int(hours * 4)):
            give_sign(self.answer, self.tools)
            self.clock.time += timedelta(minutes=15)

    def words(self) -> list[str]:
        return [word for word, _ in self.watcher.heard]

    def recorded(self) -> list[tuple[str, str]]:
        records = [entry.body for entry in self.ledger.stored]
        return [(body.word, body.fate) for body in records if isinstance(body, PingRecord)]


def test_a_quiet_day_is_a_ping_an_hour_and_one_record() -> None:
    day = Day()
    day.hours(24)

    assert day.words() == ["success"] * 24
    assert day.recorded() == [("success", "accepted")]


def test_a_change_is_told_and_noted_at_once() -> None:
    day = Day()
    day.hours(1)
    day.answer = assessed(copy(snapshot(1), drill(0.5, "failed")), shop=config())
    day.hours(0.5)
    day.answer = assessed(GOOD, shop=config())
    day.hours(0.5)

    assert day.words() == ["success", "fail", "success"]
    assert day.recorded() == [(word, "accepted") for word in ("success", "fail", "success")]


def test_a_watcher_that_cannot_be_reached_is_tried_each_time_and_noted_once() -> None:
    day = Day()
    day.hours(1)
    day.watcher.fate = "deferred"
    day.hours(3)
    day.watcher.fate = "accepted"
    day.hours(1)

    assert day.recorded() == [("success", "accepted"), ("success", "deferred"), ("success", "accepted")]
    assert len(day.words()) == 1 + 12 + 1


def test_after_a_drill_began_the_watcher_is_told_how_things_stand() -> None:
    day = Day()
    day.hours(0.25)
    announce(day.watcher, day.memory, day.clock)
    day.hours(0.25)

    assert day.words() == ["success", "start", "success"]
    assert day.recorded() == [("success", "accepted")]


def test_silence_is_silence() -> None:
    day = Day()
    day.answer = assessed(copy(snapshot(1)), shop=config())
    day.hours(24)

    assert (day.words(), day.recorded()) == ([], [])


def test_what_is_told_is_given_back() -> None:
    day = Day()
    day.watcher.fate = "deferred"
    told = give_sign(day.answer, day.tools)

    assert (told.word, told.fate, told.host, told.trouble) == (
        "success",
        "deferred",
        "watcher.example",
        "It did not answer.",
    )


def test_a_ledger_that_cannot_be_written_keeps_nobody_from_telling() -> None:
    def full(body: object, at: object) -> None:
        raise StateError("The disk is full.")

    day = Day()
    day.ledger.append = full  # type: ignore[method-assign,assignment]
    told = give_sign(day.answer, day.tools)

    assert (day.words(), told.trouble) == (["success"], "The disk is full.")


def test_a_watcher_that_is_not_told_is_a_note_and_no_verdict() -> None:
    shop = replace(config(), alarm=Alarm(ping="https://h/"))
    ledger = FakeLedger(snapshot(1), drill(0.5), _untold(2))
    answer = assess_now(shop, ledger, FakeClock(NOW))
    [note] = answer.reasons

    assert (answer.verdict, note.code, note.verdict) == (Verdict.READY, "ping-failing", Verdict.READY)
    assert "since Wednesday 11:00 (2 h): It did not answer." in note.sentence
    assert assess_now(config(), ledger, FakeClock(NOW)).reasons == ()
    ledger.append(PingRecord(host="h", word="success", started=ago(1), fate="accepted"), ago(1))
    assert assess_now(shop, ledger, FakeClock(NOW)).reasons == ()


def _untold(hours: float) -> PingRecord:
    return PingRecord(
        host="h", word="success", started=ago(hours), fate="deferred", trouble="It did not answer."
    )
