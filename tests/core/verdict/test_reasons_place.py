"""Where the copies lie decides what they outlive; one fact each."""

from typing import Any

import pytest

from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.findings import finding
from agent.core.model.records import Verdict
from agent.core.model.sights import Look
from agent.core.telling.concerns import concerns
from agent.core.verdict.judgement import Judgement
from agent.core.verdict.reasons_place import newest_good
from agent.core.verdict.verdict import assess
from support.builders.shop import NOW, assessed, codes, config, copy, drill, judged, snapshot

READY, AT_RISK = Verdict.READY, Verdict.AT_RISK
OURS = {"place": "same-machine", "same_device": True, "place_reason": "localhost is this machine"}
DISK = {"place": "same-disk", "same_device": True}
MEMORY = {"place": "memory", "same_device": True}
MACHINE = {"place": "same-machine"}
UNKNOWN = {"place": "not-known", "place_reason": "a strange thing"}


def plan_b(**where: Any) -> Copy:
    return copy(snapshot(**where), drill(), repository="planb")


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (DISK, "lies on the same device as the data: one broken disk takes both"),
        (MEMORY, "lies in this machine's memory: gone with the next power cut"),
        (OURS, "localhost is this machine"),
    ],
    ids=["disk", "memory", "address"],
)
def test_the_only_copy_that_is_sure_to_be_lost_with_the_data_is_at_risk(where: Any, says: str) -> None:
    judgement = judged(snapshot(**where), drill())
    assert (judgement.verdict, codes(judgement)) == (AT_RISK, ["repository-same-device"])
    assert says in judgement.reasons[0].sentence


def test_copies_that_are_lost_in_several_ways_are_named_with_each() -> None:
    judgement = judged(snapshot(**DISK), drill(), more=(plan_b(**MEMORY),))
    assert codes(judgement) == ["repository-same-device"]
    assert "(primary: same disk and planb: in memory)" in judgement.reasons[0].sentence


@pytest.mark.parametrize(
    "more", [(), (plan_b(**DISK),), (plan_b(**MACHINE),)], ids=["alone", "disk", "machine"]
)
def test_another_disk_of_this_machine_is_ready_with_a_note(more: Any) -> None:
    judgement = judged(snapshot(**MACHINE), drill(), more=more)
    assert (judgement.verdict, codes(judgement)) == (READY, ["copies-same-machine"])


def test_a_place_that_nobody_could_see_is_said_and_never_green_in_silence() -> None:
    judgement = judged(snapshot(**UNKNOWN), drill())
    assert (judgement.verdict, codes(judgement)) == (READY, ["place-unknown"])
    assert "a strange thing" in judgement.reasons[0].sentence


@pytest.mark.parametrize("first", [DISK, MACHINE, UNKNOWN, {"place": ""}, {"place": "elsewhere"}])
def test_a_copy_elsewhere_leaves_nothing_to_say(first: Any) -> None:
    judgement = judged(snapshot(**first), drill(), more=(plan_b(place="elsewhere"),))
    assert (judgement.verdict, codes(judgement)) == (READY, [])


def test_an_old_record_neither_claims_anything_nor_alarms() -> None:
    assert codes(judged(snapshot(), drill())) == []
    assert codes(judged(snapshot(**MACHINE), drill(), more=(plan_b(),))) == []


def test_notes_on_places_are_for_readers_and_make_no_mail() -> None:
    for where in (MACHINE, UNKNOWN):
        assert concerns(assessed(copy(snapshot(**where), drill()), shop=config())) == ()


def test_only_copies_that_hold_a_good_snapshot_lie_anywhere() -> None:
    judgement = judged(snapshot(0.1, "failed"), snapshot(**DISK), drill(), more=(copy(repository="planb"),))
    assert [one.place for one in newest_good(judgement.standings)] == ["same-disk"]


def test_a_copy_that_is_seen_beside_the_data_now_lies_there_whatever_was_noted() -> None:
    def seen_beside(process: str) -> Judgement:
        found = finding("repository-same-device", process, "It lies on their file system now.")
        held = Evidence(
            copies=(copy(snapshot(**MACHINE), drill()),), looks=(Look("primary", found),), sequence=7
        )
        return assess(config(), held, NOW).judgements[0]

    assert codes(seen_beside("orders")) == ["repository-same-device"]
    assert codes(seen_beside("mail")) == ["copies-same-machine"]
