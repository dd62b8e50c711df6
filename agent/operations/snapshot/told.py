"""What is told of the sources of a snapshot that was taken, whatever was there before."""

from collections.abc import Sequence, Set

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.model.findings import Finding
from agent.core.model.snapshots import DumpNote
from agent.core.snapshot.dumps import cut_findings, unseen_findings
from agent.core.snapshot.extent import Moved, Scan, blemishes
from agent.core.snapshot.links import link_findings
from agent.core.snapshot.live_databases import Copied, server_findings, sqlite_findings


def told(
    process: CriticalProcess,
    config: Config,
    scan: Scan,
    found: Copied,
    moved: Moved,
    dumps: Sequence[DumpNote],
    changing: Set[str],
) -> list[Finding]:
    """Of files, databases, servers, links and dumps. `changing`: absolute paths that may be half written."""
    return [
        *blemishes(process, scan, set(moved.paths)),
        *sqlite_findings(process, scan, found, moved),
        *server_findings(process, scan, moved),
        *link_findings(process, config.processes, scan.links),
        *cut_findings(process, dumps, changing),
        *unseen_findings(process.name, scan.unseen),
    ]
