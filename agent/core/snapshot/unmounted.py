"""File systems that were mounted below a path and are gone: an empty mount point looks like no loss."""

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import compile_excludes, leaves_out, os_bytes
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import SnapshotRecord
from agent.core.snapshot.extent import COLLAPSE, Scan
from agent.core.text.plain import count


def unmounted(process: CriticalProcess, scan: Scan, good: SnapshotRecord | None) -> list[Finding]:
    """An error for each mount of the last good snapshot in whose place hardly anything lies now."""
    exclude = compile_excludes(process.exclude)
    mounted = {mount.path for mount in scan.mounts}
    roots = [root.path for root in scan.roots]
    findings = []
    for mount in good.mounts if good else ():
        raw = os_bytes(mount.path).strip(b"/")
        files = scan.extents.get(raw, (0, 0))[0]
        inside = any(mount.path.startswith(f"{root.rstrip('/')}/") for root in roots)
        gone = mount.path not in mounted and files < COLLAPSE * mount.files
        if inside and gone and not leaves_out(exclude, raw):
            findings.append(
                finding(
                    "source-collapsed" if files else "source-empty",
                    process.name,
                    f"The file system that was mounted at {mount.path} is not there: "
                    f"{count(files, 'file')} instead of {mount.files:,} in the last good snapshot.",
                    "Mount it, and take the snapshot again. "
                    f"If this is meant: readiness snapshot --accept {process.name}",
                    mount.path,
                )
            )
    return findings
