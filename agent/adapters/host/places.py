"""Where a repository lies as seen from the files of a process."""

from collections.abc import Sequence
from functools import cache

from agent.adapters.host.command import CommandMissing, run
from agent.adapters.host.disks import Disks
from agent.adapters.host.own_address import addresses, names_this_machine
from agent.core.configuration.address import Destination, as_configured, destination
from agent.core.configuration.location import local_path
from agent.core.model.places import Ground, Placed, place_of

SSH_SECONDS = 5.0  # to read its configuration


def find_place(url: str, options: Sequence[str], paths: Sequence[str], exclude: Sequence[str] = ()) -> Placed:
    """Of the repository at `url`, for files below `paths`; "not-known" where that cannot be followed."""
    try:
        disks = Disks()
        data = disks.ground_of_data(paths, exclude)
        local = local_path(url)
        copy = _remote(url, options) if local is None else disks.ground_of_repository(local)
        called = sorted(copy.servers)
        us = next((server for server in called if names_this_machine(server)), "")
        return place_of(_resolved(copy), _resolved(data) if called else data, us)
    except (OSError, ValueError) as error:  # no snapshot fails because of it
        return Placed("not-known", f"it could not be looked at: {error}")


@cache  # of every process the same
def _configured(called: Destination) -> Destination:
    """As ssh reads its configuration files: with `-G` it prints what it would do, and connects to nobody."""
    program, *words = called.ssh
    try:
        done = run([program, "-G", *words], deadline=SSH_SECONDS)
    except CommandMissing:
        return called
    return as_configured(called, done.stdout.decode(errors="replace")) if done.status == 0 else called


def _remote(url: str, options: Sequence[str]) -> Ground:
    called = destination(url, options)
    if called.ssh:
        called = _configured(called)
    if called.unknown:
        return Ground(unknown=called.unknown)
    return Ground(servers=frozenset({called.host.lower() or f"{url.partition(':')[0]}:"}))


def _resolved(ground: Ground) -> Ground:
    """With the addresses of its servers, so that one that is called by two names is known to be one."""
    found = (addresses(server) for server in ground.servers if not server.endswith(":"))
    return Ground(ground.parts, ground.servers.union(*found), ground.memory, ground.unknown)
