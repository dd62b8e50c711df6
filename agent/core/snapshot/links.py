"""Symbolic links that lead out of all that is saved: a link comes back, and what it leads to does not."""

from collections.abc import Iterator, Sequence

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import compile_excludes, leaves_out, os_bytes, os_text
from agent.core.model.findings import Finding, finding
from agent.core.snapshot.extent import NAMED
from agent.core.text.plain import count

# what the operating system or its packages bring back, or what is made anew with each start
_OF_THE_SYSTEM = tuple(
    b"usr bin sbin lib lib32 lib64 libx32 etc/alternatives etc/ssl/certs proc sys dev run snap "
    b"nix/store".split()
)


def link_findings(
    process: CriticalProcess, everyone: Sequence[CriticalProcess], links: Sequence[tuple[bytes, bytes]]
) -> list[Finding]:
    """A warning for each link whose target no process saves. `links`: with where they really lead."""
    out = list(_leading_out(everyone, links))
    findings = [
        finding(
            "link-leads-out",
            process.name,
            f"/{os_text(link)} leads to /{os_text(target)}, which lies in no path of any process: "
            "the link would come back, and what it leads to would not.",
            f"Add /{os_text(target)} to the paths of a process; if it is not needed, exclude the link.",
            f"/{os_text(link)}",
        )
        for link, target in out[:NAMED]
    ]
    if len(out) > NAMED:
        message = f"{count(len(out) - NAMED, 'more link')} like this."
        findings.append(finding("link-leads-out", process.name, message))
    return findings


def _leading_out(
    everyone: Sequence[CriticalProcess], links: Sequence[tuple[bytes, bytes]]
) -> Iterator[tuple[bytes, bytes]]:
    held = [
        (os_bytes(path).strip(b"/"), compile_excludes(process.exclude))
        for process in everyone
        for path in process.paths
    ]
    for link, target in links:
        saved = any(_is_in(target, root) and not leaves_out(exclude, target) for root, exclude in held)
        of_the_system = any(_is_in(target, place) for place in _OF_THE_SYSTEM)
        if not saved and not of_the_system and not _is_in(link, target):
            yield link, target


def _is_in(path: bytes, directory: bytes) -> bool:
    return not directory or path == directory or path.startswith(directory + b"/")
