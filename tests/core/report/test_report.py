"""The report in words: the answer first, what was not tested, and nothing that could harm a reader."""

import json

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from agent.adapters.rendering.html import html_report
from agent.adapters.rendering.text import status_screen, text_report
from agent.core.model.drills import ProofResult
from agent.core.report.report import build
from agent.core.report.views import Report
from agent.core.text.layout import columns
from agent.core.verdict.judgement import Assessment
from support.builders.pages import Page, healthy, report
from support.builders.shop import HOUR, assessed, config, copy, drill, process, snapshot, wrong

HOSTILE = "<script>alert(1)</script>\u202egpj.exe\n\x1b[31mREADY\x1b[0m \udcff'\"&amp;" + "x" * 5000


def hostile() -> Report:
    """Names, messages and output that mean harm, wherever a report may show them."""
    bad = replace(wrong("file-damaged"), message=HOSTILE, hint=HOSTILE, path=HOSTILE)
    proof = ProofResult(name=HOSTILE, outcome="failed", seconds=1, message=HOSTILE, output=HOSTILE)
    records = [
        snapshot(excluded=(HOSTILE,)),
        drill(0.2, "failed", findings=(bad,), proofs=(proof,), isolation=(f"without {HOSTILE}",)),
        drill(0.6, of=1.2, proofs=(proof,), statement=HOSTILE, restic=HOSTILE, rung=HOSTILE),
    ]
    shop = config(process(promise=HOSTILE, owner=HOSTILE))
    shop = replace(shop, business=replace(shop.business, name=HOSTILE))
    return build(assessed(copy(*records), shop=shop), "auditor")


# ---- the answer -----------------------------------------------------------------------------


def test_what_cannot_be_restored_is_not_said_to_lose_only_some_hours() -> None:
    text = status_screen(report(snapshot(0.2), snapshot(), drill(0.5, "failed"), drill(60)))
    (row,) = [line for line in text.splitlines() if line.startswith("orders ")]
    assert row.endswith("unknown (aim 24 h)  unknown (aim 2 h)")


# ---- who reads it ---------------------------------------------------------------------------


def test_the_owner_is_spared_findings_methods_and_evidence() -> None:
    found = report(snapshot(), drill(outcome="failed"), audience="owner")
    assert (found.findings, found.methods, found.evidence) == ((), (), ())
    assert found.not_tested


def test_the_admin_reads_findings_and_methods() -> None:
    found = report(snapshot(), drill(outcome="failed"), audience="admin")
    assert [line.code for line in found.findings] == ["file-damaged"]
    assert found.methods
    assert found.evidence == ()


# ---- plain text -----------------------------------------------------------------------------


@pytest.mark.parametrize("render", [status_screen, text_report])
def test_the_first_line_of_text_starts_with_the_answer(render) -> None:
    assert render(healthy()).startswith("READY - Everything critical would be back by Friday 17:10")


@pytest.mark.parametrize("render", [status_screen, text_report])
@pytest.mark.parametrize("found", [healthy, report, hostile])
def test_no_line_of_text_is_wider_than_80_columns(render, found) -> None:
    assert max(columns(line) for line in render(found()).splitlines()) <= 80


@pytest.mark.parametrize("render", [status_screen, text_report])
def test_text_cannot_move_a_cursor_or_reorder_words(render) -> None:
    text = render(hostile())
    assert all(char == "\n" or char.isprintable() for char in text)
    text.encode("utf-8")


def test_a_name_too_wide_for_the_table_turns_it_into_lines() -> None:
    screen = status_screen(report(snapshot(), drill(), of=process(promise="", name="orders")))
    assert "process  state" in screen
    long = process("o" * 60)
    found = build(assessed(copy(snapshot(paths=()), drill(), name=long.name), shop=config(long)))
    assert f"{long.name}\n  state: READY\n" in status_screen(found)


def test_the_status_names_no_more_than_five_reasons() -> None:
    shop = config(*(process(f"p{n}", rto=HOUR + n, rpo=n + 1) for n in range(9)))
    copies = [copy(snapshot(1, paths=()), name=f"p{n}") for n in range(9)]
    screen = status_screen(build(assessed(*copies, shop=shop)))
    assert "more: readiness report" in screen
    assert screen.count("NOT READY  p") == 5


# ---- HTML -----------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = Page(html_report(hostile()))
    assert page.loads == []
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)


def test_hostile_text_stays_text() -> None:
    page = Page(html_report(hostile()))
    assert "<script>alert(1)</script>\\u202egpj.exe\\x0a\\x1b[31mREADY" in page.words


def test_the_state_is_a_word_and_not_only_a_colour() -> None:
    page = Page(html_report(report(snapshot(), drill(outcome="failed"))))
    assert page.words.count("NOT READY") >= 3


def test_the_page_has_one_heading_and_a_table_whose_cells_are_named() -> None:
    text = html_report(healthy())
    page = Page(text)
    assert page.tags.count("h1") == 1
    assert text.count('scope="col"') == 6
    assert text.count('scope="row"') == 1
    assert '<html lang="en">' in text


def test_text_html_and_json_say_the_same() -> None:
    found = report(snapshot(same_device=True), drill())
    words = " ".join(Page(html_report(found)).words.split())
    text = " ".join(text_report(found).split())
    for sentence in (found.answer, found.first, found.plan_b, *(line.hint for line in found.reasons)):
        assert sentence in words
        assert sentence in text
    assert json.loads(json.dumps(to_builtins(found)))["answer"] == found.answer


def test_a_report_of_any_state_can_be_rendered() -> None:
    cases: list[Assessment] = [
        assessed(shop=config()),
        assessed(shop=replace(config(), processes=())),
        assessed(copy(snapshot(outcome="not_tested"), drill(outcome="not_tested")), shop=config()),
    ]
    for case in cases:
        for audience in ("owner", "admin", "auditor"):
            found = build(case, audience)  # type: ignore[arg-type]
            assert text_report(found)
            assert html_report(found)


def test_a_business_without_a_name_is_still_asked_about() -> None:
    shop = config()
    nameless = replace(shop, business=replace(shop.business, name=""))
    page = html_report(build(assessed(copy(snapshot(), drill()), shop=nameless)))
    assert "Could the business recover" in Page(page).words
    assert "<title>READY</title>" in page


def test_the_answer_stands_before_the_question_and_what_to_do_has_its_label_without_any_style() -> None:
    page = html_report(report(snapshot(), drill(0.2, "failed"), drill(20)))
    words = " ".join(Page(page).words.partition("</style>")[2].split() or Page(page).words.split())
    assert words.index("NOT READY") < words.index("Could Harbour Lane") < words.index("Do first")
    assert "To do: Mend" in words
