"""What is told of the sources, whatever was there before."""

from agent.core.kinds.kinds import POSTGRESQL, ServerDirectory
from agent.core.model.snapshots import DumpNote
from agent.core.snapshot.extent import Moved, Scan
from agent.core.snapshot.live_databases import Copied
from agent.operations.snapshot.told import told
from support.builders.shop import NOW, config, process


def test_every_kind_of_thing_is_told_once() -> None:
    orders = process()
    scan = Scan(
        files=1,
        size=9,
        allocated=9,
        entries=1,
        begun_ns=0,
        witness_sha256="",
        roots=(),
        servers=(ServerDirectory(b"srv/orders/pg", POSTGRESQL, is_open=True),),
        links=((b"srv/orders/uploads", b"mnt/big"),),
        unreadable=((b"srv/orders/secret", "Permission denied"),),
    )
    cut = DumpNote(path="/srv/orders/day.sql", bytes=9, at=NOW, is_cut=True)
    found = told(orders, config(orders), scan, Copied(), Moved(), [cut], set())
    assert {each.code for each in found} == {
        *("live-database", "link-leads-out", "dump-cut", "file-unreadable"),
    }
