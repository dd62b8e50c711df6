"""A fingerprint of where a repository lies, to tell one place from another. It holds no secret.

Three parts: of the URL, of what the options say of the way there, of what the environment file does. Records
of before hold the first alone, and of the URL as it was written.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from agent.core.configuration.config import Repository
from agent.core.configuration.location import local_path

NOWHERE = "0"  # nothing is said of the place
LEADS = ("command", "args", "program")  # options of sftp and rclone
PRIVATE = "(?i:pass|secret|token|key)"  # patterns are compiled where they are needed: `status` has no time
ELSEWHERE_IN_SSH = ("hostname", "port", "proxyjump", "proxycommand")
# what an environment may say of the place; buckets of other clouds have names of their own all over the world
PLACES = (
    "AZURE_(ACCOUNT_NAME|ENDPOINT_SUFFIX)|OS_(AUTH_URL|REGION_NAME|(PROJECT|TENANT)_(NAME|ID)|STORAGE_URL)"
    "|ST_AUTH|RCLONE_CONFIG.*|HOME|XDG_CONFIG_HOME"
)


def address(repository: Repository) -> str:
    """Of what the config says, and of the environment file as far as it could be read."""
    environment = repository.leads if repository.environment_file else NOWHERE
    return f"{_hash(_place(repository.url))}.{_way(repository)}.{environment}"


def same_address(noted: str, repository: Repository) -> bool:
    """Whether what was noted once is today's; what was not noted, or cannot be read, tells nothing apart."""
    place, *today = address(repository).split(".")
    then, *ways = noted.split(".")
    if then not in (place, *_before(repository.url, bool(ways))):
        return False
    return not ways or all(way in ("", now) or not now for way, now in zip(ways, today, strict=True))


def leads_to(environment: Mapping[str, str]) -> str:
    """What an environment file says of the place."""
    named = {n: v for n, v in environment.items() if re.fullmatch(PLACES, n)}
    said = {n: v for n, v in named.items() if not re.search(PRIVATE, n)}
    return _hash("\n".join(f"{name}={said[name]}" for name in sorted(said))) if said else NOWHERE


def _place(url: str) -> str:
    """The same for every way to write it; links are not followed."""
    local = local_path(url)
    return posixpath.normpath(local) if local is not None else _bare(url).rstrip("/")


def _bare(url: str) -> str:
    """Without the name and the password of a user, which may hold an "@"."""
    return re.sub("(://)[^/]*@", r"\1", url)


def _before(url: str, in_parts: bool) -> Iterator[str]:
    """As it was noted once: not as it is normally written, or with what stood behind the first "@"."""
    first = re.sub("(://)[^/@]*@", r"\1", url)
    if not in_parts:
        yield from (_hash(_bare(url)), _hash(first))
    elif local_path(url) is None:
        yield _hash(first.rstrip("/"))


def _way(repository: Repository) -> str:
    scheme = repository.url.partition(":")[0]
    said = dict(option.partition("=")[::2] for option in repository.options)
    ways = [said.get(f"{scheme}.{name}", "") for name in LEADS] if scheme in ("sftp", "rclone") else []
    return _hash("\n".join(" ".join(_words(way)) for way in ways)) if any(ways) else NOWHERE


def _words(command: str) -> Iterator[str]:
    """Of ssh what says where it goes, and of any other command all but secrets."""
    import shlex  # noqa: PLC0415 - rarely needed

    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    programs = [posixpath.basename(word) for word in words]
    if "ssh" in programs:
        yield from _of_ssh(words[programs.index("ssh") + 1 :])
    elif words[:1] and words[0].startswith("-"):
        yield from _of_ssh(words)
    else:
        yield from (word for word in words if not re.search(PRIVATE, word))


def _of_ssh(words: Sequence[str]) -> Iterator[str]:
    """Its host and command, and the options that lead elsewhere; keys, users and patience do not."""
    from agent.core.configuration.address import ssh_setting, ssh_words  # noqa: PLC0415 - rarely needed

    for letter, value in ssh_words(words):
        key, setting = ssh_setting(value)
        if not letter:
            yield value
        elif letter in "pJF":
            yield f"-{letter} {value}"
        elif letter == "o" and key in ELSEWHERE_IN_SSH:
            yield f"-o {key} {setting}"


def _hash(text: str) -> str:
    from hashlib import sha256  # noqa: PLC0415 - rarely needed

    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
