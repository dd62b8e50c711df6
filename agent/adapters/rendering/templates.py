"""The HTML templates: they escape every value, and fail on one that is not there."""

from collections.abc import Callable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str, **filters: Callable[..., object]) -> Template:
    """The template of that name below `templates`, with filters of its own."""
    environment = _environment().overlay()
    environment.filters = {**environment.filters, **filters}
    return environment.get_template(f"{name}.html.j2")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("agent", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
