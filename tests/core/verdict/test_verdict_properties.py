"""What must hold of the verdict whatever the records are."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.evidence.evidence import Copy
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Verdict
from agent.core.model.snapshots import SnapshotRecord
from agent.core.verdict.judgement import badness
from support.builders.shop import GIB, NOW, codes, copy, drill, judged, process, snapshot, wrong

outcomes = st.sampled_from(["passed", "passed", "failed", "not_tested"])
ages = st.floats(0.2, 400)  # hours
finding_lists = st.lists(
    st.sampled_from(["repository-missing", "file-damaged", "wrong-password", "restic-complained"]).map(wrong),
    max_size=2,
).map(tuple)


@st.composite
def snapshots(draw: st.DrawFn, age: float) -> SnapshotRecord:
    outcome = draw(outcomes)
    size = draw(st.integers(1, 4 * GIB))
    found = draw(finding_lists) if outcome != "passed" else ()
    return snapshot(age, outcome, bytes=size, same_device=draw(st.booleans()), findings=found)


@st.composite
def drills(draw: st.DrawFn, age: float) -> DrillRecord:
    share = draw(st.sampled_from([1.0, 1.0, 0.5, 0.1]))
    of = age + draw(st.floats(0, 300))
    return drill(age, draw(outcomes), of=of, share=share, bytes=int(GIB * share))


@st.composite
def copies(draw: st.DrawFn, repository: str = "primary") -> Copy:
    taken = [draw(snapshots(age)) for age in sorted(draw(st.lists(ages, max_size=5)))]
    tried = [draw(drills(age)) for age in sorted(draw(st.lists(ages, max_size=5)))]
    return copy(*taken, *tried, repository=repository)


def bad(*held: Copy, now: object = NOW) -> int:
    return badness(judged(more=held, now=now).verdict)  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(copies(), copies("plan-b"))
def test_a_newer_failed_drill_never_improves_a_verdict(first: Copy, second: Copy) -> None:
    worse = copy(*first.snapshots, drill(0, "failed"), *first.drills)
    assert bad(worse, second) >= bad(first, second)
    assert bad(worse, second) == badness(Verdict.NOT_READY)


@settings(max_examples=300, deadline=None)
@given(copies(), copies("plan-b"))
def test_a_newer_drill_that_could_not_be_made_never_improves_a_verdict(first: Copy, second: Copy) -> None:
    later = copy(*first.snapshots, drill(0, "not_tested"), *first.drills)
    assert bad(later, second) >= bad(first, second)


@settings(max_examples=300, deadline=None)
@given(copies(), copies("plan-b"), st.floats(0, 1000))
def test_time_that_passes_without_records_never_improves_a_verdict(
    first: Copy, second: Copy, hours: float
) -> None:
    assert bad(first, second, now=NOW + timedelta(hours=hours)) >= bad(first, second)


@settings(max_examples=300, deadline=None)
@given(copies())
def test_ready_means_a_pass_that_counts_and_no_reason(held: Copy) -> None:
    judgement = judged(more=(held,))
    assert (judgement.verdict == Verdict.READY) == (not judgement.reasons)
    if judgement.verdict == Verdict.READY:
        assert judgement.rpo.met
        assert judgement.rto.met
        assert any(record.outcome == "passed" for record in held.drills)
        assert held.drills[0].outcome == "passed"
        assert held.snapshots[0].outcome == "passed"


@settings(max_examples=200, deadline=None)
@given(copies())
def test_a_fresh_snapshot_and_a_full_pass_of_it_clear_everything_but_the_device(held: Copy) -> None:
    healed = copy(snapshot(0), *held.snapshots, drill(0, of=0), *held.drills)
    assert codes(judged(more=(healed,), of=process(rto=10**9))) in ([], ["growth"])


@settings(max_examples=200, deadline=None)
@given(copies(), copies("plan-b"))
def test_a_copy_on_the_data_s_own_device_never_hides_what_another_lacks(first: Copy, second: Copy) -> None:
    """A verdict is READY only when some copy is by itself fresh, proven and elsewhere."""
    judgement = judged(more=(first, second))
    if judgement.verdict == Verdict.READY:
        assert any(one.current and one.good and not one.same_device for one in judgement.standings)
