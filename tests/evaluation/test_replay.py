"""A query log searched both ways: shares, overlap, what is shown first, and the report for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html.parser import HTMLParser

import pytest

from bridge.errors import InputError
from bridge.evaluation import Found, ReplayReport, replay, replay_html

LOG = {"shoes": 90, "red <b>nike</b> shoes": 8, "gluten free": 2}


def searching(hits: Mapping[str, str], *, rewritten: bool = False) -> Callable[[str], Found]:
    """A way to search: the documents of a query by letters."""

    def search(query: str) -> Found:
        ids = tuple(hits.get(query, ""))
        changed = rewritten and query != "shoes"
        return Found(ids, len(ids), 1.0, 2.0, tuple(f"<i>{id_}" for id_ in ids), "filter brand=Nike", changed)

    return search


OLD = searching({"shoes": "abcd", "red <b>nike</b> shoes": "abcd"})
NEW = searching({"shoes": "abcd", "gluten free": "xy"}, rewritten=True)


@pytest.fixture
def report() -> ReplayReport:
    return replay(LOG, OLD, NEW, k=4)


def test_shares_weigh_queries_by_how_often_they_are_asked(report: ReplayReport) -> None:
    assert report.searches == 100
    assert report.rewritten == pytest.approx(0.10)
    assert report.changed == pytest.approx(0.10)
    assert report.overlap == pytest.approx(0.90)
    assert report.zero_hits == pytest.approx((0.02, 0.08))


def test_emptied_results_come_first_and_found_ones_are_named(report: ReplayReport) -> None:
    assert [(one.query, one.emptied) for one in report.worst(5)] == [
        ("red <b>nike</b> shoes", True),
        ("gluten free", False),
    ]
    assert [one.query for one in report.filled(5)] == ["gluten free"]
    assert len(report.worst(1)) == 1


def test_overlap_compares_documents_whatever_their_order() -> None:
    ways = searching({"a": "abcd", "b": "abcd", "c": ""}), searching({"a": "dcba", "b": "abxyz", "c": ""})
    found = {one.query: one.overlap for one in replay({"a": 1, "b": 1, "c": 1}, *ways, k=4).queries}
    assert found == {"a": 1.0, "b": 0.5, "c": 1.0}


def test_time_here_and_time_in_the_engine_stand_apart(report: ReplayReport) -> None:
    times = report.to_json()["latency_ms"]
    assert times["new"] == {"median": 3.0, "p95": 3.0}
    assert times["new_here"] == {"median": 1.0, "p95": 1.0}


def test_the_page_is_whole_refers_to_nothing_and_escapes_what_users_typed(report: ReplayReport) -> None:
    page = replay_html(report, title="Replay & co")
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

    Reader().feed(page)
    tags = [tag for tag, _ in seen]
    assert tags.count("svg") == 3
    assert not {"script", "link", "img", "iframe", "b", "i"} & set(tags)
    assert not [attrs for _, attrs in seen if "src" in attrs or (attrs.get("href") or "#")[0] != "#"]
    assert "red &lt;b&gt;nike&lt;/b&gt; shoes" in page
    assert "Replay &amp; co" in page
    assert "Searches that found nothing and now do" in page


def test_a_page_without_any_change_says_so() -> None:
    page = replay_html(replay({"shoes": 1}, OLD, OLD), title="nothing")
    assert "No result changed." in page


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(InputError, match="no queries"):
        replay({}, OLD, NEW)
