"""Kinds of things: what a query looks for, as the product types that documents carry.

The head noun of a query says what sort of thing is looked for: `gaming keyboard` a keyboard, `laptop case` a case. Of a
label whose values are kinds (`position: head`, `use: expand`) all stored values that are near to it by meaning *and*
the same sort of thing (`notebook` for `laptop`, not `laptop bag`) widen the text and boost; what is only made for it
(`laptop bag`) ranks lower. Nothing here ever filters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bridge.clauses import Terms
from bridge.entities import Entity
from bridge.query._decisions import Decision, accepted, clause_for
from bridge.query._link import singular
from bridge.query._meaning import Meanings, head_noun, kinds_of
from bridge.query._words import FUNCTION_WORDS, PREPOSITIONS, Range, Word, between, overlaps, words
from bridge.schema import Schema
from bridge.tagging import Dictionary, match_words
from bridge.tagging.grammar import load_documents, load_values, load_vocabulary

#: A stored value is a kind of what is looked for from this cosine on, where it is also the same sort of thing: see
#: `Meanings.alike`. Chosen on the dev queries of benchmarks/relevance, see docs/relevance.md.
NEAR, SAME = 0.60, 0.52
#: The same by another name from here on. A value so near whose head says another sort of thing is a kind as well where
#: one of these stands up for it: `notebook pc` is no `notebook` by its head, but a `laptop`.
EQUAL = 0.70
#: Where nothing is so near, or a name (`iphone 7`) is looked for, what is near to some degree still widens the text, so
#: that something is found.
NEAR_NAME, SAME_NAME = 0.45, 0.40
#: Only made for what is looked for: near, another sort of thing, and one of the two an accessory.
MADE_NEAR, MADE_SAME = 0.55, 0.45
#: Parts of the label's boost. A value that does not hold the one word that is looked for (`notebook` for `laptop`)
#: stands for documents that the text hardly finds: its boost makes up for the score of the words.
_OTHER_WORDS, _NEAR_PART = 4.0, 0.8
#: Stored values that one clause asks for, the nearest first.
MAX_KINDS = 24
#: Values that may stand up for others.
_WITNESSES = 3
_MAX_WORDS = 3
_SHORTEST = 3

_Near = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """The words that say what is looked for; `phrase` is how they are compared, `head` its last word.

    `is_name`: they name one thing and no kind.
    """

    start: int
    end: int
    phrase: str
    head: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Kinds:
    """The stored values of one label that are kinds of what is looked for, with their cosines, the nearest first.

    `equal` are the same thing, `renamed` the same in other words, `near` are similar, `vague` all that there is where
    nothing is near; `made_for` only goes with it.
    """

    label: str
    sought: Sought
    equal: _Near = ()
    renamed: _Near = ()
    near: _Near = ()
    vague: _Near = ()
    made_for: _Near = ()


def find_kinds(
    text: str,
    schema: Schema,
    meanings: Meanings | None,
    dictionary: Dictionary,
    taken: Sequence[Range],
    spans: Sequence[Entity],
    disabled: Collection[str] = frozenset(),
    deadline: float | None = None,
) -> list[Kinds]:
    """For each label of kinds the stored values that the words of the query mean; labels where they mean none are left
    out.

    `taken` are ranges that say something else (amounts, quotes, brands, what is not wanted), `spans` what dictionary
    and model take for kinds. Without `meanings` (no model) only what is stored in these words, or as a synonym of them.
    Raises DeadlineExceededError as `Meanings.alike` does.
    """
    found = []
    for label in kinds_of(schema, schema.labels):
        if label in disabled or not dictionary.values(label):
            continue
        heads = frozenset() if meanings is None else meanings.heads(label)
        sought = find_sought(text, schema, taken, [e for e in spans if e.label == label], heads)
        if sought is not None:
            stored = _stored(sought.phrase, label, dictionary)
            if not stored and meanings is None and not sought.is_name:
                stored = _named_by(spans, sought, label, dictionary)
            kinds = _Reading(label, sought, schema, meanings, deadline).kinds(stored)
            if kinds.equal or kinds.renamed or kinds.near or kinds.vague:
                found.append(kinds)
    return found


def find_sought(
    text: str,
    schema: Schema,
    taken: Sequence[Range] = (),
    spans: Sequence[Entity] = (),
    heads: Collection[str] = frozenset(),
) -> Sought | None:
    """What a query looks for: the last words of its last plain run before a preposition.

    Where the model says that a kind ends earlier and other words only describe it ("keyboard wireless"), the run ends
    with it. `heads` are words that the index's own kinds end in; they are no names.
    """
    vocabulary = load_vocabulary(tuple(schema.languages))
    run, numbered = _run(text, taken)
    said = [e.end for e in spans if run and e.source == "model" and run[0].start <= e.start and e.end <= run[-1].end]
    if said:
        run = [word for word in run if word.end <= max(said)]
    run = run[-_MAX_WORDS:]
    if not run:
        return None
    last = run[-1].folded
    stored = last in heads or singular(last) in heads
    if len(last) < _SHORTEST and not stored and (vocabulary is None or not vocabulary.knows(last)):
        return None
    named = vocabulary is not None and vocabulary.rank(last) == "name"
    is_name = not said and (numbered or (named and not stored))
    phrase = " ".join(word.folded for word in run)
    phrase = phrase if is_name else singular(phrase)
    return Sought(run[0].start, run[-1].end, phrase, head_noun(phrase), is_name)


def decide_kinds(kinds: Kinds, schema: Schema, text: str) -> list[Decision]:
    """The clauses of one label's kinds: they widen the text and boost, and what is only made for them ranks lower."""
    label, sought, decisions = schema.labels[kinds.label], kinds.sought, []
    tiers = (
        (kinds.equal, 1.0, "kinds of"),
        (kinds.renamed, _OTHER_WORDS, "other words for"),
        (kinds.near, _NEAR_PART, "similar to"),
        (kinds.vague, _NEAR_PART, "the nearest to"),
    )
    for values, part, what in tiers:
        if values:
            entity, condition = _entity(kinds, values, text), _condition(kinds, values, schema)
            clause = clause_for("expand", condition, entity, values[0][0], round(label.boost * part, 4), label.relax)
            reason = f"{what} {sought.phrase!r} by meaning ({_shown(values)}); the schema lets it widen the text"
            decisions.append(accepted(clause, (entity,), reason))
    if kinds.made_for:
        entity, condition = _entity(kinds, kinds.made_for, text), _condition(kinds, kinds.made_for, schema)
        clause = clause_for("demote", condition, entity, kinds.made_for[0][0], label.boost, label.relax)
        reason = f"goes with {sought.phrase!r} and is another sort of thing ({_shown(kinds.made_for)})"
        decisions.append(accepted(clause, (entity,), reason))
    return decisions


def why_not_sought(entity: Entity, kinds: Sequence[Kinds]) -> str | None:
    """Why a kind that dictionary or model saw gives no clause of its own; None where `kinds` speak for it."""
    own = next((one.sought for one in kinds if one.label == entity.label), None)
    if own is None:
        return "it is not what is looked for, or no stored value is near to it"
    return None if own.start <= entity.start and entity.end == own.end else f"what is looked for is {own.phrase!r}"


class _Reading:
    """What one label's stored values are to the words of one query."""

    def __init__(
        self, label: str, sought: Sought, schema: Schema, meanings: Meanings | None, deadline: float | None
    ) -> None:
        self._label, self._sought, self._meanings, self._deadline = label, sought, meanings, deadline
        self._accessories = _accessories(tuple(schema.languages))
        self._alike = self._compared(sought.phrase, sought.head)

    def kinds(self, stored: Sequence[str]) -> Kinds:
        """The values by what they are; `stored` are those that the words name."""
        sought = self._sought
        sure = dict.fromkeys(stored, 1.0)
        if not sought.is_name:
            alike = {key: near for key, (near, same) in self._alike.items() if near >= NEAR and same >= SAME}
            sure = {key: near for key, near in alike.items() if not self._only_describes(key)} | sure
            sure |= self._stood_up_for(sure)
        if not sure:
            vague = {k: near for k, (near, same) in self._alike.items() if near >= NEAR_NAME and same >= SAME_NAME}
            return Kinds(self._label, sought, vague=_ordered(vague))
        equal = {key: cosine for key, cosine in sure.items() if cosine >= EQUAL}
        several = len(words(sought.phrase)) > 1
        own = {k: cosine for k, cosine in equal.items() if several or k in stored or self._shares_words(k)}
        return Kinds(
            self._label,
            sought,
            equal=_ordered(own),
            renamed=_ordered({key: cosine for key, cosine in equal.items() if key not in own}),
            near=_ordered({key: cosine for key, cosine in sure.items() if key not in equal}),
            made_for=_ordered({} if sought.is_name else self._made_for(sure)),
        )

    def _compared(self, phrase: str, head: str) -> dict[str, tuple[float, float]]:
        if self._meanings is None:
            return {}
        rows = self._meanings.alike(self._label, phrase, head, deadline=self._deadline)
        return {key: (near, same) for key, near, same in rows}

    def _stood_up_for(self, sure: Mapping[str, float]) -> dict[str, float]:
        """Near values of another head that are the same sort of thing as one that is meant for sure."""
        doubtful = {
            key: near
            for key, (near, _) in self._alike.items()
            if near >= EQUAL and key not in sure and not self._is_accessory(key) and not self._only_describes(key)
        }
        if not doubtful:
            return {}
        witnesses = [
            self._compared(key, head_noun(key))
            for key, _ in _ordered(sure)
            if min(self._alike.get(key, (0.0, 0.0))) >= EQUAL
        ][:_WITNESSES]
        return {
            key: near
            for key, near in doubtful.items()
            if any(one[key][0] >= NEAR and one[key][1] >= SAME for one in witnesses)
        }

    def _made_for(self, sure: Mapping[str, float]) -> dict[str, float]:
        """Values that only go with it: of one more word at most, as longer ones may be two things in a row."""
        longest = len(words(self._sought.phrase)) + 1
        own = self._is_accessory(self._sought.head)
        return {
            key: near
            for key, (near, same) in self._alike.items()
            if near >= MADE_NEAR
            and same < MADE_SAME
            and key not in sure
            and len(words(key)) <= longest
            and (own or self._is_accessory(key))
        }

    def _only_describes(self, key: str) -> bool:
        """Whether a value's head is a word that describes in the query: the printer of "printer paper"."""
        *before, head = [word.stem for word in match_words(self._sought.phrase)] or [""]
        return any(word.stem in before and word.stem != head for word in match_words(key)[-1:])

    def _is_accessory(self, name: str) -> bool:
        found = match_words(name)
        return bool(found) and not self._accessories.isdisjoint((found[-1].stem, found[-1].folded))

    def _shares_words(self, key: str) -> bool:
        own = {word.stem for word in match_words(self._sought.phrase)}
        return any(word.stem in own for word in match_words(key))


def _accessories(languages: tuple[str, ...]) -> frozenset[str]:
    return load_values(languages).accessories | load_documents(languages).accessories


def _ordered(values: Mapping[str, float]) -> _Near:
    return tuple(sorted(values.items(), key=lambda one: (-one[1], one[0]))[:MAX_KINDS])


def _condition(kinds: Kinds, values: _Near, schema: Schema) -> Terms:
    return Terms(schema.field_of(kinds.label), tuple(sorted(key for key, _ in values)))


def _stored(words: str, label: str, dictionary: Dictionary) -> tuple[str, ...]:
    """The stored values that the words name, or are synonyms of."""
    link = dictionary.lookup(label, words)
    return () if link is None or link.how == "typo" else tuple(sorted(link.keys))


def _named_by(spans: Sequence[Entity], sought: Sought, label: str, dictionary: Dictionary) -> tuple[str, ...]:
    """The stored values that the last of the words name: `keyboard` in "gaming keyboard"."""
    ending = [e for e in spans if e.label == label and e.source == "dictionary" and e.end == sought.end]
    longest = min(ending, key=lambda e: e.start, default=None)
    return () if longest is None else _stored(longest.text, label, dictionary)


def _run(text: str, taken: Sequence[Range]) -> tuple[list[Word], bool]:
    """The last run of plain words before a preposition, and whether a bare number ends it (`iphone 7`)."""
    runs: list[list[Word]] = []
    numbered, open_ = False, False
    end = 0
    for word in words(text):
        span = (word.start, word.end)
        if word.folded in PREPOSITIONS and runs:
            break
        ends = bool(between(text, end, word.start).strip("-/&+"))
        end = word.end
        digits = any(sign.isdigit() for sign in word.folded)
        if word.folded in FUNCTION_WORDS or digits or any(overlaps(span, one) for one in taken):
            numbered = numbered or (digits and open_ and not any(overlaps(span, one) for one in taken))
            open_ = False
            continue
        if open_ and not ends:
            runs[-1].append(word)
        else:
            runs.append([word])
            numbered = False
        open_ = True
    return (runs[-1] if runs else []), numbered


def _entity(kinds: Kinds, values: _Near, text: str) -> Entity:
    start, end = kinds.sought.start, kinds.sought.end
    return Entity(kinds.label, text[start:end], values[0][0], start, end, min(1.0, values[0][1]), "model")


def _shown(values: _Near) -> str:
    return ", ".join(f"{key} {cosine:.3f}" for key, cosine in values)
