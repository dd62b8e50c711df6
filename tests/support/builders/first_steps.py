"""A machine with two directories worth saving, before and while `readiness init` is run on it."""

from pathlib import Path

from agent.cli import run


def with_sources(place: Path) -> Path:
    """The directories "orders" and "shop" with a file in each."""
    for name in ("orders", "shop"):
        (place / "srv" / name).mkdir(parents=True)
        (place / "srv" / name / "file").write_text("content")
    return place


def on_machine(place: Path, *arguments: str) -> int:
    """The exit status of one command with the config of this machine."""
    return run(["--config", str(place / "etc" / "readiness.toml"), *arguments])


def init_of(place: Path, *more: str) -> list[str]:
    """The arguments that set both directories up."""
    sources = [str(place / "srv" / name) for name in ("orders", "shop")]
    return ["init", "--state", str(place / "state"), *more, *sources]
