"""The stable words for everything that can be wrong: one spelling, one severity, one meaning each."""

import re
from typing import get_args

from agent.core.model.findings import CODES, TESTED_AND_BAD, Severity, finding


def test_every_code_is_written_in_small_letters_with_hyphens() -> None:
    assert [code for code in CODES if not re.fullmatch("[a-z]+(-[a-z]+)*", code)] == []


def test_every_code_has_a_severity_and_a_meaning_of_its_own() -> None:
    assert {severity for severity, _ in CODES.values()} == set(get_args(Severity))
    meanings = [meaning for _, meaning in CODES.values()]
    assert len(set(meanings)) == len(meanings)


def test_a_finding_has_the_severity_of_its_code() -> None:
    assert finding("file-damaged", "orders", "It is.").severity == "error"
    assert finding("sparse-expanded", "orders", "It is.").severity == "warning"
    assert finding("no-events", "orders", "It is.").severity == "info"


def test_a_code_that_nobody_knows_becomes_not_tested_and_keeps_its_message() -> None:
    found = finding("oh-no", "orders", "It broke.", "Mend it.", "/srv/x")

    assert (found.code, found.severity) == ("not-tested", "error")
    assert (found.process, found.message, found.hint, found.path) == (
        "orders",
        "It broke.",
        "Mend it.",
        "/srv/x",
    )


def test_what_was_tested_and_is_bad_of_a_repository_is_an_error() -> None:
    assert {CODES[code][0] for code in TESTED_AND_BAD} == {"error"}
    assert "repository-unreachable" not in TESTED_AND_BAD


def test_a_sentence_about_a_very_deep_path_stays_one_that_can_be_read() -> None:
    deep = "/srv/" + "d/" * 1000 + "order.txt"

    found = finding("file-unreadable", "orders", f"{deep} cannot be read.", f"chmod u+r {deep}", deep)

    assert len(found.message) < 230
    assert found.message.startswith("/srv/d/")
    assert found.message.endswith("/order.txt cannot be read.")
    assert (found.path, deep in found.hint) == (deep, True)
