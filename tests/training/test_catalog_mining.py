"""Values of labels without a field, found in titles."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.entities import Coverage, Span, TaggedText
from bridge.schema import parse_schema
from bridge.training.catalog._items import read_catalogue
from bridge.training.catalog._mined import labels_to_mine, mine
from bridge.training.catalog._typical import other_names, typical_values


class Reader:
    """A model that knows two words, and one of them only now and then."""

    def predict(
        self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
    ) -> list[TaggedText]:
        assert "flavor" in labels
        assert threshold < 0.5 < batch_size
        found = []
        for at, text in enumerate(texts):
            spans = []
            for word, label, score in (("mint", "flavor", 0.6), ("cookies", "product type", 0.9)):
                begin = text.casefold().find(word)
                if begin >= 0 and (word != "mint" or at % 2 == 0):
                    spans.append(Span(begin, begin + len(word), text[begin : begin + len(word)], label, score))
            found.append(TaggedText(text, tuple(spans), Coverage(1, 1)))
        return found


def test_labels_without_a_field_are_mined_from_titles() -> None:
    schema = parse_schema(
        "schema: s\nindex: s\ntext: [name]\nlabels:\n  product_type: {}\n  flavor: {}\n  brand: {}\n"
        "  price: {kind: number, field: price, unit: USD}\n"
    )
    names = [f"Grandma Zelda {kind} cookies, {at} oz, box" for at in range(10) for kind in ("Mint", "Plain")]
    catalogue = read_catalogue(schema, [{"name": name, "price": 3} for name in names])
    assert labels_to_mine(catalogue) == ["product_type", "flavor", "brand"]
    found = mine(catalogue, Reader(), seed=0)
    assert "mint" in found["flavor"]
    assert "cookies" in found["product_type"]
    assert "grandma zelda" in found["brand"]
    minty = [item for item in catalogue.items if "Mint" in item.title]
    assert all(item.values["flavor"] == ["mint"] for item in minty), "also where the model did not see it"


def test_shipped_lists_know_labels_by_many_names() -> None:
    assert "smoked" in typical_values("preparation process")
    assert {"wired", "bluetooth"} <= set(typical_values("connectivity"))
    assert "dark roast" in typical_values("preparation")
    assert "dark roast" not in typical_values("flavor")
    assert "taste" in other_names("flavor")
    assert "flavor" in other_names("taste")
    assert typical_values("reactor type") == other_names("reactor type") == ()


def test_what_a_list_knows_of_a_label_overrules_what_the_model_read() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [name]\nlabels:\n  flavor: {}\n  product_type: {}\n  scent: {}\n")
    names = [f"Plum {kind} cookies mint" for kind in ("smoked", "big", "old")]

    class Wrong:
        def predict(
            self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
        ) -> list[TaggedText]:
            assert threshold < len(labels) < batch_size
            spans = [(Span(t.find("mint"), len(t), "mint", "product type", 0.9),) for t in texts]
            return [TaggedText(t, found, Coverage(1, 1)) for t, found in zip(texts, spans, strict=True)]

    catalogue = read_catalogue(schema, [{"name": name} for name in names])
    found = mine(catalogue, Wrong(), seed=0)
    assert "mint" not in found["product_type"]
    assert found["flavor"]["mint"] == found["scent"]["mint"] == 3


def test_a_thing_of_several_words_is_not_taken_apart() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [title]\nlabels: {product_type: {position: head}, flavor: {}}\n")
    titles = ["Acme garlic salt", "Organic garlic salt", "Potatoes with garlic"]
    catalogue = read_catalogue(schema, [{"title": title} for title in titles])

    class TakesItApart:
        def predict(
            self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
        ) -> list[TaggedText]:
            assert threshold < len(labels) < batch_size
            spans = [(Span(t.find("garlic"), t.find("garlic") + 6, "garlic", "flavor", 0.9),) for t in texts]
            return [TaggedText(t, found, Coverage(1, 1)) for t, found in zip(texts, spans, strict=True)]

    mine(catalogue, TakesItApart(), seed=0)
    assert [item.values["product_type"] for item in catalogue.items[:2]] == [["garlic salt"]] * 2
    assert "flavor" not in catalogue.items[0].values


def test_how_a_thing_is_prepared_is_no_part_of_its_name_where_a_label_asks_for_it() -> None:
    form = "schema: s\nindex: s\ntext: [title]\nlabels: {{product_type: {{position: head}}{}}}\n"
    titles = ["Acme whole bean coffee", "Coffee"]

    class ReadsItWhole:
        def predict(
            self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
        ) -> list[TaggedText]:
            assert threshold < 1 <= len(labels) < batch_size
            spans = [(Span(t.casefold().find(w), len(t), w, "product type", 0.9),) for t in texts for w in [_coffee(t)]]
            return [TaggedText(t, found, Coverage(1, 1)) for t, found in zip(texts, spans, strict=True)]

    def types(labels: str) -> list[list[str]]:
        catalogue = read_catalogue(parse_schema(form.format(labels)), [{"title": title} for title in titles])
        mine(catalogue, ReadsItWhole(), seed=0)
        return [item.values["product_type"] for item in catalogue.items]

    assert types("") == [["whole bean coffee"], ["coffee"]]
    assert types(", preparation: {}") == [["coffee"], ["coffee"]]


def _coffee(title: str) -> str:
    return "whole bean coffee" if "whole" in title else "coffee"


def test_a_value_of_two_labels_goes_to_the_one_that_is_usual_for_such_a_thing() -> None:
    schema = parse_schema(
        "schema: s\nindex: s\ntext: [name]\nlabels: {product_type: {position: head}, flavor: {}, scent: {}}\n"
    )
    titles = [f"{taste} {thing}" for taste in ("lemon", "mint", "vanilla") for thing in ("soda", "soap")]
    usual = {"soda": "flavor", "soap": "scent"}

    class KnowsMint:
        def predict(
            self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
        ) -> list[TaggedText]:
            assert threshold < len(labels) < batch_size
            found = []
            for text in texts:
                word, thing = text.split()
                spans = [Span(len(word) + 1, len(text), thing, "product type", 0.9)]
                spans += [Span(0, len(word), word, usual[thing], 0.9)] if word == "mint" else []
                found.append(TaggedText(text, tuple(spans), Coverage(1, 1)))
            return found

    catalogue = read_catalogue(schema, [{"name": title} for title in titles])
    mine(catalogue, KnowsMint(), seed=0)
    lemons = {item.title: item.values for item in catalogue.items if item.title.startswith("lemon")}
    assert lemons["lemon soda"]["flavor"] == ["lemon"]
    assert lemons["lemon soap"]["scent"] == ["lemon"]
