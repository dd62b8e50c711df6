"""The owner's mail before the weekend: the answer, what changed, one thing to do, a line for each process."""

from collections.abc import Sequence
from datetime import datetime

from agent.core.letters.letter import (
    Cell,
    Group,
    Letter,
    Row,
    Sentence,
    Table,
    called,
    fitting_subject,
    seal_words,
    sentence,
    short_name,
)
from agent.core.letters.owner_facts import at_stake, changed, not_tested, plan_b_now, still_open, worst_first
from agent.core.letters.plain_words import ONE_COPY, names, wish
from agent.core.letters.words import (
    TONES,
    at_moment,
    code_now,
    days_of,
    holidays_within,
    hours_of,
    on_the_disk,
    short_moment,
    worst_trouble,
)
from agent.core.model.notices import StateThen
from agent.core.model.records import Verdict
from agent.core.report.answer import STATES, all_reasons, back_in_time, zone_of
from agent.core.report.promises import Loss, Promise, promises
from agent.core.schedule.window import Window
from agent.core.telling.incidents import Incident
from agent.core.text.phrases import MONTHS, joined, moment, span
from agent.core.verdict.judgement import Assessment, Judgement, Reason, badness
from agent.core.verdict.verdict import assess

LINES = 30  # one phone screen and a half
OF_A_WINDOW = ("window-missed", "window-unknown")
LOSSES: dict[Loss, str] = {"everything": "everything", "new-paths": "new folders", "unknown": "unknown"}
HEADINGS = ("process", "", "proven", "back by", "promised", "may lose")


def owner_letter(
    assessment: Assessment,
    holiday: Window | None,
    previous: StateThen | None,
    next_by: datetime,
    incidents: Sequence[Incident] = (),
    trend: str = "",
) -> Letter:
    """The weekly mail, or the one that announces the long weekend `holiday`.

    `previous` is the state in the mail before, `next_by` when the next one must have come. `incidents` are
    those that are open; `trend` is what the pictures in the HTML show, in one sentence.
    """
    assessment = in_window(assessment, holiday)
    if holiday:
        incidents = _concerning(assessment, incidents)
    facts = (
        *sentence("AT STAKE", at_stake(assessment)),
        *sentence("PLAN B", plan_b_now(assessment)),
        *sentence("NOT MENDED YET", still_open(assessment, incidents)),
        *sentence("NOT TESTED", not_tested(assessment)),
    )
    return Letter(
        subject=_subject(assessment, holiday, previous),
        business=called(assessment.config.business.name),
        state=STATES[assessment.verdict],
        tone=TONES[assessment.verdict],
        opening=_opening(assessment, holiday),
        groups=(
            Group(blocks=sentence("CHANGED SINCE THE LAST MAIL", changed(assessment, previous))),
            Group(blocks=(_to_do(assessment, incidents),)),
            *((Group(blocks=(_table(assessment),)),) if assessment.judgements else ()),
            Group(blocks=facts),
            *((Group(blocks=sentence("TREND", trend), trend=True),) if trend else ()),
        ),
        closing=_closing(assessment, next_by),
        limit=LINES,
    )


def in_window(assessment: Assessment, window: Window | None) -> Assessment:
    """The same judged by another window than the next: what does not fit the one may fit the other."""
    if window is None or window == assessment.window:
        return assessment
    return assess(assessment.config, assessment.evidence, assessment.at, window)


def _concerning(assessment: Assessment, incidents: Sequence[Incident]) -> list[Incident]:
    """Without those that are about another window."""
    codes = {reason.code for reason in assessment.reasons}
    return [one for one in incidents if one.code not in OF_A_WINDOW or one.code in codes]


def state_then(assessment: Assessment) -> StateThen:
    """What the next mail compares itself with."""
    newest = {one.process: _newest_bytes(one) for one in assessment.judgements}
    made = promises(assessment)
    return StateThen(
        verdict=assessment.verdict.value,
        back=made.all_back_at,
        opens=assessment.window.opens,
        processes={one.process: one.verdict.value for one in assessment.judgements},
        bytes={name: size for name, size in newest.items() if size is not None},
        probability=made.probability,
        reasons=tuple(dict.fromkeys(reason.code for reason in all_reasons(assessment))),
    )


def _newest_bytes(judgement: Judgement) -> int | None:
    return next((one.good[0].bytes for one in judgement.standings if one.good), None)


def _subject(assessment: Assessment, holiday: Window | None, previous: StateThen | None) -> str:
    state = _with_chance(assessment.verdict, promises(assessment).probability)
    before = _with_chance(Verdict(previous.verdict), previous.probability) if previous else state
    changed_state = f"{state} (was {before})" if before != state else state
    ahead = f"holiday weekend ahead, {hours_of(assessment.window)}: " if holiday else ""
    days = days_of(assessment)
    name = short_name(assessment.config.business.name).strip()
    tail = f"({name}, {days})" if name else f"({days})"
    full, brief, briefest = (_in_short(assessment, limit) for limit in (2, 1, 0))
    attempts = [
        (f"{changed_state} - {ahead}{full}", tail),
        (f"{changed_state} - {ahead}{brief}", tail),
        (f"{state} - {ahead}{brief}", tail),
        (f"{state} - {ahead}{brief}", f"({days})"),
        (f"{state} - {ahead}{briefest}", f"({days})"),
    ]
    return fitting_subject(attempts)


def _in_short(assessment: Assessment, limit: int) -> str:
    """When all is back, or what is worst, with as many names as `limit`."""
    back = promises(assessment).all_back_at
    if assessment.verdict == Verdict.READY and back:
        return f"back by {moment(back, zone_of(assessment), assessment.at, assessment.window.closes)}"
    return worst_trouble(assessment, limit)


def _with_chance(verdict: Verdict, chance: float | None) -> str:
    """ "READY 92%", or "READY" alone where no chance was worked out."""
    return STATES[verdict] + (f" {_percent(chance)}%" if chance is not None else "")


def _opening(assessment: Assessment, holiday: Window | None) -> str:
    ahead = _holiday(assessment) if holiday else ""
    zone, closes = zone_of(assessment), assessment.window.closes
    begun = closes <= assessment.at
    name = called(assessment.config.business.name, 40) or "the business"
    when = at_moment(closes, zone, assessment.at)
    lost = f"If {name} {'had lost' if begun else 'lost'} this server on {when}"
    by = back_in_time(assessment)
    back = f"everything critical would {'have been' if begun else 'be'} back by {by}"
    back = back if by else "nobody could say when it is back"
    chance = promises(assessment).probability
    often = f" in about {_weekends(chance)}" if chance is not None else ""
    short = worst_trouble(assessment)
    if doomed := _doomed(assessment):
        on_disk = all(on_the_disk(one) for one in assessment.judgements if one.process in doomed)
        lives = "the backups lie on the same disk. If that lives"
        lives = lives if on_disk else "the backups would be lost with it. If they are not"
        back = f"{names(doomed, 2)} might never come back: {lives}, {back}"
    but = "But that is slipping" if by else "It is slipping"
    slipping = "" if doomed else f" {but}: {short}{_others(assessment)}."
    said = {
        Verdict.READY: f"{lost}, {back}{often}.",
        Verdict.AT_RISK: f"{lost}, {back}{often}.{slipping}",
        Verdict.NOT_READY: f"{lost}, {_broken(assessment)}: {short}{_others(assessment)}.",
        Verdict.UNKNOWN: f"{lost}, nobody could say when it is back: {short}{_others(assessment)}.",
    }
    return said[assessment.verdict] + ahead


def _broken(assessment: Assessment) -> str:
    """One copy that fails breaks no promise while another is proven."""
    codes = [
        code_now(assessment, one.code, [one.process] if one.process else [])
        for one in all_reasons(assessment)
        if one.verdict == Verdict.NOT_READY
    ]
    return "only a part of the copies would help" if {*codes} == {ONE_COPY} else "promises would be broken"


def _doomed(assessment: Assessment) -> list[str]:
    """Processes whose every copy would be lost with the machine's disk."""
    return [r.process for r in all_reasons(assessment) if r.code == "repository-same-device" and r.process]


def _holiday(assessment: Assessment) -> str:
    """How long the holiday weekend is, and which days make it one."""
    zone, window, now = zone_of(assessment), assessment.window, assessment.at
    opens = at_moment(window.opens, zone, now, window.closes)
    ends = f"from {at_moment(window.closes, zone, now)} to {opens}"
    off = joined([f"{day.day} {MONTHS[day.month - 1]}" for day in holidays_within(assessment)])
    which = f" ({off} off)" if off else ""
    return f" A holiday weekend is ahead: closed for {hours_of(window)}, {ends}{which}."


def _others(assessment: Assessment) -> str:
    """How many other reasons of the same weight there are."""
    reasons = [one for one in all_reasons(assessment) if one.verdict != Verdict.READY]
    others = len({_kind(one) for one in reasons}) - 1
    return f" (and {others} more {'thing' if others == 1 else 'things'})" if others > 0 else ""


def _kind(reason: Reason) -> tuple[str, Verdict]:
    return reason.code, reason.verdict


def _weekends(chance: float) -> str:
    """A chance as people count: "9 weekends out of 10 (92%)"."""
    shown = _percent(chance)
    ten = round(shown / 10)
    return f"{ten if 0 < ten < 10 else shown} weekends out of {10 if 0 < ten < 10 else 100} ({shown}%)"


def _percent(chance: float) -> int:
    return min(max(round(chance * 100), 1), 99)


def _to_do(assessment: Assessment, incidents: Sequence[Incident]) -> Sentence:
    text = one_thing(assessment, incidents)
    return Sentence(label="DO ONE THING", text=text, strong=True, firm=True)


def one_thing(assessment: Assessment, incidents: Sequence[Incident] = ()) -> str:
    """The one thing that helps most, in words for somebody who does not run the server."""
    worst = next((one for one in all_reasons(assessment) if one.verdict != Verdict.READY), None)
    if worst:
        same = [one.process for one in all_reasons(assessment) if _kind(one) == _kind(worst) and one.process]
        return f"Ask your administrator to {wish(worst.code, list(dict.fromkeys(same)))}."
    if incidents:
        gravest = worst_first(incidents)[0]
        return f"Ask your administrator to {wish(gravest.code, gravest.processes)}."
    if len(assessment.config.repositories) < 2:
        return "Have a second copy kept in another place. Today there is only one."
    return "Nothing this time. All is as it should be."


def _table(assessment: Assessment) -> Table:
    return Table(
        name="The critical processes",
        headings=HEADINGS,
        rows=tuple(
            _row(assessment, one, promise)
            for one, promise in zip(assessment.judgements, promises(assessment).processes, strict=True)
        ),
    )


def _row(assessment: Assessment, judgement: Judgement, promise: Promise) -> Row:
    zone, now = zone_of(assessment), assessment.at
    back, share = promise.back_at, None
    closing = assessment.window.closes
    if back:
        closes = closing.timestamp()
        share = (back.timestamp() - closes) / (promise.due_at.timestamp() - closes)
    proven = judgement.last_proven_at
    state = STATES[judgement.verdict]
    return Row(
        cells=(
            Cell(text=called(judgement.process)),
            Cell(text=state, tone=TONES[judgement.verdict]),
            Cell(text=short_moment(proven, zone, now) if proven else "never"),
            Cell(text=short_moment(back, zone, now, True, closing) if back else "unknown", share=share),
            Cell(text=short_moment(promise.due_at, zone, now, True, closing)),
            Cell(text=_may_lose(judgement, promise)),
        ),
        weight=badness(judgement.verdict),
        state=state,
    )


def _may_lose(judgement: Judgement, promise: Promise) -> str:
    """At most what was promised while the promise holds, else what would be lost now, as far as is known."""
    if promise.loses_s is None:
        return LOSSES[promise.loss]
    return span(max(promise.loses_s, judgement.rpo.objective_s))


def _closing(assessment: Assessment, next_by: datetime) -> tuple[Sentence, ...]:
    contact = called(assessment.config.alarm.contact, 90)
    by = at_moment(next_by, zone_of(assessment), assessment.at)
    call = f"call {contact}" if contact else "call your administrator"
    seal = seal_words(assessment.evidence.head) if assessment.evidence.sequence else "none yet"
    return (
        Sentence(
            text=f"If the next mail has not come by {by}, the answer is UNKNOWN: {call}.",
            firm=True,
        ),
        Sentence(text=f"Details: readiness report, on the server. Seal: {seal}", firm=True),
    )
