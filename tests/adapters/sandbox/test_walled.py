"""Proof commands run on restored data, walled in, and nothing of them outlives their run."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from agent.adapters.sandbox.owner import hand_over
from agent.adapters.sandbox.walled import Sandbox
from agent.adapters.sandbox.walls import WALLS, Limits
from agent.core.drill.proofs import CommandRun
from support.places import ROOT

PYTHON = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or "python3"
LIMITS = Limits(memory=200 << 20, file_size=64 << 20, free_space=1 << 20, processes=64)


class Machine:
    """A small machine below a temporary directory: live files, a secret, and a restored tree."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.live = base / "srv" / "orders"
        self.state = base / "state"
        self.tree = self.state / "scratch" / "drill" / "tree"
        self.restored = self.tree / str(self.live).lstrip("/")
        self.secret = base / "primary.password"
        for directory, text in ((self.live, "live"), (self.restored, "restored")):
            directory.mkdir(parents=True)
            (directory / "orders.txt").write_text(text)
        self.secret.write_text("the password")
        self.sandbox = Sandbox(self.tree, [str(self.live)], [str(self.state), str(self.secret)], LIMITS)

    def run(self, *command: str, timeout: int = 60) -> CommandRun:
        return self.sandbox.run(command, timeout)

    def shell(self, script: str, timeout: int = 60) -> CommandRun:
        return self.run("sh", "-c", script, timeout=timeout)

    def python(self, code: str, timeout: int = 60) -> CommandRun:
        return self.run(PYTHON, "-c", code, timeout=timeout)

    def left_behind(self) -> list[str]:
        """Processes of the proof's user; where that is our own user, those that carry the mark of a proof."""
        found = []
        for process in psutil.process_iter(["uids", "cmdline"]):
            if process.info["uids"].real == self.sandbox._user != 0 and (
                os.geteuid() == 0 or marked(process)
            ):
                found.append(str(process.info["cmdline"]))
        return found


def marked(process: psutil.Process) -> bool:
    try:
        return b"READINESS_PROOF=proof-" in Path(f"/proc/{process.pid}/environ").read_bytes()
    except OSError:
        return False


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    assert made.left_behind() == []
    assert os.listdir(made.tree.parent) == ["tree"]


def test_a_command_runs_in_the_restored_tree(machine: Machine) -> None:
    run = machine.shell(f"cat {str(machine.live)[1:]}/orders.txt")
    assert (run.status, run.stdout, run.trouble, run.unusable) == (0, "restored", "", "")


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


def test_a_hanging_command_is_ended_and_said_so(machine: Machine) -> None:
    run = machine.shell("sleep inf & sleep inf", timeout=4)
    assert run.trouble == "it did not finish within 4.0 s"


def test_a_command_that_ignores_signals_is_ended_too(machine: Machine) -> None:
    run = machine.shell("trap '' TERM INT HUP; while :; do sleep 1; done", timeout=4)
    assert run.trouble


def test_a_daemon_does_not_survive_its_command(machine: Machine) -> None:
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(600)
    os._exit(0)
print("started")
"""
    run = machine.python(code)
    assert (run.status, run.stdout) == (0, "started\n")


def test_a_fork_bomb_is_held(machine: Machine) -> None:
    run = machine.shell("bomb() { bomb | bomb & }; bomb; sleep 1; wait", timeout=5)
    assert (run.unusable, machine.left_behind()) == ("", [])


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


def test_endless_output_is_cut_off(machine: Machine) -> None:
    run = machine.run("yes", "0123456789" * 100)
    assert run.trouble == "it printed more than 64.0 MiB"
    assert len(run.stdout) <= 1 << 16


def test_endless_complaints_are_cut_off(machine: Machine) -> None:
    run = machine.shell("yes 0123456789012345678901234567890 >&2")
    assert run.trouble == "it printed more than 64.0 MiB"
    assert len(run.stderr) <= 1 << 16


def test_many_processes_together_may_not_use_more_memory_than_one(machine: Machine) -> None:
    code = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        hog = os.urandom(1 << 20) * 60
        time.sleep(60)
time.sleep(60)
"""
    assert machine.python(code).trouble == "it used more than 200.0 MiB of memory"


def test_a_single_hog_is_ended(machine: Machine) -> None:
    hog = "import os, time; hog = os.urandom(1 << 20) * 400; time.sleep(60)"
    assert machine.python(hog).trouble == "it used more than 200.0 MiB of memory"


def test_memory_that_processes_share_counts_once(machine: Machine) -> None:
    code = """
import os, time
shared = os.urandom(1 << 20) * 60
for _ in range(8):
    if os.fork() == 0:
        time.sleep(1)
        os._exit(0)
time.sleep(1)
"""
    run = machine.python(code)
    assert (run.status, run.trouble) == (0, "")


def test_one_file_may_not_grow_without_end(machine: Machine) -> None:
    run = machine.shell("head -c 200000000 /dev/zero > big; echo $?")
    assert run.stdout != "0\n"
    assert (machine.tree / "big").stat().st_size <= LIMITS.file_size


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.usefixtures("as_root")
def test_a_command_that_fills_the_disk_is_ended(small_disk: Path) -> None:
    (small_disk / "tree").mkdir()
    limits = Limits(memory=1 << 30, file_size=8 << 20, free_space=20 << 20)
    sandbox = Sandbox(small_disk / "tree", [], [], limits)
    run = sandbox.run(("sh", "-c", "n=0; while n=$((n+1)); do head -c 999999 /dev/zero > $n; done"), 60)
    assert run.trouble.startswith("it filled the disk")
    assert os.listdir(small_disk) == ["tree"]


def test_a_missing_command_was_not_tested(machine: Machine) -> None:
    assert "not installed" in machine.run("no-such-command-here").unusable
    assert machine.sandbox.isolation == ()


def test_a_command_kept_in_the_sources_runs(machine: Machine) -> None:
    script = machine.restored / "check.sh"
    script.write_text("#!/bin/sh\necho checked\n")
    script.chmod(0o500)
    assert machine.run("./" + str(script.relative_to(machine.tree))).stdout == "checked\n"


def test_the_environment_is_clean(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTIC_PASSWORD", "the password")
    names = {line.split("=")[0] for line in machine.run("env").stdout.splitlines()}
    assert names <= {"PATH", "LANG", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_", "READINESS_PROOF"}


def test_a_command_has_no_input_and_a_private_home(machine: Machine) -> None:
    run = machine.shell('cat; cd "$HOME" && touch here && cd "$TMPDIR" && ls here')
    assert (run.status, run.stdout) == (0, "here\n")


def test_directories_that_a_command_closed_are_removed_all_the_same(machine: Machine) -> None:
    assert machine.shell('mkdir -p "$HOME/a/b" && chmod 0 "$HOME/a/b" "$HOME/a"').status == 0


def test_the_exit_status_comes_back(machine: Machine) -> None:
    assert machine.shell("exit 7").status == 7


def test_a_command_killed_by_a_signal_has_not_passed(machine: Machine) -> None:
    assert machine.shell("kill -SEGV $$").status != 0


def test_paths_with_odd_bytes_are_only_paths(tmp_path: Path) -> None:
    odd = os.fsdecode(b"a 'quo\"ted\\ $(touch pwned)\n\xff dir")
    made = Machine(tmp_path / odd)
    code = "import os; print(open(os.environb[b'HOME'] + b'/restored/' + b'x').read())"
    (made.tree / "x").write_text("fine")
    assert made.python(code).stdout == "fine\n" or os.geteuid() != 0
    assert made.shell("ls").status == 0
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.usefixtures("as_root")
def test_files_of_other_owners_and_modes_can_be_read_and_written(machine: Machine) -> None:
    closed = machine.restored / "closed"
    closed.mkdir()
    (closed / "mail").write_text("a letter")
    (closed / "mail").chmod(0o400)
    os.chown(closed / "mail", 1234, 1234)
    closed.chmod(0o000)
    where = str(closed.relative_to(machine.tree))
    assert machine.shell(f"cat {where}/mail && echo more >> {where}/mail").stdout == "a letter"


@pytest.mark.usefixtures("as_root")
def test_handing_over_follows_no_link_and_leaves_device_nodes_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link").symlink_to(outside)
    (tree / "setuid").write_text("")
    (tree / "setuid").chmod(0o4755)
    os.mknod(tree / "null", 0o020666, os.makedev(1, 3))
    hand_over(tree, 61234)
    assert outside.stat().st_uid == 0
    assert (tree / "null").stat().st_uid == 0
    assert ((tree / "link").lstat().st_uid, tree.stat().st_uid) == (61234, 61234)
    assert (tree / "setuid").stat().st_mode & 0o7000 == 0


@pytest.mark.usefixtures("as_root")
def test_no_capability_comes_back(machine: Machine) -> None:
    run = machine.shell("grep Cap /proc/self/status; umount /run || mount -t tmpfs none /srv; ls -A /run")
    assert run.status in (0, 1)
    shown = [line.split()[1] for line in run.stdout.splitlines() if line.startswith("Cap")]
    assert set(shown) == {"0" * 16}


@pytest.fixture
def without_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a container that allows no namespaces; the way to the temporary directory is opened meanwhile."""
    monkeypatch.setattr("agent.adapters.sandbox.walled._possible_namespaces", lambda: ())
    parents = [tmp_path, tmp_path.parent, tmp_path.parent.parent]
    modes = [parent.stat().st_mode & 0o7777 for parent in parents]
    for parent, mode in zip(parents, modes, strict=True):
        parent.chmod(mode | 0o011)
    yield
    for parent, mode in zip(parents, modes, strict=True):
        parent.chmod(mode)


@pytest.mark.usefixtures("without_namespaces")
class TestWithoutNamespaces:
    def test_a_daemon_does_not_survive_its_command(self, machine: Machine) -> None:
        run = machine.shell("setsid sh -c 'setsid sleep 600 & setsid sleep 600 &' & sleep 0.5; echo over")
        assert (run.status, run.stdout) == (0, "over\n")

    def test_a_fork_bomb_is_held(self, machine: Machine) -> None:
        run = machine.shell("bomb() { bomb | bomb & }; bomb; sleep 1; wait", timeout=5)
        assert (run.unusable, machine.left_behind()) == ("", [])

    def test_daemons_count_for_the_memory_limit(self, machine: Machine) -> None:
        hog = "import os, time; hog = os.urandom(1 << 20) * 300; time.sleep(60)"
        run = machine.shell(f"setsid {PYTHON} -c '{hog}' & sleep 60", timeout=30)
        assert run.trouble == "it used more than 200.0 MiB of memory"

    def test_the_walls_that_are_missing_are_said(self, machine: Machine) -> None:
        machine.shell("true")
        seen = machine.sandbox.isolation
        assert {"no-new-privileges", "no-capabilities", "memory-limit"} <= set(seen)
        assert {"without no-network", "without pid-namespace", "without read-only-system"} <= set(seen)

    @pytest.mark.usefixtures("as_root")
    def test_live_data_in_sight_is_said(self, machine: Machine) -> None:
        machine.shell("true")
        assert "without restored-at-live-paths" in machine.sandbox.isolation
        assert "user" in machine.sandbox.isolation

    @pytest.mark.usefixtures("as_root")
    def test_a_tree_that_the_proofs_user_cannot_reach_was_not_tested(self, machine: Machine) -> None:
        machine.state.chmod(0o700)
        assert "cannot reach the restored tree" in machine.shell("true").unusable


@contextmanager
def agent_at_work(machine: Machine, command: str) -> Iterator[subprocess.Popen[bytes]]:
    code = f"""
from pathlib import Path
from agent.adapters.sandbox.walled import Sandbox
Sandbox(Path({str(machine.tree)!r}), [], []).run(("sh", "-c", {command!r}), 600)
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(what: str, happened: object, limit: float = 30) -> None:
    until = time.monotonic() + limit
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < until, what
        time.sleep(0.02)


@pytest.mark.usefixtures("as_root")
def test_the_command_dies_with_a_killed_agent(machine: Machine) -> None:
    def daemons() -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "98765"]]

    with agent_at_work(machine, "touch begun; setsid sleep 98765 & sleep 98765") as process:
        wait_for("the command to begin", lambda: len(daemons()) == 2)
        process.send_signal(signal.SIGKILL)
        wait_for("the command to end", lambda: not daemons())
    for left in machine.tree.parent.glob("proof-*"):  # the scratch's owner removes these at the next start
        shutil.rmtree(left)
