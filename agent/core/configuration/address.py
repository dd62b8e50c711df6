"""Which machine a repository's address leads to, as far as the address itself tells."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from msgspec import Struct

from agent.core.configuration.location import is_loopback

NAME_A_HOST = ("sftp", "rest", "s3")
HERE = "localhost"  # stands for what cannot leave this machine whatever it is called
WITH_A_VALUE = frozenset("BbcDEeFIiJLlmOopQRSWw")  # the options of ssh that are followed by a value
LEADS_ON = ("proxyjump", "proxycommand")  # the way goes over another machine, which finds the last host


class Destination(Struct, frozen=True):
    """The host that is called; empty for a cloud that has one name, and where `unknown` says why."""

    host: str = ""
    unknown: str = ""
    ssh: tuple[str, ...] = ()  # the command line that goes there; what its configuration says outweighs it


def destination(url: str, options: Sequence[str] = ()) -> Destination:
    """Of a repository that is not local. `options` are those of restic, "sftp.command=..."."""
    scheme, _, rest = url.partition(":")
    if scheme == "rclone":
        return Destination(unknown="only the configuration of rclone says where it leads")
    if scheme not in NAME_A_HOST:
        return Destination()
    try:
        if scheme == "sftp":
            found = _of_sftp(rest, dict(option.partition("=")[::2] for option in options))
        elif rest.partition(":")[0].endswith("unix"):
            found = Destination(HERE)  # a socket in the file system
        else:
            found = Destination(_host(rest if "://" in rest else f"s3://{rest}"))
    except ValueError:
        found = Destination()
    return found if found.host or found.unknown else Destination(unknown="its address names no host")


def _host(address: str) -> str:
    """Of an address with "://" in it."""
    return _without_port(re.split("[/?#]", address.partition("://")[2])[0])


def _without_port(authority: str) -> str:
    """The host alone of "user:password@host:port"; one of IPv6 stands in brackets."""
    host = authority.rpartition("@")[2]
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _of_sftp(rest: str, options: dict[str, str]) -> Destination:
    """The command that restic is told to run decides, whatever the URL says."""
    if command := options.get("sftp.command"):
        return _of_command(shlex.split(command))
    host = _host(f"sftp:{rest}") if rest.startswith("//") else _without_port(rest.partition("/")[0])
    return _of_ssh(("ssh", *shlex.split(options.get("sftp.args", "")), host)) if host else Destination()


def _of_command(words: Sequence[str]) -> Destination:
    program = posixpath.basename(words[0]) if words else ""
    if program == "sftp-server":
        return Destination(HERE)  # without any network
    if program != "ssh":
        return Destination(unknown="a command of its own (sftp.command) decides where it leads")
    return _of_ssh(words)


def _of_ssh(words: Sequence[str]) -> Destination:
    """The host in a command line of ssh; `HostName` outweighs it."""
    host, named, leads_on = "", "", False
    for letter, value in ssh_words(words[1:]):
        if not letter and host:
            break  # what runs there
        key, setting = ssh_setting(value)
        if not letter:
            host = value
        elif letter == "J" or (letter == "o" and key in LEADS_ON):
            leads_on = True
        elif letter == "o" and key == "hostname":
            named = setting
    if named and "%" not in named:
        host = named
    elif "://" in host:
        host = _host(host)
    return _reached(host.rpartition("@")[2].strip("[]"), leads_on, tuple(words))


def ssh_words(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options with a value in a command line of ssh, by their letters; its other arguments under ""."""
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("-") or word == "-":
            yield "", word
        elif at := next((n for n, letter in enumerate(word[1:], 1) if letter in WITH_A_VALUE), 0):
            yield word[at], word[at + 1 :] or (waiting.pop(0) if waiting else "")


def ssh_setting(value: str) -> tuple[str, str]:
    """What `-o` sets, in small letters, and to what."""
    key, _, setting = value.replace("=", " ", 1).strip().partition(" ")
    return key.lower(), setting.strip()


def _reached(host: str, leads_on: bool, ssh: tuple[str, ...]) -> Destination:
    if leads_on and is_loopback(host.lower()):
        return Destination(unknown="the way to it leads over another machine (ProxyJump)", ssh=ssh)
    return Destination(host, ssh=ssh)


def as_configured(found: Destination, said: str) -> Destination:
    """With what `ssh -G` said of its configuration files: an alias of any name may stand for any host."""
    settings = dict(line.partition(" ")[::2] for line in said.splitlines())
    if not settings.get("hostname"):
        return found
    leads_on = any(settings.get(name, "none") != "none" for name in LEADS_ON)
    return _reached(settings["hostname"], leads_on, found.ssh)
