"""The report in words: the answer first, what was not tested, and nothing that could harm a reader."""

import json
from datetime import timedelta

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from agent.adapters.rendering.html import html_report
from agent.adapters.rendering.text import forecast_screen, status_screen, text_report
from agent.core.configuration.config import Step
from agent.core.model.records import DrillFiles, ProofResult
from agent.core.report.forecast import forecast
from agent.core.report.report import build
from agent.core.report.views import Report
from agent.core.text.layout import columns
from agent.core.verdict.judgement import Assessment
from support.builders.pages import Page
from support.builders.shop import GIB, HOUR, NOW, assessed, config, copy, drill, process, snapshot, wrong

HOSTILE = "<script>alert(1)</script>\u202egpj.exe\n\x1b[31mREADY\x1b[0m \udcff'\"&amp;" + "x" * 5000


def report(*records, of=None, audience="auditor", more=(), repositories=("primary",)) -> Report:
    shop = config(of or process(), repositories=repositories)
    return build(assessed(copy(*records), *more, shop=shop), audience)


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


def healthy() -> Report:
    return report(snapshot(), drill())


# ---- the answer -----------------------------------------------------------------------------


def test_ready_says_when_everything_would_be_back_and_how_that_compares() -> None:
    assert healthy().state == "READY"
    assert healthy().answer == "Everything critical would be back by Friday 17:10, well before Monday 08:00."


def test_what_cannot_be_restored_is_not_said_to_lose_only_some_hours() -> None:
    text = status_screen(report(snapshot(0.2), snapshot(), drill(0.5, "failed"), drill(60)))
    (row,) = [line for line in text.splitlines() if line.startswith("orders ")]
    assert row.endswith("unknown (aim 24 h)  unknown (aim 2 h)")


def test_what_was_never_measured_is_not_a_part_of_what_is_promised() -> None:
    for words in (status_screen(report()), text_report(report()), Page(html_report(report())).words):
        assert "unknown (aim 24 h)" in words
        assert "everything (aim 2 h)" in words
    assert "10 min of 24 h" in status_screen(healthy())


def test_hardly_before_opening_is_not_called_well_before() -> None:
    slow = process(rto=100 * HOUR, steps=(Step("rebuild", 60 * 60),))
    assert report(snapshot(), drill(), of=slow).answer.endswith("by Monday 05:10, before Monday 08:00.")


def test_at_risk_says_that_it_would_work_and_what_is_slipping() -> None:
    found = report(snapshot(same_device=True), drill())
    assert found.state == "AT RISK"
    assert (
        "back by Friday 17:10, well before Monday 08:00, but it is slipping. orders: The only" in found.answer
    )


def test_not_ready_says_the_worst_reason_first() -> None:
    found = report(snapshot(same_device=True), drill(outcome="failed"))
    assert found.state == "NOT READY"
    assert found.answer.startswith("orders: The drill from primary on Wednesday 12:30, 30 min ago, failed: ")


def test_unknown_never_promises_anything() -> None:
    found = report()
    assert (found.state, found.answer) == (
        "UNKNOWN",
        "Nobody can say. orders: No snapshot has been taken yet.",
    )


def test_a_window_that_has_begun_is_spoken_of_in_the_past() -> None:
    weekend = timedelta(days=3)
    records = [
        replace(r, started=r.started + weekend, snapshot_at=NOW + weekend) for r in (snapshot(), drill())
    ]
    found = build(assessed(copy(*records), shop=config(), now=NOW + weekend))
    assert found.answer.startswith("Everything critical would have been back by Friday 17:10")


def test_what_to_do_first_is_one_thing() -> None:
    assert report().first == "orders: Run: readiness snapshot orders"
    assert healthy().first == ""


def test_what_several_processes_have_in_common_is_said_once_with_one_command_for_all() -> None:
    shop = config(process(), process("mail"))
    found = build(assessed(copy(snapshot()), copy(snapshot(paths=()), name="mail"), shop=shop))
    line = next(line for line in found.reasons if line.code == "never-proven")
    assert (line.process, line.hint) == ("mail and orders", "Run: readiness drill mail orders")


def test_a_line_tells_what_was_measured_of_what_was_promised() -> None:
    line = healthy().processes[0]
    assert (line.proven, line.takes, line.takes_promised) == ("Wednesday 12:30", "10 min", "24 h")
    assert (line.loses, line.loses_promised, line.back) == ("1 h", "2 h", "Friday 17:10")


def test_an_extrapolated_time_is_marked() -> None:
    assert report(snapshot(), drill(share=0.5, bytes=GIB // 2)).processes[0].takes.startswith("~")


def test_a_proof_long_ago_has_its_date() -> None:
    assert report(snapshot(), drill(240)).processes[0].proven == "15 Nov 2026"


# ---- what was not tested --------------------------------------------------------------------


def untested(*records, **changes) -> list[str]:
    return [fact.text for fact in report(*records, **changes).not_tested]


def test_a_report_always_says_that_another_machine_was_not_tried() -> None:
    assert "Everything was restored on this machine." in untested(snapshot(), drill())[-1]


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (drill(share=0.3, bytes=GIB // 3), "Only 30 % of its entries were drilled"),
        (drill(files=DrillFiles(moving=3)), "3 files changed while the snapshot was taken"),
        (
            drill(proofs=(ProofResult(name="sound", outcome="not_tested", seconds=0),)),
            "Not run in the newest drill",
        ),
        (drill(isolation=("user", "without no-network")), "without these walls around them: no-network."),
        (drill(outcome="failed"), "Nothing of it has a restore that counts as proven."),
    ],
)
def test_what_a_drill_left_out_is_said(record, sentence: str) -> None:
    assert any(sentence in text for text in untested(snapshot(), record))


def test_steps_by_people_are_called_declared_and_not_measured() -> None:
    texts = untested(snapshot(), drill(), of=process(steps=(Step("dns", 20), Step("printer", 25))))
    assert "2 steps by people (45 min): declared, not measured." in texts


def test_excluded_paths_are_named() -> None:
    assert any(
        "/srv/orders/cache" in text for text in untested(snapshot(excluded=("/srv/orders/cache",)), drill())
    )


def test_a_missing_plan_b_is_said() -> None:
    assert healthy().plan_b == "None: only one repository is configured."


def test_a_plan_b_says_what_it_proves() -> None:
    found = report(
        snapshot(), drill(), more=(copy(snapshot(), repository="away"),), repositories=("primary", "away")
    )
    assert found.plan_b == "away: orders not proven, up to date."


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


def test_the_auditor_reads_the_evidence_for_every_copy() -> None:
    facts = {fact.label: fact.text for fact in healthy().evidence[0].facts}
    assert facts["Snapshot"] == "00000000, Wednesday 12:00"
    assert facts["Holds"] == "1,000 files, 1.0 GiB"
    assert facts["Rung"] == "L5: files are equal and the application's data is proven"
    assert facts["Proof"] == "the orders are sound - passed"


def test_the_auditor_reads_the_newest_full_drill_behind_a_sample() -> None:
    found = report(snapshot(), drill(0.2, share=0.1, bytes=GIB // 10), drill(0.5))
    drills = [fact.text.split(",")[0] for fact in found.evidence[0].facts if fact.label == "Drill"]
    assert drills == ["sample of 10 %", "full"]


def test_every_report_carries_the_ledger_s_head() -> None:
    assert healthy().seal == "record 7, ab12ab12ab12ab12"
    assert all("ab12ab12ab12ab12" in text for text in (text_report(healthy()), html_report(healthy())))


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


def test_wide_characters_count_twice() -> None:
    assert (columns("注文"), columns("e\u0301"), columns("orders")) == (4, 1, 6)


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


def test_the_forecast_is_told_line_by_line() -> None:
    screen = forecast_screen(forecast(assessed(copy(snapshot(), drill()), shop=config())))
    assert screen.startswith("Everything critical would be back by Friday 17:10, well before Monday 08:00.")
    assert "orders   10 min   none    Friday 17:10  Saturday 17:00  yes" in screen


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


def test_what_cannot_be_restored_now_is_promised_for_no_time() -> None:
    shop = config(process(), process("web"))
    failed = copy(snapshot(), drill(0.2, "failed"), drill(20))
    found = assessed(failed, copy(snapshot(), drill(), name="web"), shop=shop)
    orders = next(line for line in build(found).processes if line.process == "orders")
    assert (orders.state, orders.takes, orders.back) == ("NOT READY", "unknown", "unknown")
    told = forecast(found)
    assert told.answer == "When everything is back is not known: the measured copy of orders is bad now."
    assert [(one.process, one.back == "unknown", one.in_time) for one in told.lines] == [
        ("orders", True, "unknown"),
        ("web", False, "yes"),
    ]


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
