"""The rules on content that no drill could compare: what came back as a name only is not proven."""

from collections.abc import Iterator, Sequence

from agent.core.configuration.vital import vital_paths
from agent.core.evidence.content import unproven
from agent.core.model.drills import Uncompared, Why
from agent.core.model.records import Verdict
from agent.core.text.phrases import joined, percent
from agent.core.text.plain import count, shown_path, size
from agent.core.verdict.judgement import Case, Reason

SMALL_SHARE = 0.02  # of all bytes, that may be on the move in every drill
NAMED = 3

WORDS: dict[Why, str] = {
    "moving": "being written",
    "absent": "gone when its turn came",
    "zeros": "zero bytes only",
    "unreadable": "not readable",
}


def vital_not_proven(case: Case) -> Iterator[Reason]:
    """What the process cannot do without was restored by name, and its content compared by no drill."""
    found = unproven(case.standings, vital_paths(case.process))
    if found.vital:
        shown = _some([shown_path(path) for path in found.vital])
        name = case.process.name
        yield case.reason(
            "vital-not-proven",
            Verdict.UNKNOWN,
            f"No drill that counts could compare what is vital: {shown}. It was being written each time, or "
            "holds no content.",
            "Let the job that writes it write beside it and rename it into place when it is done; then run: "
            f"readiness snapshot {name}, and: readiness drill {name}",
        )


def vital_not_covered(case: Case) -> Iterator[Reason]:
    """What became vital since the newest snapshot: whether that holds it nobody has looked."""
    held = [one.good[0] for one in case.standings if one.good]
    noted = [record.vital for record in held if record.vital is not None]
    drilled = (path for one in case.standings for drill in one.current for path in drill.vital)
    looked_for = {path for paths in noted for path in paths}.union(drilled)
    new = [path for path in case.process.vital if path not in looked_for]
    if new and len(noted) == len(held) > 0:
        yield case.reason(
            "vital-not-covered",
            Verdict.AT_RISK,
            f"Since the newest snapshot {_some([shown_path(path) for path in new])} became vital, and nobody "
            "has looked whether that snapshot holds it.",
            f"Run: readiness snapshot {case.process.name}",
        )


def content_not_proven(case: Case) -> Iterator[Reason]:
    """A part of the content worth naming has never stood still while a snapshot was taken, or is zeros."""
    found = unproven(case.standings, vital_paths(case.process))
    if found.share > SMALL_SHARE:
        much = f"{percent(found.share)} of the content ({size(found.bytes)})"
        shown = f": {_some([_described(each) for each in found.files])}" if found.files else ""
        yield case.reason(
            "content-not-proven",
            Verdict.AT_RISK,
            f"No drill that counts could compare {much}{shown}.",
            "Save a dump of it that is written beside and renamed into place, take the snapshot when nothing "
            "is written, or exclude what is no data.",
        )


def _described(file: Uncompared) -> str:
    return f"{shown_path(file.path)} ({size(file.bytes)}, {WORDS[file.why]})"


def _some(names: Sequence[str]) -> str:
    rest = len(names) - NAMED
    return joined([*names[:NAMED], *([count(rest, "more file")] if rest > 0 else [])])
