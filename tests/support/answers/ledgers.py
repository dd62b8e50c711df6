"""Any small business with any history of snapshots, drills, checks and of the service."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from msgspec.structs import replace

from agent.core.configuration.config import Config, CriticalProcess, Step
from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.drills import DrillRecord, DrillSeconds, RefusedSnapshot
from agent.core.model.life import Life, Signs, Turn
from agent.core.model.records import CheckRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.verdict.judgement import Assessment
from agent.core.verdict.verdict import assess
from support.builders.shop import DAY, GIB, HOUR, NOW, ago, config, copy, drill, process, snapshot, wrong

Record = SnapshotRecord | DrillRecord
NEWEST = snapshot(1).snapshot


def _took(hours: float) -> DrillSeconds:
    return DrillSeconds(restore=hours * HOUR, verify=60, total=hours * HOUR + 60)


def _lost(code: str) -> SnapshotRecord:
    return snapshot(0.4, "failed", findings=(wrong(code),))


PAST: dict[str, Callable[[], Record]] = {
    "fresh": lambda: snapshot(1),
    "just now": lambda: snapshot(0.2),
    "old": lambda: snapshot(9),
    "ancient": lambda: snapshot(300),
    "of tomorrow": lambda: snapshot(-30),
    "a little ahead": lambda: snapshot(-0.5),
    "without the second path": lambda: snapshot(0.8, paths=("/first",)),
    "on the same disk": lambda: snapshot(0.9, same_device=True),
    "copied": lambda: snapshot(1, copy_of="c" * 64),
    "grown": lambda: snapshot(0.7, bytes=GIB * 40),
    "a failed snapshot": lambda: snapshot(0.6, "failed"),
    "no snapshot could be taken": lambda: snapshot(0.5, "not_tested"),
    "the repository is gone": lambda: _lost("repository-missing"),
    "another repository": lambda: _lost("repository-changed"),
    "others vanished": lambda: _lost("snapshots-vanished"),
    "nothing vanished but others": lambda: snapshot(0.3, "failed", findings=(wrong("snapshots-vanished"),)),
    "drilled": lambda: drill(0.5),
    "drilled yesterday": lambda: drill(24),
    "drilled long ago": lambda: drill(300),
    "hardly proven any more": lambda: drill(200),
    "an old snapshot was drilled": lambda: drill(3, of=260),
    "a failed drill": lambda: drill(0.25, "failed", of=1),
    "a failed drill of old": lambda: drill(40, "failed"),
    "a drill found it too old": lambda: drill(0.3, "failed", findings=(wrong("snapshot-stale"),)),
    "no drill could be made": lambda: drill(0.1, "not_tested"),
    "a sample": lambda: drill(2, share=0.1, bytes=GIB // 10),
    "a sample of nothing": lambda: drill(2.5, share=0.1, bytes=0, total_bytes=0, total_files=0),
    "slow": lambda: drill(0.45, seconds=_took(30)),
    "far too slow": lambda: drill(0.35, seconds=_took(90)),
    "the newest was refused": lambda: drill(
        0.28, of=9, refused=(RefusedSnapshot(NEWEST, ago(1), "It is bad."),)
    ),
    "a drill of tomorrow": lambda: drill(-30),
}
GOOD = ["fresh", "drilled"]
LIVES = (
    *(Life(),) * 6,
    Life(signs=Signs(alive=ago(0.1), wrote=ago(0.1)), turns=(Turn("started", ago(9)),)),
    Life(signs=Signs(alive=ago(3)), turns=(Turn("started", ago(9)),)),
    Life(signs=Signs(trouble="its disk is full")),
    Life(signs=Signs(alive=ago(3)), turns=(Turn("stopped", ago(3)),)),
)
NOWS = (NOW, NOW, NOW, NOW + timedelta(hours=2), NOW + timedelta(days=3))  # the last within the weekend

# what has happened to a copy that is not simply good
odd = st.one_of(
    st.sampled_from([*PAST]).map(lambda more: [*GOOD, more]),
    st.lists(st.sampled_from([*PAST]), max_size=4),
)


@st.composite
def processes(draw: st.DrawFn, number: int) -> CriticalProcess:
    name = f"p{number}"
    return process(
        name,
        paths=draw(st.sampled_from([("/first",), ("/first",), ("/first", "/second")])),
        tier=draw(st.integers(1, 2)),
        value_per_hour=draw(st.sampled_from([0.0, 9.5, 480.0])),
        depends_on=draw(st.sampled_from([(), (), tuple(f"p{other}" for other in range(number))[-1:]])),
        steps=draw(st.sampled_from([(), (), (Step("printer", 30),), (Step("rebuild", 60 * 19),)])),
        rto=draw(st.sampled_from([100 * HOUR, 100 * HOUR, 24 * HOUR, HOUR])),
        rpo=draw(st.sampled_from([5 * DAY, 5 * DAY, 2 * HOUR])),
    )


@st.composite
def businesses(draw: st.DrawFn) -> Config:
    mine = tuple(draw(processes(number)) for number in range(draw(st.sampled_from([1, 2, 2, 3, 4]))))
    places = draw(st.sampled_from([("primary",), ("primary", "planb")]))
    found = config(*mine, repositories=places)
    return found if draw(st.integers(0, 30)) else replace(found, processes=())


@st.composite
def assessments(draw: st.DrawFn) -> Assessment:
    """The answer for any business at some moment."""
    shop = draw(businesses())
    places = [(each, one.name) for each in shop.processes for one in shop.repositories]
    few = draw(st.sampled_from([0, 1, 1, 1, 2, 8]))  # so that all four answers come about
    bad = draw(st.lists(st.sampled_from(range(len(places) or 1)), min_size=min(few, 1), max_size=few))
    copies = [
        _copy(draw(odd) if number in bad else GOOD, each, name) for number, (each, name) in enumerate(places)
    ]
    checks = [
        CheckRecord(
            repository=repository.name,
            started=ago(hours),
            outcome="failed",
            seconds=1,
            part=1,
            parts=28,
            findings=(wrong("repository-damaged", ""),),
        )
        for repository in shop.repositories
        for hours in draw(st.sampled_from([(), (), (), (), (), (0.05,), (0.55,), (50,)]))
    ]
    evidence = Evidence(
        copies=tuple(copies), checks=tuple(checks), life=draw(st.sampled_from(LIVES)), sequence=7
    )
    return assess(shop, evidence, draw(st.sampled_from(NOWS)))


def _copy(kinds: list[str], of: CriticalProcess, repository: str) -> Copy:
    """Records newest first, holding all paths of the process but where a history says otherwise."""
    made = sorted((PAST[kind]() for kind in kinds), key=lambda one: one.started, reverse=True)
    held = [
        replace(one, paths=of.paths)
        if isinstance(one, SnapshotRecord) and one.paths == snapshot().paths
        else one
        for one in made
    ]
    return copy(*held, name=of.name, repository=repository)
