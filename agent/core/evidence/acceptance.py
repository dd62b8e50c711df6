"""What a person may accept with `snapshot --accept`: the losses that they were told of, and no others.

A finding that may be meant says so in its hint. Whoever accepts has read the findings of before: what nobody
was told yet is told now, and nothing is accepted.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from agent.core.model.findings import Finding

OPTION = "--accept"  # stands in the hint of each finding that can be accepted
COLLAPSED = frozenset({"source-collapsed", "source-empty"})
_WHOLE = COLLAPSED | {"vital-missing"}
_IMPLIED = frozenset({"source-replaced"})  # it says that there is nothing to do
_UNTOLD = "Nothing told of this before, so it is not accepted yet: "


class Told(Struct, frozen=True):
    """The codes and paths of findings about one process that somebody has read; a path may be empty."""

    found: frozenset[tuple[str, str]] = frozenset()

    def covers(self, code: str, path: str | None) -> bool:
        """Whether somebody who read them knows of this: smaller parts belong to the loss of the whole."""
        if (code, path or "") in self.found:
            return True
        above = [other for known, other in self.found if known in _WHOLE]
        return code == "source-shrunk" and any(_is_in(path or "", other) for other in above)

    @property
    def collapse(self) -> bool:
        """Whether it was told that much is gone."""
        return any(code in COLLAPSED for code, _ in self.found)

    def news(self, findings: Iterable[Finding]) -> list[Finding]:
        """Those of `findings` that could be accepted, had they been told."""
        return [one for one in findings if OPTION in one.hint and not self.covers(one.code, one.path)]


def told(findings: Iterable[Finding]) -> Told:
    """What these findings, and all that came with them, tell."""
    return Told(frozenset((one.code, one.path or "") for one in findings))


def left_when_accepted(findings: Iterable[Finding]) -> list[Finding]:
    """What is wrong all the same, whoever accepts."""
    return [one for one in findings if OPTION not in one.hint and one.code not in _IMPLIED]


def refused(findings: Iterable[Finding], news: Iterable[Finding]) -> list[Finding]:
    """The findings where nothing is accepted because some of them are `news`."""
    new = set(map(id, news))
    return [replace(one, message=f"{_UNTOLD}{one.message}") if id(one) in new else one for one in findings]


def _is_in(path: str, above: str) -> bool:
    return not above or path == above or path.startswith(f"{above.rstrip('/')}/")
