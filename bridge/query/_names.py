"""Names of clauses and readable forms of what they ask for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from bridge.entities import Interval

#: Prefix of every clause name, shown by the engine in `matched_queries`.
PREFIX = "bridge:"
_MAX_VALUE = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def name_of(label: str, value: str, *, negated: bool = False) -> str:
    """`bridge:<label>=<value>`, with `!=` where the clause is against the value; the value is cut at 64 characters."""
    shown = re.sub(r"\s+", " ", value).strip()[:_MAX_VALUE]
    return f"{PREFIX}{label}{'!=' if negated else '='}{shown}"


def interval_text(interval: Interval) -> str:
    """`<20`, `>=10`, `10..25`, `20`; an excluded bound of a closed interval is written with its sign (`>10..<=25`)."""
    low = interval.gt if interval.gte is None else interval.gte
    high = interval.lt if interval.lte is None else interval.lte
    if low is not None and high is not None:
        if low == high:
            return number_text(low)
        closed = interval.gte is not None and interval.lte is not None
        left = "" if closed else (">" if interval.gte is None else ">=")
        right = "" if closed else ("<" if interval.lte is None else "<=")
        return f"{left}{number_text(low)}..{right}{number_text(high)}"
    if low is not None:
        return f"{'>' if interval.gte is None else '>='}{number_text(low)}"
    if high is not None:
        return f"{'<' if interval.lte is None else '<='}{number_text(high)}"
    return "*"


def dates_text(interval: Interval, zone: tzinfo) -> str:
    """An interval of milliseconds since 1970 as whole days of a zone, both included: `2020-01-01..2020-12-31`,
    `>=2020-01-01`, `<2020-01-01`, `<=2020-12-31`; one day alone where it is no longer.
    """
    try:
        low = _day(interval.gte, zone) or (None if interval.gt is None else _day(interval.gt + 1, zone))
        high = _day(interval.lte, zone) or (None if interval.lt is None else _day(interval.lt - 1, zone))
        if low is not None and high is not None:
            return low if low == high else f"{low}..{high}"
        if interval.lt is not None:
            return f"<{_day(interval.lt, zone)}"
        if interval.gt is not None:
            return f">{_day(interval.gt, zone)}"
    except OverflowError:
        return interval_text(interval)
    return f">={low}" if low is not None else f"<={high}" if high is not None else "*"


def _day(milliseconds: float | None, zone: tzinfo) -> str | None:
    if milliseconds is None:
        return None
    return (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone).date().isoformat()


def number_text(number: float) -> str:
    """A number with at most 6 decimals, as converted amounts have, without a needless `.0` or exponent."""
    if abs(number) >= 1e15 or 0 < abs(number) < 1e-6:
        return f"{number:.10g}"
    return f"{number:.6f}".rstrip("0").rstrip(".")
