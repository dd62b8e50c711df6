"""What only shows when values are held against each other: cycles, overlaps, contradictions."""

from agent.config.proofs import proof_path
from agent.config.reading import Notes
from agent.config.wrong import did_you_mean
from agent.core.configuration.config import Business, CriticalProcess, Repository
from agent.core.configuration.location import directories_above, is_excluded, is_inside
from agent.core.configuration.problem import At
from agent.core.text.plain import duration, printable


def check_business(business: Business, notes: Notes) -> None:
    """Closing and opening must leave a window between them."""
    if business.closes == business.opens:
        notes.error(
            ("business", "opens"),
            "is the same moment as closes, so there is no time to recover in",
            "Write when the business is promised to be open again.",
        )


def check_repositories(repositories: list[Repository], notes: Notes) -> None:
    """A second repository at the same place is no second copy."""
    first: dict[str, str] = {}
    for repository in repositories:
        url = repository.url.removeprefix("local:").rstrip("/")
        if url in first:
            notes.error(
                ("repository", repository.name, "url"),
                f"is the same place as that of repository {first[url]}, so it is no second copy",
                "Put the second repository on another medium or site.",
            )
        first.setdefault(url, repository.name)


def check_process(process: CriticalProcess, notes: Notes) -> None:
    """One process against itself."""
    at: At = ("process", process.name)
    _check_objectives(process, at, notes)
    _check_overlaps(process.paths, (*at, "paths"), notes)
    _check_vital(process, at, notes)
    _check_proofs(process, at, notes)
    if process.exclude:
        _check_excluded(process, at, notes)


def _check_objectives(process: CriticalProcess, at: At, notes: Notes) -> None:
    if process.rto > process.mtd:
        notes.error(
            (*at, "rto"),
            f"allows {duration(process.rto)}, longer than the maximum tolerable downtime of"
            f" {duration(process.mtd)}",
            "Shorten rto, or lengthen mtd when the business could really wait that long.",
        )


def _check_overlaps(paths: tuple[str, ...], at: At, notes: Notes) -> None:
    listed = set(paths)
    seen: set[str] = set()
    for index, path in enumerate(paths):
        outer = next((above for above in directories_above(path) if above in listed), None)
        if path in seen:
            notes.error(notes.item(at, index), f"{printable(path)} is named twice", "Take one of them out.")
        elif outer is not None:
            notes.error(
                notes.item(at, index),
                f"{printable(path)} lies inside {printable(outer)}, which is listed too",
                "Take the inner one out: the outer one brings it along.",
            )
        seen.add(path)


def _is_covered(path: str, process: CriticalProcess) -> bool:
    return any(is_inside(path, root) for root in process.paths)


def _check_vital(process: CriticalProcess, at: At, notes: Notes) -> None:
    for index, vital in enumerate(process.vital):
        if not _is_covered(vital, process):
            notes.error(
                notes.item((*at, "vital"), index),
                f"{printable(vital)} lies outside of the paths of this process",
                "Add it to paths, or take it out of vital.",
            )


def _check_proofs(process: CriticalProcess, at: At, notes: Notes) -> None:
    for index, proof in enumerate(process.proofs):
        path = proof_path(proof)
        if path is not None and not _is_covered(path, process):
            notes.error(
                notes.item((*at, "proof"), index),
                f"looks at {printable(path)}, which lies outside of the paths of this process",
                "Proofs only see what is restored: name a file below one of the paths.",
            )


def _check_excluded(process: CriticalProcess, at: At, notes: Notes) -> None:
    for index, path in enumerate(process.paths):
        _check_kept(path, process, notes.item((*at, "paths"), index), notes)
    for index, path in enumerate(process.vital):
        _check_kept(path, process, notes.item((*at, "vital"), index), notes)
    for index, proof in enumerate(process.proofs):
        looked_at = proof_path(proof)
        if looked_at is not None:
            _check_kept(looked_at, process, notes.item((*at, "proof"), index), notes)


def _check_kept(path: str, process: CriticalProcess, at: At, notes: Notes) -> None:
    by = next((pattern for pattern in process.exclude if is_excluded(path, (pattern,))), None)
    if by is not None:
        notes.error(
            at,
            f'{printable(path)} would not be in any snapshot: exclude has "{printable(by)}"',
            "Narrow the exclude pattern, or do not ask for this path.",
        )


def check_dependencies(processes: list[CriticalProcess], names: list[str], notes: Notes) -> None:
    """Every name in depends_on exists (`names` also has those of processes that could not be read),
    and following them never leads back."""
    known = set(names)
    for process in processes:
        at: At = ("process", process.name, "depends_on")
        seen: set[str] = set()
        for index, needed in enumerate(process.depends_on):
            if needed not in known:
                hint = did_you_mean(needed, names) or f"There are: {', '.join(names)}."
                notes.error(notes.item(at, index), f'there is no process "{needed}"', hint)
            elif needed in seen:
                notes.error(notes.item(at, index), f'"{needed}" is named twice', "Take one of them out.")
            seen.add(needed)
    _check_cycles({process.name: set(process.depends_on) & known for process in processes}, notes)


def _check_cycles(needs: dict[str, set[str]], notes: Notes) -> None:
    while needs := _without_the_solvable(needs):
        cycle = _one_cycle(needs)
        notes.error(
            ("process", cycle[0], "depends_on"),
            f"goes round in a circle: {' -> '.join((*cycle, cycle[0]))}",
            "Take one of these dependencies out: something has to come back first.",
        )
        needs = {name: needed for name, needed in needs.items() if name not in cycle}


def _without_the_solvable(needs: dict[str, set[str]]) -> dict[str, set[str]]:
    """What is left when everything that can come back in some order has come back."""
    left = {name: needed & needs.keys() for name, needed in needs.items()}
    wanted_by: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in left.items():
        for other in needed:
            wanted_by[other].append(name)
    solvable = [name for name, needed in left.items() if not needed]
    while solvable:
        back = solvable.pop()
        del left[back]
        for name in wanted_by[back]:
            left[name].discard(back)
            if not left[name]:
                solvable.append(name)
    return left


def _one_cycle(needs: dict[str, set[str]]) -> list[str]:
    walked: dict[str, None] = {}
    name = next(iter(needs))
    while name not in walked:
        walked[name] = None
        name = min(needs[name])
    order = list(walked)
    return order[order.index(name) :]
