"""Rules of a schema that span several keys; each problem names the key that has to change."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process

from bridge.schema._models import Label, Schema
from bridge.schema._normalise import NORMALISERS, fold
from bridge.schema._units import CURRENCIES, MEASURES
from bridge.schema._yaml import Document, Path

_BAD_FIELD = re.compile(r"[\s*,^\"'{}\[\]<>|\\/?]|^[._]|\.$|\.\.")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BAD_INDEX = re.compile(r"[\s\"\\/|<>?#]")


def suggestion(word: str, allowed: Iterable[str]) -> str | None:
    """`did you mean "x"?` for a word that is close to an allowed one, else None."""
    found = process.extractOne(word.lower(), list(allowed), scorer=fuzz.ratio, score_cutoff=60.0)
    return f'did you mean "{found[0]}"?' if found else None


def listing(allowed: Sequence[str], most: int = 12) -> str:
    """Allowed words for a message: `a, b, c`, at most `most` of them."""
    shown = ", ".join(allowed[:most])
    return f"{shown}, … ({len(allowed)} in all)" if len(allowed) > most else shown


def check(schema: Schema, document: Document) -> None:
    """Add what is wrong with a well-formed schema to `document.problems`."""
    _check_fields(schema, document)
    _check_top(schema, document)
    for name, label in schema.labels.items():
        path: Path = ("labels", name)
        _check_label(label, path, document)
        _check_use(schema, label, path, document)
        _check_from(schema, label, path, document)
        _check_synonyms(label, path, document)
    _check_texts(schema, document)


def _check_field_name(name: str, path: Path, schema: Schema, document: Document) -> None:
    prefix = schema.entities
    ours = (prefix, f"{prefix}_detail", f"{prefix}_meta", f"{prefix}_mentions")
    if not name or _BAD_FIELD.search(name):
        document.problem(
            path, f'"{name}" is no field name', "write one field's full name: no wildcard, space, comma or ^boost"
        )
    elif name.split(".")[0] in ours:
        document.problem(
            path,
            f'"{name}" lies under "{name.split(".")[0]}", which the bridge fills itself',
            "set `entities:` to another prefix, or leave `field` out so that the bridge fills the field",
        )


def _check_fields(schema: Schema, document: Document) -> None:
    seen: set[str] = set()
    for at, name in enumerate(schema.text):
        _check_field_name(name, ("text", at), schema, document)
        if name in seen:
            document.problem(("text", at), f'the field "{name}" is listed twice')
        seen.add(name)
    for name, label in schema.labels.items():
        if label.field is not None:
            _check_field_name(label.field, ("labels", name, "field"), schema, document)
    known = list(dict.fromkeys(schema.field_of(name) for name in schema.labels))
    for at, name in enumerate(schema.public_values):
        if name not in known:
            document.problem(
                ("public_values", at),
                f'unknown field "{name}": the labels\' fields are {listing(known)}',
                suggestion(name, known),
            )


def _check_top(schema: Schema, document: Document) -> None:
    if schema.relax == "counts" and schema.document_security:
        document.problem(
            ("relax",),
            "`counts` is refused with `document_security: true`: counts tell of documents that a user may not see",
            "use `tiers` or `off`",
        )
    elif schema.relax == "counts" and schema.engine is None:
        document.problem(("relax",), "`counts` needs an engine to count with", "set `engine:`, or use `tiers`")
    index = schema.index
    if not index or _BAD_INDEX.search(index) or index != index.lower() or index.startswith(("-", "_", "+")):
        document.problem(
            ("index",), f'"{index}" is no index name', "index names are lower case, without spaces, /, \\, <, >, | or ?"
        )
    if not schema.languages:
        document.problem(("languages",), "at least one language is needed", "write `languages: [en]`")
    if schema.timezone not in zoneinfo.available_timezones():
        zones = sorted(zoneinfo.available_timezones())
        document.problem(
            ("timezone",), f'"{schema.timezone}" is no time zone', suggestion(schema.timezone, zones) or "write UTC"
        )
    for at, code in enumerate(schema.languages):
        if not _LANGUAGE.fullmatch(code):
            document.problem(("languages", at), f'"{code}" is no language code', "write codes such as en, de, pt-BR")


def _check_label(label: Label, path: Path, document: Document) -> None:
    band = label.band
    if band.boost > band.filter:
        default = "" if "boost" in band.model_fields_set else " (the default)"
        document.problem(
            (*path, "band", "boost" if not default else "filter"),
            f"the boost threshold {band.boost:g}{default} is above the filter threshold {band.filter:g}",
            "a boost needs less certainty than a filter: 0 ≤ boost ≤ filter ≤ 1",
        )
    if label.store > band.boost:
        default = "" if "store" in label.model_fields_set else " (the default)"
        document.problem(
            (*path, "store") if not default else (*path, "band", "boost"),
            f"the storage threshold {label.store:g}{default} is above the boost threshold {band.boost:g}",
            "spans between the two would be wanted and not stored: 0 ≤ store ≤ boost",
        )
    for at, name in enumerate(label.normalise):
        if name not in NORMALISERS:
            document.problem(
                (*path, "normalise", at),
                f'"{name}" is not one of {listing(list(NORMALISERS))}',
                suggestion(name, NORMALISERS),
            )
    if label.text is not None and not label.text.strip():
        document.problem((*path, "text"), "the text that the model is asked for is empty", "leave it out, or name it")
    if label.unit is not None:
        _check_unit(label, path, document)


def _check_unit(label: Label, path: Path, document: Document) -> None:
    unit = label.unit or ""
    if label.kind not in ("number", "range"):
        document.problem((*path, "unit"), f"a {label.kind} has no unit", "only `kind: number` and `kind: range` do")
    elif unit not in CURRENCIES and unit not in MEASURES:
        known = [*MEASURES, *CURRENCIES]
        upper = unit.upper() if unit.upper() in CURRENCIES else None
        document.problem(
            (*path, "unit"),
            f'"{unit}" is no unit: an ISO 4217 code such as USD, EUR, GBP, or one of {listing(list(MEASURES), 80)}',
            f'did you mean "{upper}"?' if upper else suggestion(unit, known),
        )


def _check_use(schema: Schema, label: Label, path: Path, document: Document) -> None:
    wanted = label.model_fields_set
    if label.kind != "keyword":
        if label.dictionary and "dictionary" in wanted:
            document.problem((*path, "dictionary"), f"a {label.kind} has no dictionary of values")
        if label.use == "expand":
            document.problem((*path, "use"), "`expand` is for `kind: keyword`", "use `filter` or `boost`")
        if label.use == "filter" and label.field is None:
            document.problem(
                (*path, "use"),
                f"`filter` on a {label.kind} needs `field`, an existing field of the index",
                "values that only the model reads from text may `boost`",
            )
        _check_amount(label, path, document)
        return
    measured = label.use == "filter" and label.model and schema.target_precision is not None
    if label.use in ("filter", "expand") and not label.dictionary and not measured:
        document.problem(
            (*path, "use"),
            f"`{label.use}` is only for values that exist in the index, and `dictionary` is off",
            "set `dictionary: true`, or `use: boost`, or `target_precision` where the model was measured",
        )
    if label.precision is not None and not label.model:
        document.problem((*path, "precision"), "nothing was measured of this label: `model` is off")
    if not label.model and not label.dictionary and label.use != "ignore":
        document.problem(
            (*path, "model"),
            "nothing can find this label: both `model` and `dictionary` are off",
            "switch one of them on, or set `use: ignore`",
        )
    field = label.field
    secured = schema.document_security and field is not None and field not in schema.public_values
    if secured and label.use in ("filter", "expand"):
        document.problem(
            (*path, "use"),
            f"`{label.use}` needs the values of `{field}`, which `document_security` keeps out of the dictionary",
            f"list `{field}` in `public_values` if every user may see its values, or set `use: boost`",
        )


def _check_amount(label: Label, path: Path, document: Document) -> None:
    if label.kind == "rank" and (label.use == "filter" or label.field is None):
        key, wrong = ("use", "cannot filter") if label.use == "filter" else ("field", "needs `field`")
        document.problem((*path, key), f"a rank {wrong}: a rank_feature field of the index only orders hits")
    if label.dimension is not None and label.kind != "number":
        document.problem((*path, "dimension"), f"a {label.kind} is no side of a size such as 3x4")


def _check_from(schema: Schema, label: Label, path: Path, document: Document) -> None:
    if label.from_ is None:
        return
    if not label.from_:
        document.problem((*path, "from"), "no field may name this label", "leave `from` out to read every text field")
    bound = [other.field for other in schema.labels.values() if other.field is not None]
    known = list(dict.fromkeys([*schema.text, *bound]))
    for at, name in enumerate(label.from_):
        if name not in known:
            document.problem(
                (*path, "from", at),
                f'unknown field "{name}": the schema knows {listing(known)}',
                suggestion(name, known) or "add it to `text` if documents carry it",
            )
        elif name in label.from_[:at]:
            document.problem((*path, "from", at), f'the field "{name}" is listed twice')


def _check_synonyms(label: Label, path: Path, document: Document) -> None:
    if label.kind != "keyword" and (label.synonyms or label.synonyms_file is not None):
        key = "synonyms" if label.synonyms else "synonyms_file"
        document.problem((*path, key), f"a {label.kind} has no synonyms")
        return
    meant: dict[str, str] = {}
    for value, words in label.synonyms.items():
        for at, word in enumerate(words):
            folded = fold(word)
            place: Path = (*path, "synonyms", value, at)
            if not folded:
                document.problem(place, "an empty synonym")
            elif meant.setdefault(folded, value) != value:
                document.problem(
                    place, f'"{word}" already stands for "{meant[folded]}"', "a word can stand for one value"
                )


def _check_texts(schema: Schema, document: Document) -> None:
    """Two labels with the same model text cannot be told apart by the model."""
    owners: dict[str, str] = {}
    for name, text in schema.model_labels().items():
        folded = fold(text)
        owner = owners.setdefault(folded, name)
        if owner != name:
            key = ("labels", name, "text") if schema.labels[name].text is not None else ("labels", name)
            document.problem(
                key,
                f'the model is asked for "{text}" by the label "{owner}" already',
                "give one of them another `text`, or `model: false`",
            )
