"""What no drill could compare is not proven: vital paths, and more than a small share of the rest."""

import pytest

from agent.core.model.drills import Compared, DrillRecord, Uncompared, Why
from agent.core.model.records import Verdict
from agent.core.verdict.judgement import Judgement
from support.builders.shop import GIB, codes, drill, judged, process, snapshot

DUMP = "/srv/orders/dump.sql"


def seen(percent: float, why: Why = "moving") -> DrillRecord:
    size = int(percent * GIB / 400)
    left = tuple(Uncompared(f"{DUMP}.{number}", size, why) for number in range(4))
    return drill(compared=Compared(uncompared=left, uncompared_files=4, uncompared_bytes=4 * size))


def the_reason(judgement: Judgement) -> tuple[str, Verdict, str]:
    (reason,) = judgement.reasons
    return reason.code, reason.verdict, reason.sentence


@pytest.mark.parametrize(("share", "found"), [(2, []), (2.1, ["content-not-proven"])])
def test_more_than_a_small_share_that_never_stood_still_is_at_risk(share: float, found: list[str]) -> None:
    assert codes(judged(snapshot(), seen(share))) == found


def test_the_reason_says_how_much_and_names_the_largest() -> None:
    code, verdict, sentence = the_reason(judged(snapshot(), seen(40, "zeros")))
    assert (code, verdict) == ("content-not-proven", Verdict.AT_RISK)
    assert "40 % of the content (409.6 MiB): /srv/orders/dump.sql.0 (102.4 MiB, zero bytes only)," in sentence
    assert sentence.endswith("and 1 more file.")


def test_a_drill_that_met_it_at_rest_ends_it() -> None:
    at_rest = drill(0.2, of=0.3, compared=Compared())
    assert judged(snapshot(), at_rest, seen(40)).verdict == Verdict.READY


def test_records_that_say_nothing_of_content_alarm_nobody() -> None:
    assert judged(snapshot(), drill(), of=process(vital=(DUMP,))).verdict == Verdict.READY


def test_a_vital_path_that_was_never_compared_is_unknown() -> None:
    doubted = drill(compared=Compared(), vital_uncompared=(DUMP,))
    code, verdict, sentence = the_reason(judged(snapshot(), doubted, of=process(vital=(DUMP,))))
    assert (code, verdict) == ("vital-not-proven", Verdict.UNKNOWN)
    assert f"what is vital: {DUMP}." in sentence
    assert judged(snapshot(), doubted).verdict == Verdict.READY, "it is not vital any more"


def test_a_name_cannot_move_the_cursor() -> None:
    hostile = "/srv/\x1b[2J"
    doubted = drill(compared=Compared(), vital_uncompared=(hostile,))
    assert "\x1b" not in the_reason(judged(snapshot(), doubted, of=process(vital=(hostile,))))[2]


def test_what_became_vital_since_the_newest_snapshot_is_at_risk_until_the_next() -> None:
    vital = process(vital=(DUMP,))
    code, verdict, sentence = the_reason(judged(snapshot(vital=()), drill(), of=vital))
    assert (code, verdict) == ("vital-not-covered", Verdict.AT_RISK)
    assert f"{DUMP} became vital" in sentence
    assert judged(snapshot(vital=(DUMP,)), drill(), of=vital).verdict == Verdict.READY
    assert judged(snapshot(vital=()), drill(vital=(DUMP,)), of=vital).verdict == Verdict.READY


def test_a_snapshot_that_does_not_say_what_was_vital_alarms_nobody() -> None:
    assert judged(snapshot(vital=None), drill(), of=process(vital=(DUMP,))).verdict == Verdict.READY
