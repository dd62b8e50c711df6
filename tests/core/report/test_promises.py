"""What may be promised, and that nothing which leaves the program takes a promise from anywhere else."""

import ast
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import Step
from agent.core.evidence.evidence import Evidence
from agent.core.model.drills import DrillSeconds, RefusedSnapshot
from agent.core.model.life import Life, Signs, Turn
from agent.core.model.records import Verdict
from agent.core.report.promises import Promise, Promises, promises
from agent.core.verdict.verdict import assess
from support.builders.shop import HOUR, NOW, ago, assessed, config, copy, drill, process, snapshot
from support.modules import MODULES, is_below, tree

# what was measured, in better days too; only the model of promises may turn it into something to rely on
MEASURED = {"timetable", "actual_s", "all_back", "met"}
SPEAKERS = (
    *("agent.core.report", "agent.core.letters", "agent.core.telling", "agent.core.trends"),
    *("agent.core.audit", "agent.operations", "agent.adapters", "agent.app", "agent.cli", "agent.daemon"),
)
REFUSED = RefusedSnapshot(snapshot=snapshot().snapshot, at=ago(1), reason="A file is damaged.")
ALLOWED = ("agent.core.report.promises", "agent.operations.records.sight")  # the latter: of a repository


def promise(*records, **changes) -> Promise:
    return promises(assessed(copy(*records), shop=config(process(**changes)))).processes[0]


def measured_in(parsed: ast.AST) -> Iterator[str]:
    for node in ast.walk(parsed):
        if isinstance(node, ast.Attribute) and node.attr in MEASURED:
            yield f"line {node.lineno} reads {node.attr}"


# ---- one source -----------------------------------------------------------------------------


def test_whatever_leaves_the_program_takes_its_promises_from_one_place() -> None:
    found = {
        module: list(measured_in(tree(module)))
        for module in MODULES
        if is_below(module, SPEAKERS) and module not in ALLOWED
    }
    assert {module: faults for module, faults in found.items() if faults} == {}


def test_a_promise_from_elsewhere_would_be_seen() -> None:
    assert list(measured_in(ast.parse("print(assessment.timetable.returns, judgement.rto.actual_s)")))


# ---- of one process -------------------------------------------------------------------------


def test_what_is_proven_is_promised() -> None:
    made = promise(snapshot(), drill(), steps=(Step("printer", 30),))

    assert (made.machine_s, made.steps_s, made.takes_s) == (600, 1800, 2400)
    assert (made.basis, made.takes_met, made.in_time, made.before_opening) == ("measured", True, True, True)
    assert made.back_at
    assert (made.loss, made.loses_s, made.loses_met, made.why) == ("known", HOUR, True, "")


def test_an_expired_proof_promises_no_time_and_still_tells_what_would_be_lost() -> None:
    made = promise(snapshot(), drill(300))

    assert (made.back_at, made.takes_s, made.machine_s, made.basis) == (None, None, None, "none")
    assert (made.takes_met, made.in_time, made.before_opening) == (None, None, None)
    assert (made.loss, made.loses_s) == ("known", HOUR)
    assert made.why.startswith("The last restore was proven on ")


def test_what_is_late_keeps_its_time_and_is_said_to_be_late() -> None:
    slow = DrillSeconds(restore=30 * HOUR, total=30 * HOUR)
    made = promise(snapshot(), drill(seconds=slow))

    assert (made.takes_s, made.takes_met, made.in_time, made.before_opening) == (
        30 * HOUR,
        False,
        False,
        True,
    )


def test_what_is_too_old_is_lost_as_far_as_it_is_old() -> None:
    made = promise(snapshot(9), drill(8))
    assert (made.loss, made.loses_s, made.loses_met, bool(made.back_at)) == ("known", 9 * HOUR, False, True)


@pytest.mark.parametrize(
    ("records", "loss"),
    [
        ((), "everything"),
        ((snapshot(outcome="failed"),), "everything"),
        ((snapshot(), drill(0.2, "failed"), drill(30)), "unknown"),
        ((snapshot(-30), snapshot(1), drill(0.5)), "unknown"),  # a clock went back
        ((snapshot(-30),), "unknown"),
        ((snapshot(), drill(0.5, of=9, refused=(REFUSED,))), "unknown"),
        ((snapshot(), drill(outcome="failed", of=1)), "unknown"),
    ],
)
def test_everything_is_lost_only_where_no_snapshot_was_ever_whole(records, loss: str) -> None:
    made = promise(*records)
    assert (made.loss, made.loses_s, made.loses_met) == (loss, None, None)


def test_of_a_path_that_was_added_only_that_would_be_lost() -> None:
    paths = ("/srv/orders", "/srv/labels")
    assert promise(snapshot(), drill(), paths=paths).loss == "new-paths"
    assert promise(snapshot(), drill(0.2, "failed"), drill(30), paths=paths).loss == "unknown"


# ---- of all ---------------------------------------------------------------------------------


def two(first, *, life: Life | None = None) -> Promises:
    shop = config(process(), process("web"))
    copies = (copy(snapshot(), first), copy(snapshot(paths=()), drill(), name="web"))
    return promises(assess(shop, Evidence(copies=copies, life=life or Life()), NOW))


def test_all_have_a_time_when_each_has_one() -> None:
    made = two(drill())
    assert made.all_back_at == made.processes[-1].back_at
    assert (made.fits, made.why) == (True, "")


def test_what_comes_after_a_process_without_a_time_has_none_but_takes_as_long_as_it_did() -> None:
    made = two(drill(300))
    orders, web = made.processes

    assert (orders.starts_at is None, orders.back_at, web.starts_at, web.back_at) == (False, None, None, None)
    assert (web.takes_s, web.takes_met, web.in_time, web.before_opening) == (600, True, None, None)
    assert web.why == "It comes after orders, which has no time."
    assert (made.all_back_at, made.fits) == (None, None)
    assert made.why.startswith("orders: The last restore was proven on ")


def test_while_nobody_looks_each_keeps_its_time_and_the_whole_has_none() -> None:
    dead = Life(signs=Signs(alive=ago(3)), turns=(Turn("started", ago(9)),))
    made = two(drill(), life=dead)

    assert all(one.back_at for one in made.processes)
    assert (made.all_back_at, made.fits) == (None, None)
    assert made.why.startswith("The service has given no sign of life")


def test_that_it_does_not_fit_is_said_although_something_is_in_doubt() -> None:
    slow = DrillSeconds(restore=90 * HOUR, total=90 * HOUR)
    shop = config(process(rto=99 * HOUR))
    found = assessed(copy(snapshot(), drill(300, seconds=slow)), shop=shop)

    assert found.verdict == Verdict.NOT_READY
    assert found.reasons[0].sentence == (
        "Even if all went as in the drills, orders would not be back before Monday 08:00."
    )
    assert (promises(found).fits, promises(found).all_back_at) == (False, None)


def test_a_business_without_processes_is_promised_nothing() -> None:
    made = promises(assessed(shop=replace(config(), processes=())))
    assert (made.processes, made.all_back_at, made.fits) == ((), None, None)


def test_a_chance_stands_and_falls_with_the_time() -> None:
    good = assessed(copy(snapshot(), drill()), shop=config())
    bad = assessed(copy(snapshot(), drill(300)), shop=config())
    chances = [
        promises(replace(one, timetable=replace(one.timetable, probability=0.9))).probability
        for one in (good, bad)
    ]
    assert chances == [0.9, None]
