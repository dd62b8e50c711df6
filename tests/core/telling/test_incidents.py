"""Incidents: each trouble one story, from when it was seen first until a drill proved it mended."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from agent.core.evidence.evidence import Evidence, Standing
from agent.core.model.notices import IncidentRecord
from agent.core.model.records import Entry, Verdict
from agent.core.telling.concerns import Concern, topic_of
from agent.core.telling.incidents import Incident, happenings, incidents, unproven
from agent.core.verdict.judgement import Assessment
from agent.core.verdict.verdict import assess
from support.builders.shop import NOW, config, copy, drill, snapshot

LATER = timedelta(hours=1)


def judged(*copies: Any, **more: Any) -> Assessment:
    return assess(more.get("config") or config(), Evidence(copies=copies, sequence=9, head="ab" * 32), NOW)


class Story:
    """A ledger of incidents alone, and what is wrong at each moment."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.now = NOW - timedelta(days=3)  # drills of the future prove nothing
        self.told: set[int] = set()
        self.standings: dict[str, Sequence[Standing]] = {"orders": standings()}

    def round(self, *wrong: Concern, after: timedelta = LATER) -> list[str]:
        self.now += after
        found = list(happenings(wrong, self.incidents, self.told, self.standings, self.now))
        for record in found:
            entry = Entry(sequence=len(self.entries) + 10, at=self.now, body=record, hash="")
            self.entries.append(entry)
        return [record.happening for record in found]

    @property
    def incidents(self) -> tuple[Incident, ...]:
        return incidents(self.entries)

    @property
    def newest(self) -> Incident:
        return self.incidents[-1]


def standings(*records: Any, repository: str = "primary") -> tuple[Standing, ...]:
    (found,) = judged(copy(*records, repository=repository)).judgements
    return found.standings


def concern(code: str = "drill-failed", severity: Any = 1, **changes: Any) -> Concern:
    usual = Concern(
        key=f"{topic_of(code)}|orders|primary",
        severity=severity,
        verdict=Verdict.NOT_READY,
        code=code,
        processes=("orders",),
        repository="primary",
        sentence="It is so.",
        hint="Mend it.",
    )
    return replace(usual, **changes)


def test_what_is_wrong_opens_one_incident_and_no_second() -> None:
    story = Story()
    assert story.round(concern()) == ["opened"]
    assert story.round(concern()) == []
    assert story.newest.name == "F-10"


def test_the_stages_of_one_trouble_make_one_story() -> None:
    story = Story()
    failing = concern("snapshot-failing", severity=2, verdict=Verdict.AT_RISK)
    story.round(failing)
    assert story.round(concern("snapshot-stale", severity=2)) == ["changed"]
    assert (story.newest.code, story.newest.worse) == ("snapshot-stale", story.now)
    worse = story.now
    assert story.round(failing) == ["changed"]
    assert story.newest.worse == worse


def test_what_nobody_heard_of_closes_when_it_is_gone() -> None:
    story = Story()
    story.round(concern())
    assert story.round() == ["closed"]


def test_what_was_told_closes_only_when_a_drill_has_passed_since() -> None:
    story = Story()
    story.round(concern())
    story.told.add(10)
    assert story.round() == ["gone"]
    assert story.round() == []
    passed = drill(0, started=story.now)
    story.standings["orders"] = standings(passed)
    assert standings(passed)[0].proofs
    assert story.round() == ["closed"]


def test_a_drill_of_before_proves_nothing() -> None:
    story = Story()
    story.standings["orders"] = standings(drill(80))
    story.round(concern())
    story.told.add(10)
    assert story.round() == ["gone"]


def seen(key: str, repository: str = "", *, gone: float | None = None) -> Incident:
    """An incident that began two hours ago, and is gone since so many hours."""
    begun = IncidentRecord(
        key=key,
        incident=0,
        happening="opened",
        started=NOW - timedelta(hours=2),
        severity=2,
        verdict="NOT_READY",
        code="x",
        processes=("orders",),
        repository=repository,
    )
    records = [Entry(sequence=1, at=NOW, body=begun, hash="")]
    if gone is not None:
        ended = replace(begun, happening="gone", incident=1, started=NOW - timedelta(hours=gone))
        records.append(Entry(sequence=2, at=NOW, body=ended, hash=""))
    return incidents(records)[0]


def test_where_snapshots_were_missing_the_drill_has_to_be_of_a_new_one() -> None:
    one = seen("snapshot|orders|", gone=0.7)
    assert unproven(one, {"orders": standings(drill(0.5, of=3))}) == ("orders",)
    assert unproven(one, {"orders": standings(drill(0.5, of=1))}) == ()


def test_a_drill_that_passed_while_it_was_still_bad_proves_nothing() -> None:
    damaged = seen("repository-damaged||primary", "primary", gone=0.7)
    assert unproven(damaged, {"orders": standings(drill(1))}) == ("orders",)
    assert unproven(damaged, {"orders": standings(drill(0.5))}) == ()


def test_another_process_that_is_not_proven_keeps_nothing_open() -> None:
    one = seen("drill|orders|primary", "primary")
    assert unproven(one, {"orders": standings(drill(1)), "shop": standings(drill(9))}) == ()


def test_a_trouble_of_the_whole_business_is_proven_by_any_process() -> None:
    one = replace(seen("clock||", gone=1.5), processes=())
    assert unproven(one, {"orders": standings(drill(1)), "shop": standings(drill(9))}) == ()
    assert unproven(one, {"orders": standings(drill(9)), "shop": standings(drill(9))}) == ("orders",)


def test_what_a_drill_found_a_drill_ends() -> None:
    assert unproven(seen("drill|orders|primary", "primary"), {"orders": standings(drill(1))}) == ()


def test_the_drill_has_to_be_from_the_copy_that_was_bad() -> None:
    one = seen("drill|orders|planb", "planb")
    two = config(repositories=("primary", "planb"))
    first, second = copy(drill(0.5)), copy(repository="planb")
    assert unproven(one, {"orders": judged(first, second, config=two).judgements[0].standings}) == ("orders",)
    proven = judged(first, copy(drill(0.5), repository="planb"), config=two)
    assert unproven(one, {"orders": proven.judgements[0].standings}) == ()


def test_what_comes_back_before_it_was_proven_is_the_same_incident() -> None:
    story = Story()
    story.round(concern())
    story.told.add(10)
    story.round()
    assert story.round(concern()) == ["back"]
    assert (story.newest.name, story.newest.gone, story.newest.since) == ("F-10", None, story.now)


def test_what_comes_again_later_is_a_new_incident_that_knows_of_the_old_one() -> None:
    story = Story()
    story.round(concern())
    story.round()
    closed = story.now
    assert story.round(concern()) == ["opened"]
    assert [one.closed for one in story.newest.before] == [closed]


def test_what_comes_and_goes_all_day_has_to_stay_away_for_a_day() -> None:
    story = Story()
    for _ in range(3):
        story.round(concern())
        story.told.add(10)
        story.round()
    assert story.newest.flaps(story.now)
    story.standings["orders"] = standings(drill(0, started=story.now))
    assert story.round() == []
    assert story.round(after=timedelta(days=1)) == ["closed"]


def test_what_comes_every_night_stays_one_story_though_it_is_back_minutes_later_than_three_days_ago() -> None:
    story = Story()
    story.now -= timedelta(days=5)
    failing = concern("snapshot-failing", 2)
    for _ in range(3):
        story.round(failing, after=timedelta(hours=13))
        story.round(after=timedelta(hours=11))
    assert story.round(failing, after=timedelta(hours=13)) == ["opened"]
    story.told.add(story.newest.number)
    for _ in range(3):
        assert story.round(after=timedelta(hours=11)) == ["gone"]
        passed = snapshot(0, snapshot_at=story.now), drill(0, started=story.now, snapshot_at=story.now)
        story.standings["orders"] = standings(*passed)
        assert story.round(after=timedelta(hours=13, minutes=-1)) == []
        assert story.newest.changes(story.now + timedelta(minutes=9)) < 3
        assert story.round(after=timedelta(minutes=9)) == []
        assert story.round(failing, after=timedelta(minutes=2)) == ["back"]


def test_a_process_that_left_the_config_keeps_nothing_open() -> None:
    story = Story()
    story.round(concern())
    story.told.add(10)
    story.standings.clear()
    assert story.round() == ["closed"]


def test_what_gets_worse_and_better_and_as_bad_again_is_no_news() -> None:
    story = Story()
    mild = concern("snapshot-failing", 2, verdict=Verdict.AT_RISK)
    bad = concern("snapshot-stale", 2)
    for each in (mild, bad):
        story.round(each)
    first = story.newest.worse
    assert first == story.now
    for each in (mild, bad):
        assert story.round(each) == ["changed"]
    assert story.newest.worse == first
    story.round(concern("no-good-snapshot", 1))
    assert story.newest.worse == story.now


def test_what_was_about_a_copy_that_is_not_in_the_config_any_more_needs_no_drill() -> None:
    story = Story()
    elsewhere = replace(concern("repository-damaged", 2), repository="planb")
    story.round(elsewhere)
    story.told = {story.newest.number}
    assert story.round() == ["closed"]


def test_what_comes_each_day_flaps() -> None:
    story = Story()
    for _ in range(3):
        story.round(concern("snapshot-failing", 2), after=timedelta(hours=12))
        assert story.round(after=timedelta(hours=12)) == ["closed"]
    assert story.newest.flaps(story.now)
    assert not story.newest.flaps(story.now + timedelta(days=3))
