"""One answer in every output: of any business, none says more than another, or than the docs allow.

Every output is made from the same assessment and read as a person or a script would read it. What may be said
is worked out by an oracle that knows nothing of the program. scripts/endure takes a far larger dose.
"""

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from copy import copy as copy_of
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import agent.adapters.rendering.html
import agent.cli.forecast
import agent.cli.metrics
import agent.cli.report
import agent.cli.status
from agent.adapters.mail.letter import letter_html, letter_text
from agent.adapters.rendering.html import html_report
from agent.adapters.rendering.templates import template
from agent.cli import run
from agent.core.evidence.evidence import WHOLE, Standing, is_whole, taken_at
from agent.core.letters.alarm import alarm_letter
from agent.core.letters.letter import Letter, Table
from agent.core.letters.owner import owner_letter, state_then
from agent.core.model.records import Verdict
from agent.core.report.report import build
from agent.core.report.views import Audience
from agent.core.telling.concerns import concerns
from agent.core.telling.heartbeat import beat
from agent.core.telling.incidents import Incident, News
from agent.core.verdict.judgement import Assessment, Judgement, Reason
from support.answers.claims import (
    ALL_BACK,
    BACK_ONLY,
    OTHER_COPY,
    RESTORED_ELSEWHERE,
    ReportPage,
    samples,
    section,
    tables,
)
from support.answers.ledgers import assessments
from support.answers.oracle import Answer, CopyFacts, Facts, ProcessFacts, Said, Why, answer
from support.builders.shop import assessed, config, copy, drill, snapshot
from support.places import ROOT

EXAMPLES = int(os.environ.get("READINESS_TEST_EXAMPLES") or 300)
OUTPUTS = (
    *("status", "status_exit", "status_json", "status_json_exit", "forecast", "forecast_exit"),
    *("forecast_json", "forecast_json_exit", "metrics", "reports", "report_json", "pages", "owner", "then"),
    *("alarms", "ping"),
)
AUDIENCES: tuple[Audience, ...] = ("owner", "admin", "auditor")
TEMPLATE = cache(template)  # to compile it takes longer than all else
COMMANDS = (agent.cli.status, agent.cli.forecast, agent.cli.report, agent.cli.metrics)


# ---- the facts, as the oracle takes them ------------------------------------------------------


def facts_of(assessment: Assessment) -> Facts:
    wanted = {one.name: one for one in assessment.config.processes}

    def of(judgement: Judgement) -> ProcessFacts:
        process = wanted[judgement.process]
        return ProcessFacts(
            name=process.name,
            tier=process.tier,
            value=process.value_per_hour,
            needs=process.depends_on,
            rto_s=process.rto,
            rpo_s=process.rpo,
            measured_s=judgement.rto.actual_s,
            measured_in=judgement.rto.repository,
            copies=tuple(copy_facts(one, assessment) for one in judgement.standings),
            reasons=tuple(map(why, judgement.reasons)),
        )

    return Facts(
        now=assessment.at,
        closes=assessment.window.closes.astimezone(UTC),
        opens=assessment.window.opens.astimezone(UTC),
        verdict=assessment.verdict.value,
        reasons=tuple(map(why, assessment.reasons)),
        processes=tuple(map(of, assessment.judgements)),
    )


def why(reason: Reason) -> Why:
    return Why(reason.code, reason.verdict.value, reason.repository)


def copy_facts(one: Standing, assessment: Assessment) -> CopyFacts:
    damaged = [check.started for check in assessment.evidence.checks if check.repository == one.repository]
    full = [drill.started for drill in one.current if drill.share >= WHOLE]
    return CopyFacts(
        repository=one.repository,
        newest_good=taken_at(one.good[0]) if one.good else None,
        ever_whole=bool(one.proofs) or any(map(is_whole, one.copy.snapshots)),
        drill_counts=bool(one.current),
        came_back=all(any(began > found for began in full) for found in damaged),
    )


# ---- the outputs -----------------------------------------------------------------------------


class Outputs:
    """Everything that is made from one assessment."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        with answering(assessment):
            self.status, self.status_exit = shown("status")
            self.forecast, self.forecast_exit = shown("forecast")
            status, self.status_json_exit = shown("status", "--json")
            forecast, self.forecast_json_exit = shown("forecast", "--json")
            self.metrics, _ = shown("metrics")
            self.reports = {one: shown("report", "--for", one)[0] for one in AUDIENCES}
            report, _ = shown("report", "--format", "json", "--for", "auditor")
            pages = {one: html_report(build(assessment, one)) for one in AUDIENCES}
        self.status_json, self.forecast_json = json.loads(status), json.loads(forecast)
        self.report_json = json.loads(report)["result"]
        self.pages = {one: ReportPage(page) for one, page in pages.items()}
        self.owner = owner_letter(assessment, None, None, assessment.at)
        self.then = state_then(assessment)
        self.alarms = [alarm_letter(assessment, news) for news in news_of(assessment)]
        self.ping = beat(assessment)

    def words(self) -> Iterator[str]:
        """All of it as running text."""
        letters = [self.owner, *self.alarms]
        yield from (" ".join(text.split()) for text in (self.status, self.forecast, *self.reports.values()))
        yield from (" ".join(page.words.split()) for page in self.pages.values())
        yield from (" ".join(f"{one.subject} {letter_text(one)}".split()) for one in letters)
        yield " ".join(letter_html(self.owner).split())


@contextmanager
def answering(assessment: Assessment) -> Iterator[None]:
    """The commands find this assessment, whatever config and ledger there are."""
    with pytest.MonkeyPatch.context() as patched:
        for command in COMMANDS:
            patched.setattr(command, "assess", lambda config: assessment)
            patched.setattr(command, "load_config", lambda file: assessment.config)
        patched.setattr(agent.adapters.rendering.html, "template", TEMPLATE)
        patched.setattr(agent.cli.status.exposure, "noted_exposures", lambda config: {})
        yield


def shown(*arguments: str) -> tuple[str, int]:
    out = io.StringIO()
    with redirect_stdout(out):
        status = run([*arguments])
    return out.getvalue(), status


def news_of(assessment: Assessment) -> Iterator[News]:
    """Alarms of the worst that is wrong, to each role, and that it is over."""
    for concern in concerns(assessment)[:1]:
        found = Incident(
            number=7,
            key=concern.key,
            severity=concern.severity,
            verdict=concern.verdict,
            code=concern.code,
            processes=concern.processes,
            repository=concern.repository,
            sentence=concern.sentence,
            hint=concern.hint,
            opened=assessment.at,
            since=assessment.at,
        )
        yield News(event="opened", role="admin", incidents=(found,))
        yield News(event="escalated", role="owner", incidents=(found,))
        yield News(event="fixed", role="owner", incidents=(found,))


# ---- what each of them may say ---------------------------------------------------------------


def faults(outputs: Outputs) -> list[str]:
    """Everything in which an output differs from what may be said."""
    may = answer(facts_of(outputs.assessment))
    found = [*of_exits(outputs, may), *of_the_whole(outputs, may), *of_the_ping(outputs, may)]
    found += of_other_copies(outputs, may)
    found += of_status_json(outputs.status_json["result"], may, "status --json")
    found += of_status_json(outputs.report_json["status"], may, "report --format json")
    found += [
        *of_the_stake(outputs, may),
        *of_forecast_json(outputs, may),
        *of_metrics(outputs, may),
        *of_plan_b(outputs, may),
    ]
    for name, said in may.processes.items():
        found += [*of_tables(outputs, name, said), *of_the_owner_s_table(outputs, name, said)]
        found += of_methods(outputs, name, said)
    return found


def differing(where: str, claims: Mapping[str, tuple[Any, Any]]) -> Iterator[str]:
    """`claims`: what is said, and what may be."""
    for key, (claimed, allowed) in claims.items():
        if claimed != allowed:
            yield f"{where}: {key} is {claimed!r}, and should be {allowed!r}"


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def of_exits(outputs: Outputs, may: Answer) -> Iterator[str]:
    yield from differing(
        "exit status",
        {
            "status": (outputs.status_exit, may.exit),
            "status --json": (outputs.status_json_exit, may.exit),
            "its envelope": (outputs.status_json["exit"], may.exit),
            "forecast": (outputs.forecast_exit, may.exit),
            "forecast --json": (outputs.forecast_json_exit, may.exit),
            "that one's envelope": (outputs.forecast_json["exit"], may.exit),
        },
    )


def of_the_whole(outputs: Outputs, may: Answer) -> Iterator[str]:
    """No sentence anywhere says when everything is back, or that another copy helps, but where that holds."""
    for words in outputs.words():
        if ALL_BACK.search(words) and may.all_back is None:
            yield f"a time for all: {words[:300]}"
        for names in BACK_ONLY.findall(words):
            unknown = [name for name in re.findall(r"p\d", names) if may.processes[name].back is None]
            yield from (f"{name} is said to be back only later, of whom nobody knows" for name in unknown)
    in_time = outputs.assessment.verdict in ("READY", "AT_RISK")
    told = (outputs.status, outputs.forecast, *outputs.reports.values())
    missing = [
        text for text in told if may.all_back and in_time and not ALL_BACK.search(" ".join(text.split()))
    ]
    yield from (f"no time for all: {text[:300]}" for text in missing)
    yield from differing("the state in the ledger", {"back": (outputs.then.back, may.all_back)})


def of_other_copies(outputs: Outputs, may: Answer) -> Iterator[str]:
    """That another copy helps is said only where each process that it is said of has one that is proven."""
    failed = [
        judgement.process
        for judgement in outputs.assessment.judgements
        if any(one.code == "drill-failed" for one in judgement.reasons)
    ]
    told = [name for one in concerns(outputs.assessment)[:1] for name in one.processes]

    def helped(names: list[str]) -> bool:
        return bool(names) and all(may.processes[name].proven for name in names)

    for words in outputs.words():
        if OTHER_COPY.search(words) and not helped(failed) and not helped(told):
            yield f"another copy helps: {words[:300]}"
        if RESTORED_ELSEWHERE.search(words) and not helped(told):
            yield f"another copy was restored: {words[:300]}"


def of_the_ping(outputs: Outputs, may: Answer) -> Iterator[str]:
    word = outputs.ping.word if outputs.ping else None
    if word == "success" and not may.may_succeed:
        yield "the watcher hears of a success"
    if word != "success" and may.may_succeed and may.exit == 0:
        yield f"the watcher hears {word} where all is READY"


def of_status_json(found: dict[str, Any], may: Answer, where: str) -> Iterator[str]:
    yield from differing(where, {"all_back_at": (moment(found["all_back_at"]), may.all_back)})
    for row in found["processes"]:
        said, rto, rpo = may.processes[row["process"]], row["rto"], row["rpo"]
        machine = None if said.takes_s is None else said.takes_s - rto["steps_s"]
        yield from differing(
            f"{where}, {row['process']}",
            {
                "back_at": (moment(row["back_at"]), said.back),
                "rto.actual_s": (rto["actual_s"], said.takes_s),
                "rto.machine_s": (rto["machine_s"], machine),
                "rto.met": (rto["met"], said.takes_met),
                "rto.basis": (rto["basis"] == "none", said.takes_s is None),
                "rpo.actual_s": (rpo["actual_s"], said.loses_s),
                "rpo.met": (rpo["met"], said.loses_met),
            },
        )


def of_forecast_json(outputs: Outputs, may: Answer) -> Iterator[str]:
    found = outputs.forecast_json["result"]
    all_of_it = {
        "all_back_at": (moment(found["all_back_at"]), may.all_back),
        "fits": (found["fits"], may.fits),
        "probability": (found["probability"], None),
        "order": ([row["process"] for row in found["processes"]], [*may.processes]),
    }
    yield from differing("forecast --json", all_of_it)
    for row in found["processes"]:
        said = may.processes[row["process"]]
        yield from differing(
            f"forecast --json, {row['process']}",
            {
                "starts_at": (moment(row["starts_at"]), said.starts),
                "back_at": (moment(row["back_at"]), said.back),
                "machine_s": (row["machine_s"] is None, said.takes_s is None),
                "in_time": (row["in_time"], said.in_time),
                "before_opening": (row["before_opening"], said.before_opening),
            },
        )


def of_metrics(outputs: Outputs, may: Answer) -> Iterator[str]:
    found = samples(outputs.metrics)
    for name, said in may.processes.items():
        labels = f'{{process="{name}"}}'
        yield from differing(
            f"metrics, {name}",
            {
                "recovery_time": (found.get(f"readiness_recovery_time_seconds{labels}"), said.takes_s),
                "age": (found.get(f"readiness_recovery_point_age_seconds{labels}"), said.loses_s),
            },
        )


def of_plan_b(outputs: Outputs, may: Answer) -> Iterator[str]:
    """Nobody calls a copy proven that is not."""
    lacking = [name for name, said in may.processes.items() if "planb" not in said.proven]
    proven = len(may.processes) - len(lacking)
    if len(outputs.assessment.config.repositories) < 2 or not may.processes:
        return
    said = build(outputs.assessment, "owner").plan_b
    yield from differing("plan B", {"proven": (" not proven" in said, bool(lacking))})
    yield from differing(
        "plan B", {"some proven": (" proven" in said.replace("not proven", ""), bool(proven))}
    )
    owner = " ".join(letter_text(outputs.owner).split())
    claims = {"everything": not lacking, "nothing": not proven}
    yield from differing(
        "the owner's mail, plan B", {k: (f"{k} proven" in owner, v) for k, v in claims.items()}
    )


def of_tables(outputs: Outputs, name: str, said: Said) -> Iterator[str]:
    """Terminal, HTML and JSON show one line for each process, all the same."""
    back = "Back by"
    rows = {
        "status": tables(outputs.status)[0][name],
        **{f"report for {who}": tables(text)[0][name] for who, text in outputs.reports.items()},
    }
    backs = {
        "forecast": tables(outputs.forecast)[0][name]["back"],
        "report --format json": json_line(outputs, name)["back"],
    }
    title = "BACK BY, IF IT FAILS WHEN THE BUSINESS CLOSES"
    backs |= {f"report for {who}": section(text, title)[name] for who, text in outputs.reports.items()}
    for who, page in outputs.pages.items():
        cells = page.rows[name]
        backs[f"page for {who}"] = cells[back]
        takes, loses = cells["Recovers in"], cells["Would lose now"]
        rows[f"page for {who}"] = {"recovers in": takes, "would lose now": loses}
    for where, row in rows.items():
        yield from differing(
            f"{where}, {name}", {"takes": (is_known(row["recovers in"]), said.takes_s is not None)}
        )
        yield from differing(f"{where}, {name}", {"loses": (loss_in(row["would lose now"]), said.loss)})
    for where, cell in backs.items():
        yield from differing(f"{where}, {name}", {"back": (is_known(cell), said.back is not None)})
        if said.back and not is_at(said.back, cell, outputs):
            yield f"{where}, {name}: back is {cell}, and should be {said.back}"
    row = tables(outputs.forecast)[0][name]
    word = {True: "yes", False: "no", None: "unknown"}[said.in_time]
    yield from differing(f"forecast, {name}", {"in time": (row["in time"], word)})
    yield from differing(
        f"forecast, {name}", {"restore": (is_known(row["restore"]), said.takes_s is not None)}
    )


def of_methods(outputs: Outputs, name: str, said: Said) -> Iterator[str]:
    """How a number was obtained is told only where there is one; what was measured once, as history."""
    told = {one["label"]: one["text"] for one in outputs.report_json["report"]["methods"]}
    takes, loses = told[f"{name}: recovers in"], told[f"{name}: would lose"]
    yield from differing(
        f"methods, {name}",
        {
            "takes": (not takes.startswith("not known"), said.takes_s is not None),
            "loses": (loses.startswith("the age of"), said.loss == "known"),
            "everything": (loses.startswith("everything"), said.loss == "everything"),
        },
    )


def of_the_stake(outputs: Outputs, may: Answer) -> Iterator[str]:
    """A sum until all are back needs to know when that is."""
    valued = [one.name for one in outputs.assessment.config.processes if one.value_per_hour > 0]
    words = " ".join(letter_text(outputs.owner).split())
    if "counting every hour" in words and any(may.processes[name].back is None for name in valued):
        yield "the owner's mail adds up what is at stake until nobody knows when"


def json_line(outputs: Outputs, name: str) -> dict[str, str]:
    rows = outputs.report_json["report"]["processes"]
    return next(row for row in rows if row["process"] == name)


def is_at(when: datetime, cell: str, outputs: Outputs) -> bool:
    """The owner's mail leaves the hour out in another year."""
    local = when.astimezone(outputs.assessment.window.opens.tzinfo)
    return f"{local:%H:%M}" in cell or f"{local.day} {local:%b %Y}" in cell


def is_known(cell: str) -> bool:
    return "unknown" not in cell


def loss_in(cell: str) -> str:
    if cell.startswith(("everything", "unknown")):
        return cell.split(maxsplit=1)[0]
    return "new paths" if cell.startswith(("the new paths", "new folders")) else "known"


def of_the_owner_s_table(outputs: Outputs, name: str, said: Said) -> Iterator[str]:
    cells = row_of(outputs.owner, name)
    yield from differing(
        f"the owner's mail, {name}",
        {"back": (is_known(cells[3]), said.back is not None), "loses": (loss_in(cells[5]), said.loss)},
    )
    if said.back and not is_at(said.back, cells[3], outputs):
        yield f"the owner's mail, {name}: back is {cells[3]}, and should be {said.back}"


def row_of(letter: Letter, name: str) -> list[str]:
    found = [block for group in letter.groups for block in group.blocks if isinstance(block, Table)]
    return next([cell.text for cell in row.cells] for row in found[0].rows if row.cells[0].text == name)


# ---- and that what is said too much would be seen ----------------------------------------------

EXPIRED = assessed(copy(snapshot(), drill(300)), shop=config())
READY = assessed(copy(snapshot(), drill()), shop=config())
OVER = Incident(
    number=7,
    key="proof|orders|",
    severity=2,
    verdict=Verdict.UNKNOWN,
    code="proof-expired",
    processes=("orders",),
    repository="",
    sentence="The last restore is old.",
    hint="Run: readiness drill orders",
    opened=EXPIRED.at,
    since=EXPIRED.at,
)


@pytest.fixture(scope="module")
def both() -> tuple[Outputs, Outputs]:
    ready = Outputs(READY)
    ready.alarms = [alarm_letter(READY, News(event="fixed", role="owner", incidents=(OVER,)))]
    return Outputs(EXPIRED), ready


def test_nothing_is_wrong_with_either(both: tuple[Outputs, Outputs]) -> None:
    assert [faults(one) for one in both] == [[], []]
    assert {*vars(both[0])} == {*OUTPUTS, "assessment"}


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_output_that_promises_what_no_other_does_is_seen(
    output: str, both: tuple[Outputs, Outputs]
) -> None:
    tampered = copy_of(both[0])
    setattr(tampered, output, getattr(both[1], output))
    assert faults(tampered)


def test_the_oracle_knows_nothing_of_the_program() -> None:
    for file in ("oracle.py", "claims.py"):
        assert "import agent" not in (source := (ROOT / "tests/support/answers" / file).read_text())
        assert "from agent" not in source


# ---- and so it is ----------------------------------------------------------------------------


@pytest.mark.timeout(3600)  # scripts/endure takes thousands
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(assessments())
def test_no_output_says_more_than_may_be_promised(assessment: Assessment) -> None:
    assert faults(Outputs(assessment)) == []
