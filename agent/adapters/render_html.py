"""The report as one HTML page that needs nothing else: no script, no picture, nothing from elsewhere."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from agent.core.views import Report


def html_report(report: Report) -> str:
    """The page as text; every value is escaped by the template engine."""
    environment = Environment(
        loader=PackageLoader("agent", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(report=report)
