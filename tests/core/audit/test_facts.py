"""What the checklist asks about: the drills that count, and what no record can ever show."""

from pathlib import Path

from agent.core.audit.facts import NEVER_MET
from agent.core.audit.texts import checklist_text
from support.builders.audit_year import START, items, promising, weekly
from support.builders.shop import config, process


def test_what_readiness_cannot_know_is_unknown_however_good_the_records(tmp_path: Path) -> None:
    found = items(tmp_path, weekly, first=promising())

    assert [found[number].state for number in NEVER_MET] == ["unknown"] * len(NEVER_MET)
    said = "No record can show 5, 12, 14, 16, 17, 18, 19 and 20, so they are never met: ask what"
    assert said in " ".join(checklist_text([*found.values()]).split())


def test_a_process_without_any_test_keeps_a_question_open(tmp_path: Path) -> None:
    two = config(process(), process("mail"))
    found = items(tmp_path, weekly, first=two)

    assert (found[8].state, found[8].why) == ("unknown", "No drill of mail came to a result in the period.")


def test_a_drill_that_could_not_be_made_is_no_result(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: shop.run(START, "not_tested"), first=promising())

    assert (found[15].state, found[15].why) == ("unknown", "No drill came to a result in the period.")
    assert (found[6].state, found[6].records) == ("unknown", ())
