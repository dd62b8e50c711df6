"""Who we are: root, a user, or the service's user with some of root's rights over files.

The service's state belongs to a user of its own. When root does the service's work by hand, root becomes that
user and keeps only the rights that the work needs: nothing in the state ever belongs to anybody else, and
nothing that this user put there, or had the config name, meets root.
"""

import os
import pwd
import re
import shlex
from pathlib import Path

from agent.core.text.plain import printable
from agent.errors import StateError

SERVICE_USER = "readiness"
DRILL_USER = "readiness-drill"
DRILL_PLACE = Path("/var/lib/readiness-drill/work")  # the only place where drills of the service write
INSTALLED, INSTALLED_CONFIG = "/opt/readiness/current", "/etc/readiness/readiness.toml"
CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, MKNOD, SETFCAP = 0, 1, 2, 3, 4, 27, 31
READING = (DAC_READ_SEARCH,)
# what a faithful restore needs: owners, modes, device nodes, the capabilities of files
RESTORING = (CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, MKNOD, SETFCAP)


def has_file_rights() -> bool:
    """Whether we may give files to other users, as root and a drill of the service may."""
    return os.geteuid() == 0 or _effective() & (1 << CHOWN) != 0


def may_remove_all() -> bool:
    """Whether we may remove files from directories of other users."""
    return os.geteuid() == 0 or _effective() & (1 << DAC_OVERRIDE) != 0


def is_service() -> bool:
    """Whether we are the service's user, with rights over files that a user has not.

    Other rights say nothing: systemd gives everybody who logs in that to wake the machine.
    """
    return os.geteuid() != 0 and _effective() & sum(1 << right for right in RESTORING) != 0


def drills_apart() -> bool:
    """Whether our drills are another user's, in units of systemd."""
    return _is_user(SERVICE_USER) and Path("/run/systemd/system").is_dir()


def only_drills() -> bool:
    """Whether we are the user that makes the service's drills, and does nothing else."""
    return _is_user(DRILL_USER)


def owned_by_drills(path: str) -> bool:
    """Whether a file or directory belongs to the user that makes the service's drills."""
    try:
        return os.stat(path).st_uid == pwd.getpwnam(DRILL_USER).pw_uid  # noqa: PTH116
    except (OSError, KeyError):
        return False


def is_for_service(found: os.stat_result) -> bool:
    """Whether a file is root's or the service's, and its group is the one that the service has for itself."""
    try:
        user = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return False
    return found.st_gid == user.pw_gid and found.st_uid in (0, user.pw_uid)


def of_the_service() -> bool:
    """Whether we are one of the service's users, at whatever work."""
    return _is_user(SERVICE_USER) or only_drills()


def _is_user(name: str) -> bool:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name == name
    except KeyError:
        return False


def service_user(config_file: str, state: str) -> pwd.struct_passwd | None:
    """As root: whose work this is, when it is that of the installed service; None when it is root's own.

    It is the service's when the config is the installed one, whatever it says, or the state is its user's.
    """
    if os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return None
    ours = _same(config_file, INSTALLED_CONFIG) and os.path.lexists(INSTALLED)
    return user if ours or _owner(state) == user.pw_uid else None


def become_service(config_file: str, state: str) -> None:
    """As root on the work of the service: become its user, who may read everything.

    StateError when a state that is there already is not its own: what root leaves there would be in its way,
    and what others put there could be meant for root.
    """
    user = service_user(config_file, state)
    if user is None:
        return
    from agent.adapters.host import rights  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        rights.keep_over_setuid()
        os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
        rights.hold(READING, keep=RESTORING)
        rights.own_proc_files()
    except OSError as error:
        raise _refused(error) from error
    if _owner(state) not in (None, user.pw_uid):
        raise StateError(
            f"The state directory {printable(state)} does not belong to the service's user {SERVICE_USER}.",
            f"Name another as state in [agent]; if it is the right one: chown -R {SERVICE_USER}: "
            f"{shlex.quote(state)}",
        )


def as_restorer(user: pwd.struct_passwd) -> tuple[str, ...]:
    """The words before a command that root has that user run, with the rights that a restore needs."""
    rights = ",".join(f"+cap_{right}" for right in RESTORING)
    ids = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups")
    caps = (f"--inh-caps=-all,{rights}", f"--ambient-caps=-all,{rights}", f"--bounding-set=-all,{rights}")
    return ("setpriv", *ids, *caps, "--no-new-privs", "--pdeathsig=INT", "--")


def give_up_rights() -> None:
    """Be no more than the user that we are; of root, nothing is given up."""
    if is_service():
        from agent.adapters.host import rights  # noqa: PLC0415 - slow to import, and rarely needed

        rights.hold((), keep=())


def take_file_rights() -> None:
    """Take up what `become_service` kept: rights over the files of others. Without them nothing happens."""
    wanted = sum(1 << right for right in RESTORING)
    if os.geteuid() == 0 or wanted & ~_permitted():
        return
    from agent.adapters.host import rights  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        rights.hold(RESTORING, keep=RESTORING)
    except OSError as error:
        raise _refused(error) from error


def _same(file: str, other: str) -> bool:
    """Also of what is still to be made."""
    if os.path.realpath(file) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(file, other)  # noqa: PTH121
    except OSError:
        return False


def _owner(path: str) -> int | None:
    try:
        return os.stat(path).st_uid  # noqa: PTH116
    except OSError:
        return None


def _refused(error: OSError) -> StateError:
    return StateError(
        f"The system does not let us become the user {SERVICE_USER} ({error.strerror}).",
        f"Run it as that user: runuser -u {SERVICE_USER} -- readiness ...",
    )


def _effective() -> int:
    return _noted("CapEff")


def _permitted() -> int:
    return _noted("CapPrm")


def _noted(name: str) -> int:
    found = re.search(rf"^{name}:\s*(\w+)", Path("/proc/self/status").read_text(), re.M)
    return int(found[1], 16) if found else 0
