"""A replay as one HTML file without scripts or links: tables, plots and examples. Needs the extra `plot`."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bridge.errors import SetupError
from bridge.evaluation._replay import ReplayReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OLD, _NEW = "#9aa5b1", "#2f6f9f"


def replay_html(report: ReplayReport, *, title: str, examples: int = 20) -> str:
    """The report as HTML text; what users typed is escaped.

    Raises SetupError where matplotlib is not installed.
    """
    plots = [
        (f"Overlap of the first {report.k}", _picture(lambda axes: _overlap(axes, report))),
        ("Hits, old and new", _picture(lambda axes: _hits(axes, report))),
        ("Time for one search", _picture(lambda axes: _latency(axes, report))),
    ]
    environment = Environment(
        loader=PackageLoader("bridge.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("replay.html")
    worst, filled = report.worst(examples), report.filled(examples)
    return page.render(report=report, title=title, plots=plots, worst=worst, filled=filled)


def _picture(draw: Callable[[Axes], None]) -> Markup:
    """One plot as SVG text that can stand in HTML."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SetupError("matplotlib is not installed", hint='pip install "gliner-bridge[plot]"') from error
    # A fixed salt: the same figures give the same ids.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "gliner-bridge", "font.size": 9}):
        figure = Figure(figsize=(4.2, 3.1), layout="constrained")
        axes = figure.subplots()
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue()
    return Markup(re.sub(r"(?s)^.*?<svg", "<svg", svg, count=1))


def _overlap(axes: Axes, report: ReplayReport) -> None:
    places = [round(one.overlap * report.k) for one in report.queries]
    weights = [100 * one.count / report.searches for one in report.queries]
    axes.hist(places, bins=[at - 0.5 for at in range(report.k + 2)], weights=weights, color=_NEW, rwidth=0.85)
    axes.set(xlabel=f"same documents among the first {report.k}", ylabel="% of the searches")


def _hits(axes: Axes, report: ReplayReport) -> None:
    changed = [one for one in report.queries if one.new.rewritten]
    top = max((max(one.old.total, one.new.total) for one in report.queries), default=1) + 1
    axes.plot([0, top], [0, top], color=_OLD, linewidth=0.8)
    sizes = [10 + 40 * one.count / max(each.count for each in changed) for one in changed]
    points = [one.old.total for one in changed], [one.new.total for one in changed]
    axes.scatter(*points, s=sizes, color=_NEW, alpha=0.5, linewidths=0)
    axes.set_xscale("symlog", linthresh=1)
    axes.set_yscale("symlog", linthresh=1)
    axes.set(
        xlabel=f"hits, {report.old}", ylabel=f"hits, {report.new} (rewritten)", xlim=(-0.3, None), ylim=(-0.3, None)
    )


def _latency(axes: Axes, report: ReplayReport) -> None:
    for name, color, pick in ((report.old, _OLD, "old"), (report.new, _NEW, "new")):
        times = sorted(getattr(one, pick).ms for one in report.queries)
        shares: list[Any] = [100 * (at + 1) / len(times) for at in range(len(times))]
        axes.step(times, shares, where="post", color=color, label=name)
    axes.set_xscale("log")
    axes.set(xlabel="milliseconds", ylabel="% of the queries below", ylim=(0, 101))
    axes.legend(frameon=False)
