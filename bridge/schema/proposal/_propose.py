"""From what an index holds to a schema: which fields are text, which are labels, and what else the texts name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from bridge.errors import InputError
from bridge.schema._models import Schema
from bridge.schema._units import CURRENCIES
from bridge.schema.proposal import _names
from bridge.schema.proposal._classify import Role, classify
from bridge.schema.proposal._survey import FieldSurvey, FoundLabel, IndexSurvey, strings
from bridge.schema.proposal._write import Entry, about, comment, entry_lines, scalar, text_line

#: A filter on a field that fewer documents carry would hide the others: `min_fill_rate` of a schema.
MIN_FILL: float = Schema.model_fields["min_fill_rate"].default
#: Text fields that are proposed at most.
_TEXTS = 4
#: A text field that fewer documents have is none of the main ones; labels of so few documents are not worth one.
_TEXT_FILL, _FILL = 0.2, 0.05
#: Names of the bridge's own fields, unless a schema has another prefix.
_OURS = ("entities", "entities_detail", "entities_meta", "entities_mentions")
#: Fields that become labels at most, and left out fields that are named.
_BOUND, _LISTED = 30, 40
#: Values that the dictionary of a label holds at most (`bridge.engines.MAX_VALUES`).
_CAP = 200_000
#: Kinds of fields that become labels, in the order in which they are written.
_ORDER = {"keyword": 0, "number": 1, "range": 1, "date": 2, "rank": 3}
#: Labels of the same thing: a field by one of these names holds it already.
_SAME = (
    {"brand", "manufacturer", "maker", "vendor", "make"},
    {"color", "colour"},
    {"flavor", "flavour", "taste"},
    {"product_type", "type", "item_type", "product_kind"},
    {"genre", "genres"},
    {"person", "cast", "actors", "actor", "starring"},
    {"location", "city", "place"},
    {"company", "employer", "organization", "organisation"},
    {"material", "fabric"},
    {"pack_size", "package_size", "quantity"},
    {"ingredient", "ingredients"},
)


def text_fields(survey: IndexSurvey) -> list[str]:
    """The fields whose text a schema would tag and search, titles first.

    Raises InputError where the index has no documents, or no text.
    """
    if not survey.documents:
        raise InputError(
            f"the index {survey.index} holds no documents", hint="index some first: a schema is proposed from them"
        )
    found = [one for one in survey.fields.values() if classify(one, survey).use == "text"]
    found = [one for one in found if one.fill >= _TEXT_FILL] or found
    found.sort(key=lambda one: (*_names.place_of(one.name), _length(one), one.name))
    if not found:
        raise InputError(
            f"the index {survey.index} has no field with text",
            hint="a schema needs a text field whose entities it tags and that users search in",
        )
    return [one.name for one in found]


def propose(survey: IndexSurvey, name: str, found: Sequence[FoundLabel] = ()) -> str:
    """A schema as YAML text with comments; it loads as it is.

    Args:
        survey: the index.
        name: of the schema.
        found: what the texts name, as a model sees it (`bridge.evaluation.labels_in_texts`), most frequent first.
    """
    texts = text_fields(survey)
    kept = texts[:_TEXTS]
    roles = {one.name: classify(one, survey) for one in survey.fields.values() if one.type not in ("object", "nested")}
    chosen = _worth_a_label(survey, roles)
    bound = _bound(survey, chosen, kept)
    taken = {entry.name for entry in bound}
    tagged = [_tagged(label, at, kept[0]) for at, label in enumerate(_new(found, taken), start=1)]
    for at, entry in enumerate(bound, start=len(tagged) + 1):
        entry.keys["relax"] = min(at, 100)  # type: ignore[index]
    if not tagged and not bound:
        raise InputError(
            f"nothing in the index {survey.index} can be searched by but its text",
            hint="no field holds values, and no model looked: leave out --model, or write the schema by hand",
        )
    lines = _head(survey, name, kept)
    if tagged:
        lines += comment(
            "Named in the texts: the model tags documents with these. They boost, they never filter.", "  "
        )
        lines.append("")
        lines += [line for entry in tagged for line in [*entry_lines(entry), ""]]
    if bound:
        lines += comment("Fields that the documents have already. Values that exist, and amounts, may filter.", "  ")
        lines.append("")
        lines += [line for entry in bound for line in [*entry_lines(entry), ""]]
    lines += _left_out(survey, {key: role for key, role in roles.items() if key not in {*chosen, *kept}})
    return "\n".join(lines).rstrip("\n") + "\n"


def _worth_a_label(survey: IndexSurvey, roles: dict[str, Role]) -> dict[str, Role]:
    """The fields that become labels, by kind and then by how many documents carry them."""
    chosen = [name for name, role in roles.items() if role.use in _ORDER and survey.fields[name].fill >= _FILL]
    fullest = sorted(chosen, key=lambda name: (-survey.fields[name].fill, name))[:_BOUND]
    order = sorted(fullest, key=lambda name: (_ORDER[roles[name].use], -survey.fields[name].fill, name))
    return {name: roles[name] for name in order}


def _left_out(survey: IndexSurvey, roles: dict[str, Role]) -> list[str]:
    lines = []
    for key, role in sorted(roles.items(), key=lambda item: (-survey.fields[item[0]].fill, item[0])):
        if role.repeats:
            continue
        why = role.why
        if role.use == "text":
            why = "another text field; add it to `text` if users search in it"
        elif role.use in _ORDER:
            why = f"only in {100 * survey.fields[key].fill:.2g} % of the documents"
        lines.append(f"- {key}: {why}")
    more = [f"- and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    shown = [line for text in [*lines[:_LISTED], *more] for line in comment(text)]
    return ["# Left out:", *shown] if shown else []


def _head(survey: IndexSurvey, name: str, texts: Sequence[str]) -> list[str]:
    lines = comment(
        f"Proposed by `gliner-bridge init` from {survey.documents:,} documents of {survey.index}. Guesses are marked"
        " with a question mark: look at them, then `gliner-bridge schema check`."
    )
    lines += [f"schema: {name}", f"index: {scalar(survey.index)}"]
    lines += [f"engine: {survey.engine:<34}# filters that leave no hits are taken back: the engine is asked"]
    if any(one.split(".")[0] in _OURS for one in survey.fields):
        lines.append(
            f"{'entities: bridge_entities':<40}  # prefix of the fields that the bridge adds: `entities` is yours"
        )
    lines += [f"{'languages: [en]':<40}  # of the queries?", ""]
    for text in texts:
        field = survey.fields[text]
        lines += comment(f"{text}: {field.type} field, {_length(field):.0f} words in the mean")
    lines += [text_line("text", texts), "", "labels:"]
    return lines


def _bound(survey: IndexSurvey, roles: dict[str, Role], texts: Sequence[str]) -> list[Entry]:
    """Labels for the fields that hold values already: keywords, amounts, dates, ranks."""
    entries: dict[str, Entry] = {}
    for name, role in roles.items():
        field = survey.fields[name]
        make = {"keyword": _keyword, "date": _date, "rank": _rank}.get(role.use, _amount)
        entry = make(field, survey, texts)
        free = entry.name
        while free in entries:
            match = re.fullmatch(r"(.*?)_?(\d+)?", free)
            free = f"{match[1]}_{int(match[2] or 1) + 1}" if match else f"{free}_2"
        entries[free] = replace(entry, name=free)
    return list(entries.values())


def _keyword(field: FieldSurvey, survey: IndexSurvey, texts: Sequence[str]) -> Entry:
    label = _names.label_name(field.name)
    keys: dict[str, Any] = {"field": field.name, "model": False, "use": _use(field)}
    comments, beside = [about(field)], {"use": _why(field)}
    if _names.describes(label) or _opens(field, survey, texts):
        keys["position"] = "any"
        beside["position"] = "also where it describes the thing that is looked for: red shoes?"
    if (field.distinct or 0) > _CAP:
        comments.append(f"Only the first {_CAP:,} values are known to queries.")
    if unit := _names.unit_of_texts(value for value, _ in field.values):
        comments.append(f"The values are amounts in {unit}: as a number field they could be searched by range.")
    return Entry(label, keys, comments, beside)


def _amount(field: FieldSurvey, survey: IndexSurvey, _: Sequence[str]) -> Entry:
    unit, guessed = _unit(field, survey)
    label = _names.label_name(field.name, unit)
    kind = "range" if field.type.endswith("_range") else "number"
    keys: dict[str, Any] = {"kind": kind, "field": field.name}
    beside = {"use": _why(field)}
    if unit is not None:
        keys["unit"] = unit
        if guessed:
            beside["unit"] = guessed
    keys |= {"model": False, "use": _use(field)}
    comments = [about(field)]
    if unit is None:
        comments.append(
            f"Which unit? Without `unit` an amount counts only beside the words `{label.replace('_', ' ')}`."
        )
    return Entry(label, keys, comments, beside)


def _date(field: FieldSurvey, _: IndexSurvey, __: Sequence[str]) -> Entry:
    keys = {"kind": "date", "field": field.name, "model": False, "use": _use(field)}
    return Entry(_names.label_name(field.name), keys, [about(field)], {"use": _why(field)})


def _rank(field: FieldSurvey, _: IndexSurvey, __: Sequence[str]) -> Entry:
    keys = {"kind": "rank", "field": field.name, "model": False, "use": "boost"}
    return Entry(_names.label_name(field.name), keys, [f"{field.type} field: orders hits (most popular, best rated)"])


def _tagged(label: FoundLabel, at: int, title: str) -> Entry:
    name = _names.label_name(label.text.replace(" ", "_"))
    keys: dict[str, Any] = {}
    if name.replace("_", " ") != label.text:
        keys["text"] = label.text
    keys |= {"from": [title], "band": {"filter": 0.8, "boost": 0.5}}
    beside = {
        "from": "elsewhere it is only mentioned",
        "band": "scores from which it filters, where it may, and boosts",
    }
    if _names.is_thing(name):
        keys |= {"position": "head", "normalise": ["punctuation", "lowercase", "whitespace", "singular"], "boost": 3}
        beside["position"] = "a thing: a laptop case is no laptop"
    keys["relax"] = at
    examples = f": {', '.join(label.examples)}" if label.examples else ""
    measured = f" Precision measured: {label.precision:.2f}." if label.precision is not None else ""
    comments = [f'The model finds "{label.text}" in {100 * label.share:.0f} % of the texts{examples}.{measured}']
    return Entry(name, keys, comments, beside)


def _new(found: Iterable[FoundLabel], taken: set[str]) -> list[FoundLabel]:
    """The found labels that no field holds already."""
    held = set(taken)
    for group in _SAME:
        if group & taken:
            held |= group
    return [label for label in found if _names.label_name(label.text.replace(" ", "_")) not in held]


def _unit(field: FieldSurvey, survey: IndexSurvey) -> tuple[str | None, str | None]:
    """A number's unit, and why it is only a guess."""
    if unit := _names.unit_in_name(field.name):
        return unit, None
    if _names.is_money(field.name):
        for one in survey.fields.values():
            if _names.is_currency(one.name):
                for code, _ in one.values:
                    if code.upper() in CURRENCIES:
                        return code.upper(), f"most frequent in {one.name}?"
        sign = _names.currency_in(text for one in survey.fields.values() for text in one.samples)
        return (sign, "by the signs in the texts?") if sign else ("USD", "a guess?")
    unit = _names.usual_unit(field.name, field.stats)
    return unit, "usual for such a name?" if unit else None


def _use(field: FieldSurvey) -> str:
    return "filter" if field.fill >= MIN_FILL else "boost"


def _why(field: FieldSurvey) -> str:
    if field.fill >= MIN_FILL:
        return "the most it may do"
    return f"a filter would hide the {100 * (1 - field.fill):.0f} % without it"


def _opens(field: FieldSurvey, survey: IndexSurvey, texts: Sequence[str]) -> bool:
    """Whether titles that name the field's values mostly begin with them: `Nike` of "Nike running shoes"."""
    first = later = 0
    for document in survey.sampled:
        title = next(iter(strings(document, texts[0])), "").lower()
        for value in strings(document, _names.base_name(field.name)):
            match = re.search(rf"(?<!\w){re.escape(value.lower())}(?!\w)", title) if value else None
            if match is not None:
                first += match.start() == 0 and match.end() < len(title.rstrip())
                later += match.start() > 0
    return first >= 5 and first > 4 * later


def _length(field: FieldSurvey) -> float:
    return fmean(len(text.split()) for text in field.samples) if field.samples else 0.0
