"""What a record keeps of the config: the promises, in seconds, and no secret and no address."""

from typing import Any

from msgspec.json import encode
from msgspec.structs import replace

from agent.core.configuration.config import Rhythm, Step
from agent.core.model.config_record import ConfigRecord, PromisedProcess, config_to_note, rhythm_words
from support.builders.shop import DAY, HOUR, config, process


def noted(**changes: Any) -> PromisedProcess:
    record = config_to_note(config(process(**changes)), [])
    assert record is not None
    return record.processes[0]


def test_the_objectives_are_kept_as_they_stand() -> None:
    found = noted(rto=9 * HOUR, rpo=HOUR, mtd=2 * DAY, max_proof_age=DAY, tier=3, owner="the boss")

    assert (found.rto, found.rpo, found.mtd, found.max_proof_age) == (9 * HOUR, HOUR, 2 * DAY, DAY)
    assert (found.tier, found.owner) == (3, "the boss")


def test_the_steps_of_people_are_kept_as_seconds() -> None:
    assert noted(steps=(Step("printer", 30), Step("dns", 15))).steps == 45 * 60


def test_paths_patterns_and_proofs_are_only_counted() -> None:
    found = noted(paths=("/srv/a", "/srv/b"), exclude=("*.tmp",), vital=("/srv/a/x", "/srv/a/y", "/srv/a/z"))

    assert (found.paths, found.excludes, found.vital, found.proofs) == (2, 1, 3, 1)


def test_a_rhythm_is_kept_for_people_and_for_programs() -> None:
    weekly, monthly = noted(drill=Rhythm(every=7 * DAY)), noted(drill=Rhythm(cron="30 2 1 * *"))

    assert (weekly.drill, weekly.drill_every, weekly.drill_cron) == ("every 7 d", 7 * DAY, "")
    assert (monthly.drill, monthly.drill_every, monthly.drill_cron) == (
        "by cron 30 2 1 * *",
        None,
        "30 2 1 * *",
    )
    assert rhythm_words(Rhythm(every=90 * 60)) == "every 1 h 30 min"


def test_only_what_the_newest_record_does_not_say_is_noted() -> None:
    first = config_to_note(config(), [])
    assert isinstance(first, ConfigRecord)
    changed = config(process(rto=9 * HOUR))

    assert config_to_note(config(), [first]) is None
    assert config_to_note(changed, [first]) is not None
    assert config_to_note(config(), [replace(first, sha256="other"), first]) == first, "it was changed back"


def test_no_path_address_or_password_file_is_kept() -> None:
    record = config_to_note(config(process(exclude=("/srv/orders/secret",))), [])

    written = encode(record)
    assert b"primary" in written
    assert not [word for word in (b"/mnt", b"/srv", b"/etc", b"password") if word in written]
