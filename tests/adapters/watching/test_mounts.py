"""Which file systems tell nothing of what others change in them, by the kernel's list of mounts."""

import pytest

from agent.adapters.watching.mounts import is_silent, mounted, type_at

MOUNTINFO = b"""\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /srv/office rw,relatime shared:2 - nfs4 server:/office rw,vers=4.2
41 40 8:3 / /srv/office/local rw - xfs /dev/sdb1 rw
42 22 0:36 / /srv/with\\040space rw master:3 shared:4 - fuse.sshfs host: rw
43 22 8:4 / /srv/ntfs rw - fuseblk /dev/sdc1 rw
44 22 0:40 / /srv/twice rw - nfs old:/ rw
45 44 8:5 / /srv/twice rw - ext4 /dev/sdd1 rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind", "silent"),
    [
        (b"/", "ext4", False),
        (b"/srv/orders", "ext4", False),
        (b"/srv/office", "nfs4", True),
        (b"/srv/office/files", "nfs4", True),
        (b"/srv/office/local/files", "xfs", False),
        (b"/srv/office2", "ext4", False),
        (b"/srv/with space/x", "fuse.sshfs", True),
        (b"/srv/ntfs", "fuseblk", False),
        (b"/srv/twice", "ext4", False),
    ],
)
def test_the_file_system_of_a_path_is_known(path: bytes, kind: str, silent: bool) -> None:
    found = type_at(path, mounted(MOUNTINFO))
    assert (found, is_silent(found)) == (kind, silent)
