"""The texts of an auditor's bundle: short enough to read, and harmless in a spreadsheet."""

from agent.core.audit.records import Item
from agent.core.audit.texts import WIDTH, checklist_text, scope_text, table
from agent.core.report.views import Fact


def test_of_many_records_the_first_twelve_are_named() -> None:
    def said(count: int) -> str:
        item = Item(number=1, question="Is it", state="met", why="So.", records=tuple(range(1, count + 1)))
        return " ".join(checklist_text([item]).split()).partition("So. ")[2]

    assert said(1) == "Record 1."
    assert said(12) == "Records 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12."
    assert said(14) == "Records 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more."


def test_how_many_were_met_stands_above_everything() -> None:
    items = [Item(number=1, question="Is it", state=state, why="So.") for state in ("met", "met", "unknown")]

    assert checklist_text(items).startswith("2 met, 0 not met, 1 unknown.\n")


def test_what_was_not_tested_is_wrapped_and_loses_nothing() -> None:
    text = scope_text([Fact("orders", "word " * 40), Fact("everything", "Nothing else.")], "Wednesday")

    assert text.startswith("NOT TESTED, as of Wednesday\n\n  orders: word")
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.count("word") == 40
    assert text.endswith("  everything: Nothing else.\n")


def test_no_cell_of_the_table_can_be_taken_for_a_formula() -> None:
    for sign in "=+-@":
        assert table(["name"], [{"name": f"{sign}cmd"}]).split("\r\n")[1] == f"'{sign}cmd"
    assert table(["name"], [{"name": "'=cmd"}]).split("\r\n")[1] == "''=cmd"


def test_a_cell_with_marks_in_it_is_one_cell_and_one_that_is_not_known_is_empty() -> None:
    row = {"a": 'say "x", y', "b": None, "c": 0}

    assert table(["a", "b", "c"], [row]) == 'a,b,c\r\n"say ""x"", y",,0\r\n'
