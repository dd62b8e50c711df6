"""The walls around a proof command: what it sees, what is hidden, and that they are seen standing."""

import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.sandbox.inside import WALLS
from agent.adapters.sandbox.walled import Sandbox
from agent.adapters.sandbox.walls import Limits, Room, is_plain, walls_script
from support.servers.walled_machine import LIMITS, PYTHON, Machine, walled_machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with walled_machine(tmp_path) as made:
        yield made


@pytest.mark.usefixtures("as_root")
def test_as_root_every_wall_is_seen_standing(machine: Machine) -> None:
    machine.shell("true")
    assert machine.sandbox.isolation == WALLS


@pytest.mark.usefixtures("as_root")
def test_the_absolute_live_path_leads_to_restored_data(machine: Machine) -> None:
    assert machine.shell(f"cat {machine.live}/orders.txt").stdout == "restored"


@pytest.mark.usefixtures("as_root")
def test_writing_to_the_live_path_changes_only_the_copy(machine: Machine) -> None:
    run = machine.shell(f"echo spoilt > {machine.live}/orders.txt && echo new > {machine.live}/new")
    assert run.status == 0
    assert (machine.live / "orders.txt").read_text() == "live"
    assert os.listdir(machine.live) == ["orders.txt"]
    assert (machine.restored / "orders.txt").read_text() == "spoilt\n"


@pytest.mark.usefixtures("as_root")
def test_a_live_path_that_was_not_restored_is_not_seen_either(machine: Machine) -> None:
    shutil.rmtree(machine.restored)
    assert machine.shell(f"cat {machine.live}/orders.txt").status == 1
    assert "restored-at-live-paths" in machine.sandbox.isolation


@pytest.mark.usefixtures("as_root")
def test_a_restored_link_does_not_lead_back_to_live_data(machine: Machine) -> None:
    shutil.rmtree(machine.restored)
    machine.restored.symlink_to(machine.live)
    assert machine.shell(f"cat {machine.live}/orders.txt").status == 1


@pytest.mark.usefixtures("as_root")
def test_a_restored_link_shows_no_other_live_directory_in_its_place(machine: Machine) -> None:
    (machine.tree / "usr" / "share").mkdir(parents=True)
    (machine.tree / "usr" / "share" / "doc").symlink_to("/usr/share/common-licenses")
    sandbox = Sandbox(machine.tree, ["/usr/share/doc"], [], LIMITS)
    run = sandbox.run(("ls", "-A", "/usr/share/doc"), 30)
    assert (run.status, run.stdout) == (0, "")


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("path", ["/etc/shadow", "{secret}", "{state}/scratch"])
def test_secrets_and_our_own_state_cannot_be_read(machine: Machine, path: str) -> None:
    place = path.format(secret=machine.secret, state=machine.state)
    machine.secret.chmod(0o644)
    assert machine.shell(f"cat {place} 2>&1 || ls {place}/*").status != 0


@pytest.mark.usefixtures("as_root")
def test_a_hidden_file_and_a_hidden_directory_outside_tmp_are_empty(machine: Machine) -> None:
    hidden = ["/etc/hostname", "/usr/share/doc"]
    sandbox = Sandbox(machine.tree, [], hidden, LIMITS)
    run = sandbox.run(("sh", "-c", "cat /etc/hostname; ls -A /usr/share/doc"), 30)
    assert (run.status, run.stdout) == (0, "")
    assert "hidden-files" in sandbox.isolation


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("other", ["{live}/labels", "{live}/.."])
def test_paths_of_other_processes_above_or_below_hide_nothing_restored(machine: Machine, other: str) -> None:
    (machine.live / "labels").mkdir()
    (machine.restored / "labels").mkdir()
    (machine.restored / "labels" / "one").touch()
    hidden = [os.path.normpath(other.format(live=machine.live))]
    sandbox = Sandbox(machine.tree, [str(machine.live)], hidden, LIMITS)
    assert sandbox.run(("ls", f"{machine.live}/labels"), 30).stdout == "one\n"
    assert sandbox.isolation == WALLS


@pytest.mark.usefixtures("as_root")
def test_nothing_can_be_written_outside_the_tree(machine: Machine) -> None:
    open_to_all = machine.base / "open"
    open_to_all.mkdir(mode=0o777)
    tries = " ".join(f"{place}/by-a-proof" for place in ("/", "/etc", "/var", "/run", "/dev", "/var/lib"))
    run = machine.shell(
        f"for f in {tries}; do echo x > $f && echo wrote $f; done; echo x > /var/tmp/by-a-proof"
    )
    assert run.stdout == ""
    assert not Path("/var/tmp/by-a-proof").exists()


@pytest.mark.usefixtures("as_root")
def test_no_socket_of_the_machine_answers(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        assert subprocess.run([PYTHON, "-c", connect], check=False).returncode == 0  # outside it does
        run = machine.python(connect)
    assert run.status == 1
    assert "refused" in run.stderr or "unreachable" in run.stderr


def test_a_server_of_the_proofs_own_is_reached_over_loopback(machine: Machine) -> None:
    code = "import socket as s; l = s.create_server(('127.0.0.1', 0)); s.create_connection(l.getsockname())"
    assert machine.python(code).status == 0


def test_a_process_limit_stops_forking(machine: Machine) -> None:
    code = """
import os, time
made = 0
try:
    while made < 5000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except BlockingIOError:
    print(made, flush=True)
    os._exit(0)
"""
    run = machine.python(code)
    assert 0 < int(run.stdout) <= LIMITS.processes


def test_one_file_may_not_grow_without_end(machine: Machine) -> None:
    run = machine.shell("head -c 200000000 /dev/zero > big; echo $?")
    assert run.stdout != "0\n"
    assert (machine.tree / "big").stat().st_size <= LIMITS.file_size


def test_paths_with_odd_bytes_are_only_paths(tmp_path: Path) -> None:
    odd = os.fsdecode(b"a 'quo\"ted\\ $(touch pwned)\n\xff dir")
    made = Machine(tmp_path / odd)
    code = "import os; print(open(os.environb[b'HOME'] + b'/restored/' + b'x').read())"
    (made.tree / "x").write_text("fine")
    assert made.python(code).stdout == "fine\n" or os.geteuid() != 0
    assert made.shell("ls").status == 0
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.usefixtures("as_root")
def test_no_capability_comes_back(machine: Machine) -> None:
    run = machine.shell("grep Cap /proc/self/status; umount /run || mount -t tmpfs none /srv; ls -A /run")
    assert run.status in (0, 1)
    shown = [line.split()[1] for line in run.stdout.splitlines() if line.startswith("Cap")]
    assert set(shown) == {"0" * 16}


# ---- the program itself ---------------------------------------------------------------------


def room(tree: Path, *namespaces: str, hidden: tuple[str, ...] = ()) -> Room:
    return Room(
        tree=tree,
        private=tree.parent / "proof-1",
        live=("/srv/orders",),
        hidden=hidden,
        user=61234,
        namespaces=namespaces,
        limits=LIMITS,
    )


def test_paths_are_written_into_the_program_quoted(tmp_path: Path) -> None:
    odd = tmp_path / "a 'b\n$(c)"
    script = walls_script(room(odd, "--mount", hidden=("/etc/it's",)), ("true",))
    words = shlex.split(script)
    assert str(odd) in words
    assert "/etc/it's" in words


def test_what_a_system_cannot_be_without_is_never_hidden(tmp_path: Path) -> None:
    script = walls_script(room(tmp_path, "--mount", hidden=("/usr", "/", "/srv/secret")), ("true",))
    assert "pin /srv/secret\n" in script
    assert "pin /usr\n" not in script
    assert "pin /\n" not in script


def test_without_a_mount_namespace_nothing_is_mounted(tmp_path: Path) -> None:
    assert "mount " not in walls_script(room(tmp_path), ("true",)).split("sh -c")[0]


def test_only_a_copy_that_no_link_leads_out_of_is_plain(tmp_path: Path) -> None:
    (tmp_path / "srv" / "orders").mkdir(parents=True)
    (tmp_path / "out").symlink_to("srv")
    assert is_plain(tmp_path, "/srv/orders")
    assert not is_plain(tmp_path, "/srv/none")
    assert not is_plain(tmp_path, "/out/orders")


def test_one_process_may_reserve_more_than_all_may_use() -> None:
    assert Limits(memory=1 << 30, file_size=1, free_space=1).address_space == 4 << 30
    assert Limits(memory=3 << 30, file_size=1, free_space=1).address_space == 6 << 30
