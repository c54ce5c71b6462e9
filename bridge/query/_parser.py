"""The parser: user text + schema + values → plan, as one readable list of steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bridge.clauses import Explanation, Plan
from bridge.entities import Entity, Interval, Stats
from bridge.errors import DeadlineExceededError, InputError
from bridge.query._cache import PlanCache
from bridge.query._candidates import (
    also_years,
    from_dictionary,
    from_grammar,
    from_model,
    is_whole,
    second_readings,
    sift,
    sift_amounts,
    sift_closed,
    sift_cues,
    sift_readings,
)
from bridge.query._cues import find_cues
from bridge.query._decide import agree, decide_free_text, decide_value
from bridge.query._decide_amounts import decide_amount
from bridge.query._decide_sorts import agree_on_order, decide_sort
from bridge.query._decisions import Context, Decision, rejected
from bridge.query._kinds import Kinds, decide_kinds, find_kinds, why_not_sought
from bridge.query._language import evidence, foreign_reason
from bridge.query._link import link, link_meant
from bridge.query._meaning import Meant, find_meant, kinds_of
from bridge.query._misspelt import Speller
from bridge.query._modifiers import Modifiers
from bridge.query._negation import Negation, apply_negation, taking
from bridge.query._options import Options, unknown_names
from bridge.query._plan import assemble, plain_plan
from bridge.query._position import Positions
from bridge.query._syntax import Syntax, read_syntax
from bridge.query._token import decode_plan, token_form
from bridge.query._values import Values, schema_fingerprint
from bridge.query._words import Range, overlaps, words
from bridge.schema import Schema, normalise
from bridge.scorer import Scorer
from bridge.tagging import Link, QuantityMatch, Rejected, read_date, resolve

#: A text of more characters is no search query; it stays as it is.
MAX_TEXT = 2_000
#: A text of more characters is not shown to the model: its time would exceed any query's budget.
MAX_MODEL_TEXT = 512
#: A text that names more things is a list or a page, no search query; it stays as it is.
MAX_FOUND = 64
_DEFAULT = Options()


@dataclass(frozen=True, slots=True)
class _Work:
    """What one parse has found so far."""

    text: str
    syntax: Syntax
    quantities: tuple[QuantityMatch, ...] = ()
    entities: tuple[Entity, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    negation: Negation = field(default_factory=Negation)
    notes: tuple[str, ...] = ()
    #: Label and range of each span that the model is sure of, whoever else found it.
    sure: frozenset[tuple[str, Range]] = frozenset()
    #: What misspelt values link to, by label and range.
    guesses: Mapping[tuple[str, Range], Link] = field(default_factory=dict)
    #: What the model proposed, with the runners-up of each.
    proposed: Mapping[Entity, tuple[Entity, ...]] = field(default_factory=dict)
    #: Ranges of numbers that are a stored value and may be a year as well.
    years: frozenset[Range] = frozenset()


class QueryParser:
    """Turns what a user typed into a `Plan`. Thread-safe.

    `scorer` may be None: then there is no model step. `values` is asked on every parse, so it may change under way.
    `clock` gives the moment that relative dates count from (default: now, UTC). `cache_size` plans are kept.
    """

    def __init__(
        self,
        schema: Schema,
        scorer: Scorer | None,
        values: Values,
        *,
        clock: Callable[[], datetime] | None = None,
        cache_size: int = 4096,
    ) -> None:
        self.schema = schema
        self._scorer = scorer
        self._values = values
        self._clock = clock or (lambda: datetime.now(UTC))
        self._fields = tuple(sorted({schema.field_of(name) for name in schema.labels}))
        self._fingerprint = schema_fingerprint(schema)
        self._zone = ZoneInfo(schema.timezone)
        #: Whether what a text means may depend on the day: "last week", "newest".
        self._dated = any(label.kind == "date" or label.unit == "year" for label in schema.labels.values())
        self._cache = PlanCache(cache_size)
        for label in schema.labels.values():
            normalise(label, "words")  # some normalisers load their rules on first use: not inside a query's budget
        self._speller = Speller(schema)
        self._kind_labels = frozenset(kinds_of(schema, schema.labels))
        evidence(tuple(schema.languages))

    def parse(self, text: str, options: Options | None = None, *, deadline: float | None = None) -> Plan:
        """The plan for one user text.

        `deadline` is a `time.monotonic()` value. Raises DeadlineExceededError when it has passed, InputError for a
        text that is no string, a damaged plan token or one for another text, and whatever the scorer raises; never
        for what a text says.
        """
        if not isinstance(text, str):
            raise InputError("must be a string", where="text")
        options = options or _DEFAULT
        if options.off:
            return self._plain(text, "switched off by the request")
        if options.plan is not None:
            return self._repeat(text, options.plan)
        if not text.strip():
            return self._plain(text, "no text")
        if len(text) > MAX_TEXT:
            return self._plain(text, f"more than {MAX_TEXT} characters: not taken for a search query")
        # Lone surrogates can be typed but neither tokenised nor sent on: they are read as `?`, offset for offset.
        readable = token_form(text)
        now = self._moment(options)
        key = self._key(readable, options, now)
        cached = self._cache.get(key) if options.score is None else None
        plan = cached if cached is not None else self._parse(readable, options, now, deadline)
        if cached is None and options.score is None:
            self._cache.put(key, plan)
        return plan if readable == text else _restored(plan, text)

    def _repeat(self, text: str, token: str) -> Plan:
        """The plan of a token, which must be for this text and schema: nothing else was counted and agreed on."""
        plan = decode_plan(token)
        if plan.schema != self.schema.name or plan.text != token_form(text):
            raise InputError("the plan token is for another text or schema", where="plan", hint="leave it out")
        return plan if plan.text == text else _restored(plan, text)

    def _parse(self, text: str, options: Options, now: datetime, deadline: float | None) -> Plan:
        _check(deadline)
        stored = from_dictionary(text, self.schema, self._values.dictionary(), options)
        foreign = foreign_reason(text, self.schema, options.language, [(e.start, e.end) for e in stored])
        spread = self._spread()

        def dates(written: str, label: str) -> Interval | None:
            return read_date(written, label, self.schema, now, stats=spread)

        syntax = Syntax()
        if "syntax" not in options.disable:
            syntax = read_syntax(text, self.schema, options.disable, stored, dates)
        amounts = [] if foreign is not None else from_grammar(text, self.schema, now, spread, options)
        work = self._propose(text, syntax, stored, amounts, options, foreign is not None, deadline)
        notes = [*syntax.notes, *([foreign] if foreign else [])]
        notes += [f'"{name}" in `disable` is no label, step or clause' for name in self._unknown(options)]
        work = replace(work, notes=(*work.notes, *notes))
        meant = [] if foreign is not None else self._meant(work, options, deadline)
        kinds = [] if foreign is not None else self._kinds(work, options, deadline)
        decisions = self._decide(work, meant, kinds, foreign is not None, now)
        _check(deadline)
        return self._assemble(work, decisions, options)

    def _unknown(self, options: Options) -> list[str]:
        return unknown_names(sorted(options.disable), self.schema) if options.disable else []

    def _propose(
        self,
        text: str,
        syntax: Syntax,
        stored: list[Entity],
        quantities: list[QuantityMatch],
        options: Options,
        foreign: bool,
        deadline: float | None,
    ) -> _Work:
        """Propose, resolve, and give negations their reach."""
        notes: list[str] = []
        marked = len(syntax.named) + len(syntax.excluded) + len(syntax.protected)
        if marked + len(quantities) + len(stored) > MAX_FOUND:
            return _Work(text, Syntax(), notes=(f"more than {MAX_FOUND} things found: not taken for a search query",))
        quantities, late = sift_closed(quantities, [*syntax.protected, *(n.whole for n in syntax.named)])
        stored, rejected = sift(text, stored, syntax, self.schema)
        stored, refused = sift_amounts(stored, quantities)
        rejected += refused
        guesses: dict[tuple[str, Range], Link] = {}
        if not foreign:
            closed = [*syntax.protected, *(n.whole for n in syntax.named), *_consumed(quantities)]
            near = dict(self._speller.find(text, self._values.dictionary(), options, closed))
            misspelt, refused = sift(text, near, syntax, self.schema)
            rejected += refused
            guesses = {(e.label, (e.start, e.end)): near[e] for e in misspelt}
            stored = [*stored, *misspelt]
        spans: list[Entity] = []
        proposed: dict[Entity, tuple[Entity, ...]] = {}
        whole = any(is_whole(text, entity) for entity in stored)
        if len(text) > MAX_MODEL_TEXT:
            notes.append(f"more than {MAX_MODEL_TEXT} characters: the model was not asked")
        elif not foreign and not whole:
            _check(deadline)
            proposed = from_model(text, self.schema, self._scorer, options)
            spans, refused = sift(text, proposed, syntax, self.schema)
            rejected += refused
            _check(deadline)
        cues = []
        if "negation" not in options.disable:
            closed = [(e.start, e.end) for e in stored]
            limits = _consumed(quantities)
            cues = [] if foreign else find_cues(text, syntax, closed, self.schema.languages, limits)
            spans, refused, cues = sift_cues(spans, cues)
            rejected += refused
        grammar = [q.entity for q in quantities]
        named = [n.entity for n in syntax.named]
        accepted, lost = resolve([*named, *stored, *grammar, *spans], text=text)
        quantities = [q for q in quantities if q.entity in accepted]
        negation = Negation(tuple(accepted))
        if "negation" not in options.disable:
            negation = apply_negation(text, self.schema, syntax, cues, accepted, quantities)
        quantities = [taking(quantity, negation) for quantity in quantities]
        late += negation.unclear
        unclear = [one.entity for one in negation.unclear]
        back, lost = second_readings([*negation.entities, *unclear], lost, self.schema)
        back = [e for e in back if not any(e.start < u.end and u.start < e.end for u in unclear)]
        entities = (*negation.entities, *back)
        doubles, rejected, quantities = also_years(rejected, quantities)
        entities = (*entities, *doubles)
        years = frozenset((e.start, e.end) for e in doubles)
        sure = frozenset(
            (e.label, (e.start, e.end)) for e in spans if e.score >= self.schema.labels[e.label].band.filter
        )
        left = (*rejected, *late, *lost)
        return _Work(
            text, syntax, tuple(quantities), entities, left, negation, tuple(notes), sure, guesses, proposed, years
        )

    def _meant(self, work: _Work, options: Options, deadline: float | None) -> list[Meant]:
        """Stored values that words mean which nothing else has read."""
        meanings = self._values.meanings()
        whole = any(is_whole(work.text, entity) for entity in work.entities)
        if meanings is None or whole or "meaning" in options.disable or len(work.text) > MAX_MODEL_TEXT:
            return []
        taken = [
            *self._taken(work),
            *((entity.start, entity.end) for entity in work.entities if entity.source != "model" or entity.negated),
        ]
        return find_meant(work.text, words(work.text), self.schema, meanings, taken, options.disable, deadline)

    def _kinds(self, work: _Work, options: Options, deadline: float | None) -> list[Kinds]:
        """Stored kinds of what the query looks for."""
        if not self._kind_labels or work.negation.title or len(work.text) > MAX_MODEL_TEXT:
            return []
        own = [e for e in work.entities if self._is_kind(e)]
        taken = self._taken(work)
        for entity in work.entities:
            sure = entity.source != "model" or entity.score >= self.schema.labels[entity.label].band.filter
            if (
                sure
                and not self._is_kind(entity)
                and not any(overlaps((entity.start, entity.end), (one.start, one.end)) for one in own)
            ):
                taken.append((entity.start, entity.end))
        return find_kinds(
            work.text,
            self.schema,
            None if "meaning" in options.disable else self._values.meanings(),
            self._values.dictionary(),
            taken,
            own,
            options.disable,
            deadline,
        )

    def _taken(self, work: _Work) -> list[Range]:
        """What amounts, quotes, names of labels and negations have taken of a text."""
        return [
            *_consumed(work.quantities),
            *work.syntax.protected,
            *(named.whole for named in work.syntax.named),
            *(excluded.whole for excluded in work.syntax.excluded),
            *work.negation.consumes.values(),
            *(free.consumes for free in work.negation.free),
        ]

    def _is_kind(self, entity: Entity) -> bool:
        """Whether an entity is a kind of thing that the query names by itself: see `bridge.query._kinds`."""
        return entity.label in self._kind_labels and entity.source != "syntax" and not entity.negated

    def _decide(
        self, work: _Work, meant: Sequence[Meant], kinds: Sequence[Kinds], foreign: bool, now: datetime
    ) -> list[Decision]:
        text = work.text
        consumed = [
            *_consumed(work.quantities),
            *work.negation.consumes.values(),
            *(f.consumes for f in work.negation.free),
        ]
        consumed += [named.whole for named in work.syntax.named]
        dashed = {(item.start, item.end) for item in work.syntax.excluded}
        keywords = [e for e in work.entities if self._kind(e) == "keyword"]
        dictionary = self._values.dictionary()
        quoted = work.syntax.protected
        modifiers = Modifiers(
            self.schema, text, dictionary, keywords, consumed=consumed, quoted=quoted, supported=work.sure
        )
        positions = Positions(
            text,
            keywords,
            pack=modifiers.pack,
            consumed=consumed,
            quoted=quoted,
            describes=modifiers.describes,
            things=modifiers.named_things,
            languages=tuple(self.schema.languages),
        )
        context = Context(
            self.schema,
            text,
            self._values.fill_rate,
            self._values.stats,
            lambda entity, loose: (
                (entity.start, entity.end) not in work.years and positions.is_head(entity, loose=loose)
            ),
            # A dash is the user's own word on where the excluded thing ends.
            lambda entity: (entity.start, entity.end) in dashed or positions.ends_phrase(entity),
            lambda entity: self._doubt(entity, work) or modifiers.refusal(entity),
            whole=any(e.source == "dictionary" and is_whole(text, e) for e in keywords),
            foreign=foreign,
            negated=work.negation.consumes,
            precision=self._precision,
            now=now,
        )
        amounts = {(q.entity.start, q.entity.end, q.entity.label): q for q in work.quantities}
        decisions: list[Decision] = []
        groups: dict[Range, list[Entity]] = {}
        for entity in work.entities:
            if self._is_kind(entity) and not foreign:
                decisions += [] if (reason := why_not_sought(entity, kinds)) is None else [rejected(entity, reason)]
            elif self._kind(entity) == "keyword":
                groups.setdefault((entity.start, entity.end), []).append(entity)
            elif not foreign:
                match = amounts.get((entity.start, entity.end, entity.label))
                if match is not None and isinstance(entity.value, str):
                    decisions.append(decide_sort(entity, match, context))
                else:
                    decisions += decide_amount(entity, match, context)
        for readings in groups.values():
            group, lost = sift_readings(text, readings, keywords, positions.is_head, self.schema)
            decisions += [rejected(one.entity, one.reason) for one in lost]
            linked = [
                link(entity, self.schema, dictionary, work.guesses.get((entity.label, (entity.start, entity.end))))
                for entity in group
            ]
            decisions += decide_value([item for item in linked if item is not None], context)
        for one in meant:
            decisions += decide_value([link_meant(one, dictionary)], context)
        for each in kinds:
            decisions += decide_kinds(each, self.schema, text)
        decisions = agree_on_order(agree(decisions, self.schema, text, modifiers.pack.relations))
        if not foreign:
            decisions += [decide_free_text(free, context) for free in work.negation.free]
        return decisions

    def _doubt(self, entity: Entity, work: _Work) -> str | None:
        """Why a negation elsewhere in the text keeps a value from filtering."""
        if work.negation.title:
            return "the text begins as titles do"
        if (entity.start, entity.end) in work.years:
            return "it may be a year"
        doubtful = (entity.start, entity.end) in work.negation.doubtful
        return "it follows words that are not wanted" if doubtful else None

    def _assemble(self, work: _Work, decisions: Sequence[Decision], options: Options) -> Plan:
        secret = self.schema.document_security
        lost = () if secret else tuple(Explanation(r.entity, "rejected", r.reason) for r in work.rejected)
        if secret:
            decisions = [d for d in decisions if d.clause is not None]
        return assemble(
            self.schema,
            work.text,
            decisions,
            void=work.negation.void,
            named=[(work.negation.wholes.get(n.value, n.whole), n.value) for n in work.syntax.named],
            disabled=options.disable,
            generation=self._values.generation,
            mode="tiers" if self.schema.relaxation == "tiers" else "filters",
            notes=work.notes,
            explain=lost,
            proposed={} if secret else work.proposed,
        )

    def _plain(self, text: str, *notes: str) -> Plan:
        return plain_plan(self.schema, text, self._values.generation, *notes)

    def _precision(self, name: str) -> float | None:
        """How precise the model's spans of a label were measured to be: the schema's word counts before the model's."""
        own = self.schema.labels[name].precision
        calibration = getattr(self._scorer, "calibration", None)
        return own if own is not None or calibration is None else calibration.precision(self.schema.label_text(name))

    def _kind(self, entity: Entity) -> str:
        return self.schema.labels[entity.label].kind

    def _spread(self) -> dict[str, Stats]:
        known = ((field, self._values.stats(field)) for field in self._fields)
        return {field: stats for field, stats in known if stats is not None}

    def _moment(self, options: Options) -> datetime:
        """The moment of the query in the schema's zone; a time without a zone is taken for UTC."""
        now = options.now or self._clock()
        now = now if now.tzinfo is not None else now.replace(tzinfo=UTC)
        try:
            return now.astimezone(self._zone)
        except OverflowError:  # the first or last day that there is
            return now

    def _key(self, text: str, options: Options, now: datetime) -> Hashable:
        day = now.date() if self._dated else None
        facts = tuple((self._values.fill_rate(name), self._values.stats(name)) for name in self._fields)
        asked = (options.disable, options.language, options.runners_up)
        return (text, self._fingerprint, self._values.generation, facts, asked, day)


def _restored(plan: Plan, text: str) -> Plan:
    """A plan that was made for the readable form of a text, with what the user really typed."""
    entities = tuple(replace(e, text=text[e.start : e.end]) for e in plan.entities)
    return replace(plan, text=text, required=text if plan.required == plan.text else plan.required, entities=entities)


def _consumed(quantities: Iterable[QuantityMatch]) -> list[Range]:
    return [span for quantity in quantities for span in quantity.consumes]


def _check(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() >= deadline:
        raise DeadlineExceededError("the time budget of the query ran out")
