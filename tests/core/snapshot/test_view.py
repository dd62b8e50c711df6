"""Which mounts a path leads through: what a sandbox hides is told from what is gone."""

import pytest

from agent.core.snapshot.view import hiding, parse_mounts, seen_from, view_of

HOST = """\
28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 28 0:26 / /run rw,nosuid shared:5 - tmpfs tmpfs rw
40 28 8:17 / /srv/orders rw shared:7 - xfs /dev/sdb1 rw
41 40 0:50 / /srv/orders/from\\040nas rw shared:8 - nfs4 nas:/export rw
"""
# the same as the service gets it: slaves of the host's mounts
INSIDE = HOST.replace("shared", "master")
HOME = "50 28 254:0 /home /home ro,relatime master:1 - ext4 /dev/vda rw\n"


def _hides(path: str, inside: str, host: str = HOST) -> str:
    """Where the mount is that hides something; empty when nothing does."""
    found = hiding(path, parse_mounts(inside), view_of([path], parse_mounts(host)))
    return found.point if found else ""


def test_the_same_mounts_hide_nothing() -> None:
    assert _hides("/srv/orders", INSIDE) == ""


def test_the_way_and_what_lies_below_are_seen_with_names_as_they_are() -> None:
    points = [mount.point for mount in seen_from("/srv", parse_mounts(HOST))]

    assert points == ["/", "/srv/orders", "/srv/orders/from nas"]


def test_making_a_directory_read_only_hides_nothing() -> None:
    assert _hides("/home/anna", INSIDE + HOME) == ""


@pytest.mark.parametrize("point", ["/home", "/home/anna", "/home/anna/deep/below"])
@pytest.mark.parametrize(
    "what",
    [
        "0:26 /systemd/inaccessible/dir {} ro master:5 - tmpfs tmpfs rw",  # InaccessiblePaths=
        "0:99 / {} rw - tmpfs tmpfs rw",  # TemporaryFileSystem=
        "254:0 /tmp/systemd-private-1/tmp {} rw master:1 - ext4 /dev/vda rw",  # PrivateTmp=, BindPaths=
    ],
)
def test_what_a_sandbox_puts_on_the_way_over_or_below_a_path_hides_it(point: str, what: str) -> None:
    assert _hides("/home/anna", f"{INSIDE}60 28 {what.format(point)}\n") == point


def test_what_lies_over_a_mount_hides_it() -> None:
    assert _hides("/srv/orders", f"{INSIDE}60 28 0:99 / /srv rw - tmpfs tmpfs rw\n") == "/srv"


def test_another_root_directory_hides_everything() -> None:
    assert _hides("/home/anna", INSIDE.replace("254:0 / /", "254:0 /var/chroot /")) == "/"


def test_what_was_mounted_outside_since_hides_nothing() -> None:
    assert _hides("/home/anna", f"{INSIDE}60 28 8:33 / /home rw master:9 - ext4 /dev/sdc1 rw\n") == ""


def test_what_was_unmounted_outside_since_is_not_laid_to_the_sandbox() -> None:
    assert _hides("/srv/orders", "\n".join(INSIDE.splitlines()[:2])) == ""


def test_a_disk_or_server_that_was_mounted_anew_is_the_same() -> None:
    assert _hides("/srv/orders", INSIDE.replace("0:50", "0:77").replace("8:17", "8:33")) == ""


def test_a_path_that_was_not_recorded_is_not_judged() -> None:
    assert hiding("/other", parse_mounts(INSIDE), view_of([], parse_mounts(HOST))) is None
