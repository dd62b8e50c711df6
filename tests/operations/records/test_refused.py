"""Whether a drill refused what plan B holds of the newest good snapshot."""

from msgspec.structs import replace

from agent.core.model.records import Body
from agent.core.model.repository import StoredSnapshot
from agent.core.upkeep.copying import Good
from agent.operations.records.refused import refused
from support.builders.shop import ago, drill, snapshot, wrong
from support.doubles.fakes import FakeLedger

TAKEN = snapshot(1)
THERE = StoredSnapshot(id="c" * 64, time=ago(1), host="shop", paths=(), tree="t", original=TAKEN.snapshot)
GOOD = Good(replace(THERE, id=TAKEN.snapshot, original=""), TAKEN)


def asked(*bodies: Body, there: tuple[StoredSnapshot, ...] = (THERE,)) -> list[str]:
    found = refused(FakeLedger(*bodies), "orders", "primary", "planb", [GOOD], there)
    return [f"{each.code} {each.hint}" for each in found]


def drilled(outcome: str, code: str = "proof-failed") -> Body:
    usual = drill(0.5, outcome, snapshot=THERE.id, repository="planb")  # type: ignore[arg-type]
    return replace(usual, findings=(wrong(code),) if outcome == "failed" else ())


def test_nothing_is_said_of_a_copy_that_no_drill_refused() -> None:
    assert asked() == asked(drilled("passed")) == asked(drilled("failed"), drilled("passed")) == []
    assert asked(drilled("failed"), there=()) == []
    assert asked(drilled("failed", "snapshots-vanished")) == []


def test_a_copy_that_a_drill_refused_is_told_with_what_ends_it() -> None:
    [bad] = asked(drilled("failed"))
    assert bad == (
        "copy-refuted Run: readiness snapshot orders, then: readiness copy orders --to planb, then: "
        "readiness drill orders --from planb"
    )
    [lost] = asked(drilled("failed", "file-missing"))
    assert lost.startswith("copy-refuted Run: readiness check planb")
