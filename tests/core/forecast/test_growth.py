"""Growth: a trend beyond doubt that will make a recovery too long within thirty days, and nothing else."""

from agent.core.model.records import Verdict
from support.builders.shop import GIB, codes, drill, judged, process, snapshot

READY = Verdict.READY


def growing(factor: float, days: int = 10) -> list:
    """One snapshot a day that is `factor` times the one before; the newest has 1 GiB."""
    return [snapshot(1 + 24 * n, bytes=int(GIB / factor**n)) for n in range(days)]


def test_growth_that_breaks_the_objective_within_thirty_days_is_at_risk() -> None:
    judgement = judged(*growing(1.05), drill(), of=process(rto=900))
    assert codes(judgement) == ["growth"]
    assert "from about Thursday 3 December on" in judgement.reasons[0].sentence


def test_growth_that_breaks_the_objective_later_is_not() -> None:
    assert judged(*growing(1.05), drill(), of=process(rto=600 * 5)).verdict == READY


def test_growth_in_files_counts_like_growth_in_bytes() -> None:
    records = [snapshot(1 + 24 * n, files=int(1000 / 1.05**n)) for n in range(10)]
    assert codes(judged(*records, drill(), of=process(rto=900))) == ["growth"]


def test_two_sizes_make_no_trend() -> None:
    assert judged(*growing(1.05, days=2), drill(), of=process(rto=900)).verdict == READY


def test_sizes_within_a_day_make_no_trend() -> None:
    records = [snapshot(1 + n, bytes=int(GIB / 1.2**n)) for n in range(10)]
    assert judged(*records, drill(), of=process(rto=900)).verdict == READY


def test_one_big_import_is_no_trend() -> None:
    records = [snapshot(1 + 24 * n, bytes=GIB if n < 2 else GIB // 2) for n in range(10)]
    assert judged(*records, drill(), of=process(rto=900)).verdict == READY


def test_shrinking_is_no_risk() -> None:
    assert judged(*growing(0.9), drill(), of=process(rto=900)).verdict == READY
