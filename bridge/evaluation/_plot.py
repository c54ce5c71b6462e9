"""Pictures of an evaluation: F1 over thresholds, and how often spans are right by score. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bridge.errors import SetupError
from bridge.evaluation._calibration import CalibrationReport, Reliability
from bridge.evaluation._ner import SetReport


def plot_report(path: Path, reports: Sequence[SetReport], calibration: CalibrationReport | None = None) -> None:
    """Write one picture; the name's ending says which kind (`.png`, `.svg`, `.pdf`).

    Raises:
        SetupError: matplotlib is not installed, or knows no such ending.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SetupError("matplotlib is not installed", hint='pip install "gliner-bridge[plot]"') from error
    tables = [] if calibration is None else _tables(calibration)
    figure = Figure(figsize=(5.5 * (1 + bool(tables)), 4.5), layout="constrained")
    axes = figure.subplots(1, 1 + bool(tables), squeeze=False)[0]
    for report in reports:
        thresholds = sorted(report.scores)
        axes[0].plot(thresholds, [100 * report.scores[t].micro.f1 for t in thresholds], marker=".", label=report.name)
    axes[0].set(xlabel="threshold", ylabel="F1", ylim=(0, 100), title="Span F1 over thresholds")
    axes[0].legend(fontsize="small")
    if tables:
        axes[1].plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for name, table, style in tables:
            points = [(one.expected, one.right) for one in table.bins]
            axes[1].plot(*zip(*points, strict=True), style, marker=".", label=f"{name}: {100 * table.error:.1f} %")
        axes[1].set(xlabel="score or probability", ylabel="share that is right", title="Reliability and its error")
        axes[1].legend(fontsize="small")
    try:
        figure.savefig(path)
    except ValueError as error:
        raise SetupError(f"{path.name}: {error}", hint="end the name in .png or .svg") from error


def _tables(calibration: CalibrationReport) -> list[tuple[str, Reliability, str]]:
    found = [("scores", calibration.before, "--"), ("calibrated", calibration.after, "-")]
    for name, before, after in calibration.unseen:
        found += [(f"{name}, scores", before, "--"), (f"{name}, calibrated", after, "-")]
    return [one for one in found if one[1].bins]
