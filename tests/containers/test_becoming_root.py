"""The user of the service tries to become root, on a real machine: each way that led there, and variants."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from support.servers.container import Container, until
from support.servers.machines import CONFIG, NOTIFY, SERVICE, business_machine

pytestmark = pytest.mark.timeout(600)
DRILL = "readiness-drill@orders:primary.service"
EVIL, MARK = "/var/lib/readiness/evil", "/var/lib/readiness/evil-ran"
# a restic, or a program that takes mail, of the user's own: notes who ran it, with which rights
PROGRAM = f"""cat >{EVIL} <<'END'
#!/bin/sh
{{ id -u; grep CapEff /proc/self/status; }} >>{MARK}
exec /usr/bin/restic "$@"
END
chmod 755 {EVIL}"""

WORK = "/var/lib/readiness-drill/work"
LAID_OPEN = "mknod -m 666 disk c 1 5; chmod 777 ."  # a device that all may open, in a directory open to all


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with business_machine(tmp_path_factory) as container:
        container.hear(SERVICE, "drill orders primary: done")
        yield container


def _as_user(machine: Container, script: str) -> str:
    """What a shell of the service's user without any right says, errors too."""
    rights = ("--inh-caps=-all", "--bounding-set=-all", "--no-new-privs")
    user = ("setpriv", "--reuid=readiness", "--regid=readiness", "--init-groups", *rights)
    done = machine.run(*user, "bash", "-c", f"cd /; {script}", check=False)
    return done.stdout + done.stderr


def _ran(machine: Container) -> str:
    """As whom its program was run; and it is forgotten."""
    said = machine.shell(f"cat {MARK} 2>/dev/null || true")
    machine.shell(f"rm -f {MARK}")
    return said


@pytest.mark.parametrize(
    "attempt",
    [
        f"sed -i 's#^\\[agent\\]#[agent]\\nrestic = \"{EVIL}\"#' {CONFIG}",
        f"echo '# mine' >>{CONFIG}",
        f"mv {CONFIG} {CONFIG}.old",
        "mv /etc/readiness /etc/mine",
        f"ln -sf {EVIL} {CONFIG}",
        f"chmod 666 {CONFIG}",
        "echo x >/etc/readiness/primary.password",
        "mv /etc/readiness/primary.password /etc/readiness/mine",
        "touch /etc/readiness/new.toml",
    ],
)
def test_nothing_that_decides_can_be_written(machine: Container, attempt: str) -> None:
    before = machine.shell(f"stat -c '%U %G %a %i' /etc/readiness {CONFIG} && sha256sum /etc/readiness/*.*")
    assert "root readiness 640" in before

    said = _as_user(machine, f"{PROGRAM}; {attempt}")

    assert "ermission denied" in said or "not permitted" in said
    assert (
        machine.shell(f"stat -c '%U %G %a %i' /etc/readiness {CONFIG} && sha256sum /etc/readiness/*.*")
        == before
    )


@contextmanager
def _the_users_config(machine: Container) -> Iterator[None]:
    """As releases before left it: the config is the user's, who has it name a restic of his own."""
    mine = machine.file(CONFIG).read_text().replace("[agent]", f'[agent]\nrestic = "{EVIL}"')
    machine.file("/root/mine.toml").write_text(mine)
    machine.shell(f"{PROGRAM}; cp -a {CONFIG} /root/kept.toml; install -o readiness /root/mine.toml {CONFIG}")
    assert EVIL in mine
    try:
        yield
    finally:
        machine.shell(f"cp -a /root/kept.toml {CONFIG}; rm -f {MARK}; systemctl restart {SERVICE}")


def test_killing_the_service_with_a_byte_in_a_lock_has_root_run_nothing(
    machine: Container, drop_in: Callable[..., None]
) -> None:
    """(a): a clean-up outside of every sandbox freed locks with the restic of the config."""
    drop_in("RestartSec=100ms")
    with _the_users_config(machine):
        cursor = machine.cursor()
        _as_user(machine, "for lock in /var/lib/readiness/locks/*; do echo x >$lock; done")
        _as_user(machine, "kill -KILL $(systemctl show readiness --property=MainPID --value)")

        machine.hear(SERVICE, "belongs to user readiness", after=cursor)
        until(lambda: int(machine.shows(SERVICE, "NRestarts")) > 1, "it has tried to start")
        assert _ran(machine) == ""


def test_a_drill_unit_runs_no_restic_of_the_users_choice(machine: Container) -> None:
    """(b): polkit lets the user start it, and it has the rights over all files."""
    with _the_users_config(machine):
        _as_user(machine, f"systemctl --no-ask-password start --wait {DRILL}")

        assert (machine.shows(DRILL, "ExecMainStatus"), _ran(machine)) == ("78", "")
    machine.run("systemctl", "reset-failed", DRILL)


def test_with_the_rights_of_a_drill_nothing_outside_of_its_places_can_be_written(machine: Container) -> None:
    """A program of its own in the sandbox of a drill, with its rights: what could restic be made to write?

    That a device node cannot be opened is not tried: systemd-nspawn keeps systemd from seeing to it.
    """
    tries = {
        "unit": "mkdir -p /run/systemd/system/readiness-proof@.service.d",
        "config": f"cp /dev/null {CONFIG}",
        "cron": "mkdir -p /var/spool/cron/crontabs && touch /var/spool/cron/crontabs/root",
        "program": "touch /opt/readiness/current/bin/readiness",
        "ledger": "touch /var/lib/readiness/mine",
        "shop": "touch /srv/orders/mine",
        "repository": "touch /srv/backup/restic/mine",
        "view": "touch /run/readiness/view.json",
        "home": "touch /home/anna/mine",
        "root": "touch /mine",
        "memory": "touch /dev/shm/mine",
        "tmp": "touch /tmp/mine && [ -e /tmp/of-the-machine ]",
        "lock": "touch /run/lock/mine",
        "device": "mknod /dev/mine c 1 5",
    }
    # the control: it may write here, so that the others did not fail for want of a shell
    script = "".join(f"if ( {words}\n ) 2>/dev/null; then echo {name}; fi\n" for name, words in tries.items())
    machine.file("/root/try").write_text(f"cd {WORK}; exec >tried\n{script}{LAID_OPEN}\necho end\n")
    directory = f"/run/systemd/system/{DRILL}.d"
    machine.shell(
        f"touch /tmp/of-the-machine; install -m 755 /root/try /usr/local/bin/try; mkdir -p {directory}; "
        f"printf '[Service]\\nExecStart=\\nExecStart=/bin/bash /usr/local/bin/try\\n' >{directory}/try.conf; "
        "systemctl daemon-reload"
    )
    machine.run("systemctl", "start", "--wait", DRILL, check=False)
    machine.shell(f"rm -r {directory} /usr/local/bin/try; systemctl daemon-reload")

    zeros = f"setpriv --reuid=bob --clear-groups head -c 1 {WORK}/disk"
    assert machine.run("sh", "-c", f"{zeros} | grep .", check=False).returncode != 0, "nobody gets that far"
    assert (
        machine.shell(f"cat {WORK}/tried; stat -c %t {WORK}/disk; rm {WORK}/tried {WORK}/disk") == "end\n1\n"
    )


TAKEN = """[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStartPre=
ExecStart=
ExecStart=/bin/bash /usr/local/bin/try
ExecStopPost=
StandardOutput=truncate:/root/said
StandardError=null
"""
ENGINE = """
import os, pty, socket, time
line = socket.socket(socket.AF_UNIX)
line.bind("/run/engine.sock")
os.chmod("/run/engine.sock", 0o660)
line.listen()
pty.fork()
time.sleep(9999)
"""


@pytest.mark.parametrize("unit", [SERVICE, NOTIFY, "readiness-clean.service", DRILL])
def test_the_rights_over_files_open_no_terminal_and_no_line_to_a_server_of_roots(
    machine: Container, unit: str
) -> None:
    """Who may talk to a container engine is root; on a terminal root types passwords."""
    machine.file("/root/engine.py").write_text(ENGINE)
    machine.shell("systemctl is-active -q engine || systemd-run -q --unit=engine python3 /root/engine.py")
    until(lambda: machine.shell("ls /dev/pts/[0-9]*; ls /run/engine.sock", check=False), "it listens")
    call = "python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"/run/engine.sock\")'"
    machine.file("/usr/local/bin/try").write_text(
        f"for at in /dev/pts/[0-9]*; do : <$at && echo $at; done\n{call} && echo engine\necho end\n"
    )
    assert machine.shell("bash /usr/local/bin/try").splitlines()[-2:] == ["engine", "end"], "root may"
    directory = f"/etc/systemd/system/{unit}.d"
    machine.shell(f"systemctl stop {SERVICE}; mkdir -p {directory}")
    machine.file(f"{directory}/try.conf").write_text(TAKEN)
    machine.shell(f"systemctl daemon-reload; systemctl start --wait {unit}")
    machine.shell(f"rm -r {directory}; systemctl daemon-reload; systemctl start {SERVICE}")
    assert machine.file("/root/said").read_text() == "end\n"


@pytest.mark.parametrize("state", ["/var/lib/dpkg", "/var/lib/readiness"])
def test_by_hand_root_is_no_longer_root_whatever_state_the_config_names(
    machine: Container, state: str
) -> None:
    """(c): any directory of root's kept root root. What a config of root's own names is run by the user."""
    machine.shell(f"{PROGRAM}; cp {CONFIG} /root/kept.toml")
    text = machine.file(CONFIG).read_text().replace('state = "/var/lib/readiness"', f'state = "{state}"')
    machine.file(CONFIG).write_text(text.replace("[agent]", f'[agent]\nrestic = "{EVIL}"'))

    done = machine.run("readiness", "validate", check=False)

    ran = _ran(machine).split()
    machine.shell(f"cp --preserve=mode /root/kept.toml {CONFIG}")
    if state == "/var/lib/dpkg":
        assert "does not belong to the service's user" in done.stderr
        assert ran == []
    else:
        user = machine.shell("id -u readiness").strip()
        assert ran[0] == user
        assert set(ran[::3]) == {user}


def test_the_last_config_in_the_state_decides_nothing_with_more_rights_than_its_owners(
    machine: Container,
) -> None:
    """With a config that is broken, those whom the last one named are told, by the program that it names."""
    machine.shell(f"{PROGRAM}; cp {CONFIG} /root/kept.toml")
    last = (
        machine.file(CONFIG).read_text()
        + f'[mail]\nfrom = "a@b.example"\nadmin = ["c@d.example"]\nsendmail = "{EVIL}"\n'
    )
    machine.file("/root/last.toml").write_text(last)
    machine.shell("install -o readiness -g readiness -m 600 /root/last.toml /var/lib/readiness/config.toml")
    machine.shell(f"echo broken >{CONFIG}; touch -d '2 hours ago' {CONFIG}; rm -f /run/readiness/emergency*")

    machine.run("readiness", "notify", check=False)
    by_hand = _ran(machine)
    machine.run("systemctl", "start", NOTIFY, check=False)
    until(lambda: machine.shows(NOTIFY, "ActiveState") in ("inactive", "failed"), "it has told")
    by_service = _ran(machine).split()

    machine.shell(f"cp --preserve=mode /root/kept.toml {CONFIG}; rm /var/lib/readiness/config.toml")
    machine.run("systemctl", "restart", SERVICE)
    assert by_hand == ""
    assert by_service[:3] == [machine.shell("id -u readiness").strip(), "CapEff:", "0000000000000000"]
