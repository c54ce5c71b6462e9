"""The schema as pydantic models: what one YAML file may say.

A schema names the things that a business searches by. Documents are tagged and queries are parsed from the same one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["keyword", "number", "range", "date", "rank"]
#: Forms of names and devices; what is said of others stands in `_load`.
NAME, DEVICE = r"^[a-z][a-z0-9_]{0,63}$", r"^(auto|cpu|cuda(:\d+)?)$"
Name = Annotated[str, Field(pattern=NAME)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelSettings(_Strict):
    """Which checkpoint scores the text: `default`, a folder, or a Hugging Face hub id."""

    name: str = "default"
    revision: str | None = None
    #: Of the text encoder's matrix products: exact, or in fewer bits; `auto` measures on a sample which is as good.
    dtype: Literal["fp32", "bf16", "fp16", "int8", "auto"] = "fp32"
    #: What computes encoder and head; `openvino` is an extra of the package, `auto` measures whether it is faster.
    runtime: Literal["torch", "openvino", "auto"] = "torch"
    #: Where the model computes: `cpu`, `cuda` or `cuda:1`; `auto`: the first GPU where the machine has one.
    device: Annotated[str, Field(pattern=DEVICE)] = "cpu"
    #: Ask for the labels in the order of their texts, not of the schema: moving labels about then changes no score. A
    #: uni-encoder reads all labels as one prompt and is sensitive to their order; bi-encoders are not.
    sort_labels: bool = False


class Band(_Strict):
    """Scores that decide: at or above `filter` a hard filter is allowed, at or above `boost` a boost, below ignored."""

    filter: Probability = 0.8
    boost: Probability = 0.5


class Label(_Strict):
    """One thing to search by.

    A label is *bound* when `field` names an existing field of the index (`brand`, `price`); otherwise documents carry
    it in `<entities>.<label name>`.
    """

    kind: Kind = "keyword"
    #: What the model is asked for, in natural language. Default: the label's name with spaces for underscores.
    text: str | None = None
    description: str | None = None
    #: An existing field of the index that already holds this; None: the bridge fills `entities.<name>`.
    field: str | None = None
    #: Document fields that may name it, most trusted first. Default: the schema's `text` fields.
    from_: list[str] | None = Field(default=None, alias="from")
    #: Which fields of `from` give attributes: `all` of them, or only the `first` one that names the label, so that a
    #: brand in the title makes other brands in the description mere mentions.
    take: Literal["all", "first"] = "all"
    #: Whether the model looks for it. Bound numbers and categories usually say no.
    model: bool = True
    #: Whether values that exist in the index are found by dictionary (queries: live; documents: the snapshot).
    dictionary: bool = True
    #: Normalisers applied in order, see `bridge.schema.NORMALISERS`.
    normalise: list[str] = ["nfkc", "lowercase", "whitespace"]
    #: Unit of a number's field: an ISO 4217 code for money (`USD`), else a unit symbol (`inch`, `gb`, `oz`).
    unit: str | None = None
    #: Words that name the label beside an amount (`ram`, `memory` in "16gb ram"), beside its own name and `text`.
    cues: list[str] = []
    #: A bare or approximate amount ("15 inch", "around $100") means up to this share more or less.
    tolerance: Probability = 0.1
    #: Which number of a size such as `3x4` this label holds, counted from 1; None: none.
    dimension: Annotated[int, Field(ge=1, le=3)] | None = None
    #: What words that order the results may do: "cheapest", "newest", "best rated".
    sort: Literal["off", "boost", "sort"] = "boost"
    #: Further words for the lowest and the highest values first, beside those of the language.
    sort_words: dict[Literal["lowest", "highest"], list[str]] = {}
    #: Uncertain ways from words to stored values that this label may use: `typo` and `meaning`. Both only boost.
    links: list[Literal["typo", "meaning"]] = ["typo", "meaning"]
    #: Where in a query a value must stand to filter: `any` also where it describes the thing that is looked for
    #: (brands, colours), unless it is an ordinary word; else only as that thing itself ("coffee under $20", not "coffee
    #: mug"). `head`, where it is written, says that values are things: in documents, too, a "laptop case" is no laptop.
    position: Literal["head", "any"] | None = None
    #: The most that this label may do to a search.
    use: Literal["filter", "boost", "expand", "ignore"] = "boost"
    boost: Annotated[float, Field(gt=0.0, le=1000.0)] = 2.0
    band: Band = Band()
    #: How precise the model's spans of this label were from `band.filter` on, where that was measured on own data;
    #: None: what the checkpoint's calibration says.
    precision: Probability | None = None
    #: Spans below this score are not stored on documents.
    store: Probability = 0.3
    #: Order of relaxation: labels with the highest number lose their filter first, 0..100.
    relax: Annotated[int, Field(ge=0, le=100)] = 0
    #: Whether the words of a linked value may leave the required text (never the last one).
    consume: bool = False
    synonyms: dict[str, list[str]] = {}
    #: File with more synonyms, relative to the schema's own folder: YAML (`stored value: word, word`), or Solr's lines
    #: in a `.txt`. Reading a schema adds them to `synonyms`.
    synonyms_file: str | None = None


class TextField(_Strict):
    """A document field whose text is tagged and searched."""

    name: str
    #: Fields of this name hold an array of strings.
    multiple: bool = False


class Schema(_Strict):
    """One schema: the text to read, the labels to find, and what to do with them."""

    #: Name used in URLs, pipelines and metrics; default: the file's stem.
    schema_: Name = Field(alias="schema")
    description: str = ""
    #: Index, alias or pattern that the schema describes.
    index: str
    engine: Literal["opensearch", "elasticsearch"] | None = None
    languages: list[str] = ["en"]
    #: IANA name of the zone in which days begin: "today", "last week", "2020".
    timezone: str = "UTC"
    #: Fields of the document whose text is tagged, in order; also the fields that a user's text leaf must search.
    text: Annotated[list[str], Field(min_length=1)]
    #: Prefix of the fields that the bridge adds.
    entities: Name = "entities"
    model: ModelSettings = ModelSettings()
    labels: Annotated[dict[Name, Label], Field(min_length=1)]
    #: None means: `counts` where `engine` is set, `tiers` where it is not.
    relax: Literal["counts", "tiers", "off"] | None = None
    document_security: bool = False
    #: Fields whose values may enter the dictionary under `document_security`.
    public_values: list[str] = []
    #: Share of documents that must carry a field before a filter or exclusion on it is allowed.
    min_fill_rate: Probability = 0.9
    #: Precision from which what only the model says may filter; None: it never does.
    target_precision: Probability | None = None
    #: Milliseconds that a query may take inside the sidecar before the caller's own query is answered.
    deadline_ms: Annotated[int, Field(ge=10, le=900)] = 150

    @property
    def name(self) -> str:
        return self.schema_

    @property
    def relaxation(self) -> Literal["counts", "tiers", "off"]:
        """The relaxation mode in force (DESIGN, "Relaxation")."""
        if self.relax is not None:
            return self.relax
        return "counts" if self.engine is not None and not self.document_security else "tiers"

    def field_of(self, label: str) -> str:
        """The index field that holds a label's values."""
        return self.labels[label].field or f"{self.entities}.{label}"

    def label_text(self, label: str) -> str:
        """What the model is asked for."""
        return self.labels[label].text or label.replace("_", " ")

    def model_labels(self) -> dict[str, str]:
        """Label name → natural-language text, for the labels that the model looks for, in the order it is asked."""
        asked = {
            name: self.label_text(name) for name, label in self.labels.items() if label.model and label.use != "ignore"
        }
        return dict(sorted(asked.items(), key=lambda item: item[1])) if self.model.sort_labels else asked

    def sources(self, label: str) -> list[str]:
        """Document fields that may name this label, most trusted first."""
        return self.labels[label].from_ or self.text

    def document_fields(self) -> list[str]:
        """Every document field that tagging reads: `text`, then fields that only a label's `from` names."""
        extra = [name for label in self.labels.values() for name in label.from_ or () if name not in self.text]
        return [*self.text, *dict.fromkeys(extra)]

    def tagged_labels(self) -> list[str]:
        """Labels that documents carry in `<entities>.<label>`: those not bound to an existing field, nor ignored."""
        return [name for name, label in self.labels.items() if label.field is None and label.use != "ignore"]
