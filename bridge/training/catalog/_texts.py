"""Annotated queries and titles from the items of a catalogue.

What a query is made of is known word for word, so it teaches every label of the schema, as present or absent. Of a
title only the located values are known; its other words are left open.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bridge.evaluation import Example, Mention
from bridge.scorer import split_words
from bridge.tagging.grammar import load_function_words
from bridge.training.catalog._amounts import amount_text, amounts_in_title, rewritten_amount
from bridge.training.catalog._forms import joined_otherwise, misspelt, plural, singular
from bridge.training.catalog._items import FITS, MAKERS, Catalogue, Item, about
from bridge.training.catalog._located import Found, Locator, folded_words
from bridge.training.catalog._typical import other_names
from bridge.training.catalog._units import SharedUnits
from bridge.training.catalog._vocabulary import Piece, Vocabulary

#: By beginnings of words in a label's name or text: what may stand before and after its value, the value where {} is.
_PHRASES: Sequence[tuple[str, Sequence[str]]] = (
    (FITS.pattern, ("for {}", "for {}", "for my {}", "fits {}", "{}", "{}", "{}", "compatible with {}")),
    (r"ingredient|contains|component", ("with {}", "with {}", "with {} and {}", "without {}", "no {}", "in {}", "{}")),
    (r"allergen", ("without {}", "no {}", "{} free")),
    (r"occasion|event|holiday|season", ("for {}", "for {}", "{}")),
    (r"audience|gender|age|department|person|recipient", ("for {}", "{}")),
    (r"colou?r", ("{}", "{}", "{}", "{}", "in {}")),
    (r"connector|plug|port|socket|interface", ("{}", "{}", "{}", "{} to {}")),
    (r"material|fabric", ("{}", "{}", "made of {}", "in {}")),
    (r"brand|maker|manufacturer|author|artist|director|producer", ("{}", "{}", "{}", "{}", "by {}", "from {}")),
    (r"origin|country|region", ("{}", "{}", "{}", "from {}")),
    (r"packag|container", ("{}", "{}", "in {}", "in a {}")),
    (r"memory|storage|resolution|processor|system|connect|feature", ("{}", "{}", "{}", "with {}")),
)
_OPENERS = (
    *("looking for", "i need", "need", "show me", "buy", "best", "cheap", "cheapest", "find me", "where to buy", "any"),
    *("i want", "good", "do you have", "is there a", "got any", "what", "search", "new", "a", "please show", "get me"),
    *("what is the best", "recommend a", "which"),
)
_CLOSERS = (
    *("please", "plz", "cheap", "sale", "on sale", "online", "near me", "best price", "reviews", "deals"),
    *("not too expensive", "free shipping", "for sale", "best rated"),
)
#: How often a query has: a thing, an opener, a closer, a word of its title of unknown status,
#: a price.
_THING, _OPENER, _CLOSER, _OPEN, _TYPO, _SHUFFLED, _PRICE = 0.9, 0.12, 0.05, 0.12, 0.3, 0.08, 0.08
#: How often a piece of a query with typing errors has one, and that a second one.
_TYPO_OF_PIECE, _SECOND_TYPO = 0.5, 0.1
#: How often a compatible product has a maker's name before it.
_WITH_MAKER = 0.5
#: How often a query is about a label that is drawn evenly, instead of about an item.
_EVENLY = 0.7
#: How often a keyword value is drawn from other items instead of the item's own, and then from items of its kind.
_ANY_VALUE, _OF_KIND = 0.3, 0.6
#: How often a thing is a compound that no title has, and another value one that no title has.
_AKIN, _UNSEEN = 0.1, 0.15
#: How often a cue of the schema follows a value, and an amount whose unit other labels have, too.
_CUE, _TELLING_CUE = 0.4, 0.85


@dataclass
class CatalogueTexts:
    """Makes texts from a catalogue whose items have what mining found."""

    catalogue: Catalogue

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its words."""
        return Vocabulary(self.catalogue)

    @cached_property
    def units(self) -> SharedUnits:
        """Its number labels that share a unit."""
        return SharedUnits(self.catalogue)

    def phrasings(self) -> dict[str, list[str]]:
        """Other names of each label, by what the model is asked for."""
        asked = set(self.catalogue.labels.values())
        found = {}
        for name, text in self.catalogue.labels.items():
            label = self.catalogue.schema.labels[name]
            others = [name.replace("_", " "), *other_names(text)] + ([label.description] if label.description else [])
            if kept := [other for other in dict.fromkeys(others) if other not in asked]:
                found[text] = kept
        return found

    def queries(self, size: int, items: Sequence[Item], *, seed: int) -> list[Example]:
        """Annotated queries about items; the same seed gives the same queries."""
        rng = random.Random(f"{seed}/queries")
        rich = [item for item in items if item.values] or list(items)
        # Each label is met about equally often, however few documents carry it.
        carrying = {name: [i for i in rich if name in i.values or name in i.amounts] for name in self.catalogue.labels}
        labels = [n for n in carrying if carrying[n] and not self.catalogue.is_price(n)]
        examples: list[Example] = []
        while len(examples) < size:
            wanted = rng.choice(labels) if labels and rng.random() < _EVENLY else None
            pieces = self._query(rng.choice(carrying[wanted] if wanted else rich), wanted, rng)
            if example := self._example(pieces):
                examples.append(example)
        return examples

    def amounts(self, size: int, items: Sequence[Item], *, seed: int) -> list[Example]:
        """At most `size` queries with an amount that may be of several labels (`laptop 16 gb`), not annotated."""
        rng = random.Random(f"{seed}/amounts")
        thing = self.vocabulary.thing
        carrying = [(name, item) for name in sorted(self.units.same_unit) for item in items if name in item.amounts]
        examples: list[Example] = []
        for _ in range(size if carrying and thing is not None else 0):
            name, item = rng.choice(carrying)
            what, amount = self._stored(str(thing), item, rng), self._value(name, item, None, rng)
            if what is None or amount is None or not self.units.is_ambiguous(name, what):
                continue
            pieces: list[Piece] = [(what, ""), (amount[0], "")]
            if rng.random() < _SHUFFLED:
                pieces.reverse()
            words = [word for text, _ in self._written(pieces, rng) for word in split_words(text).texts]
            examples.append(Example(tuple(words), ()))
        return examples

    def titles(self, size: int, items: Sequence[Item], *, seed: int) -> list[Example]:
        """Titles and beginnings of descriptions in which values are located."""
        rng = random.Random(f"{seed}/title texts")
        shuffled = [item for item in items if item.values]
        rng.shuffle(shuffled)
        examples: list[Example] = []
        for item in shuffled:
            text = item.description if item.description and rng.random() < 0.2 else item.title
            if rng.random() < 0.4:
                text = text.lower()
            if example := self._located(item, text):
                examples.append(example)
            if len(examples) == size:
                break
        return examples

    def _query(self, item: Item, wanted: str | None, rng: random.Random) -> list[Piece]:
        """A query about an item that names the `wanted` label, if any."""
        things = self.catalogue.things()
        present = [name for name in self.catalogue.labels if name in item.values or name in item.amounts]
        others = [n for n in present if n not in things and not self.catalogue.is_price(n)]
        pools = self.vocabulary.alike(item) if rng.random() < _OF_KIND else self.vocabulary.pools
        missing = [name for name in self.vocabulary.pools if pools.get(name) and name not in {*present, *things}]
        if missing and rng.random() < _ANY_VALUE:  # so that rare labels are met often enough
            others.append(rng.choice(missing))
        count = min(len(others), rng.choices((0, 1, 2, 3, 4), (2, 4, 4, 2, 1))[0])
        if wanted in others:
            others.remove(wanted)
            count = max(count, 1)
        rng.shuffle(others)
        chosen = [wanted, *others][:count] if wanted is not None and wanted not in things else others[:count]
        rng.shuffle(chosen)
        thing = self.vocabulary.thing
        what = self._stored(thing, item, rng) if thing is not None and rng.random() < _THING else None
        phrases = [phrase for name in chosen if (phrase := self._phrase(name, item, what, rng))]
        # What is named with a word before it (`for`, `under`) and amounts mostly stand behind the thing.
        before: list[Piece] = []
        after: list[Piece] = []
        for phrase in phrases:
            late = phrase[0][1] == "" or any(c.isdigit() for c in phrase[0][0])
            # `galaxy s10 case` and `case galaxy s10` are both said.
            behind = 0.5 if phrase[0][1] in self.vocabulary.fits else 0.85 if late else 0.3
            (after if rng.random() < behind else before).extend(phrase)
        if what is None and thing is not None and not phrases:
            what = self._stored(thing, item, rng)
        if what is not None and thing is not None:
            value, roll = self._form(thing, what, rng), rng.random()
            value = plural(value) if roll < 0.25 else singular(value) if roll < 0.4 else value
            before += self.vocabulary.taken_apart(value, thing)
        for name in present:
            if self.catalogue.is_price(name) and rng.random() < _PRICE:
                after += self._phrase(name, item, what, rng)
        pieces = before + after
        if rng.random() < _OPEN:
            words = [w for w in item.title.split() if any(c.isalnum() for c in w)]
            at = rng.randrange(len(words)) if words else 0
            pieces.insert(rng.randint(0, len(pieces)), (" ".join(words[at : at + rng.randint(1, 2)]), None))
        if rng.random() < _SHUFFLED:
            rng.shuffle(pieces)
        if thing is not None:
            pieces = self.vocabulary.joined(pieces, thing)
        if rng.random() < _OPENER:
            pieces.insert(0, (rng.choice(_OPENERS), ""))
        if rng.random() < _CLOSER:
            pieces.append((rng.choice(_CLOSERS), ""))
        return self._written(pieces, rng)

    def _phrase(self, name: str, item: Item, thing: str | None, rng: random.Random) -> list[Piece]:
        """A value of a label, or two, with the words around, in a query that names the `thing`, if any."""
        found = self._value(name, item, thing, rng)
        if found is None:
            return []
        said = about(name, self.catalogue)
        if name in self.vocabulary.fits and rng.random() < _WITH_MAKER:
            makers = [v for other, values in item.values.items() if MAKERS.search(other) for v in values]
            if makers and not found[0].casefold().startswith(makers[0].casefold()):
                found = f"{makers[0]} {found[0]}", found[1]
        phrases = next((p for words, p in _PHRASES if re.search(rf"\b(?:{words})", said)), ("{}",))
        before, *between, after = rng.choice(phrases).split("{}")
        cues = self.catalogue.schema.labels[name].cues
        told = bool(cues) and rng.random() < (_CUE if found[1] else _TELLING_CUE)
        # Without its cue `16 gb` of a laptop may be memory or storage: nothing is taught of it.
        pieces: list[Piece] = [(before.strip(), ""), (found[0], name if told or found[1] else None)]
        for joint in between:
            second = self._value(name, item, thing, rng)
            if second is not None and second != found:
                pieces += [(joint.strip(), ""), (second[0], name if told or second[1] else None)]
        pieces.append((after.strip(), ""))
        if told:
            pieces.append((rng.choice(cues), ""))
        return [piece for piece in pieces if piece[0]]

    def _value(self, name: str, item: Item, thing: str | None, rng: random.Random) -> tuple[str, bool] | None:
        """One way to write a value of an item, or of any, and whether it can only be of this label."""
        if self.catalogue.is_number(name):
            if name not in item.amounts:
                return None
            text = amount_text(rng.choice(item.amounts[name]), self.catalogue.schema.labels[name], rng)
            return None if text is None else (text, self.units.is_clear(name, thing))
        stored = self._stored(name, item, rng)
        if stored is None:
            return None
        owners = self.vocabulary.labels_of.get(folded_words(split_words(stored).texts), ())
        sure = self.catalogue.schema.labels[name].field is not None or stored in item.values.get(name, ())
        return self._form(name, stored, rng), sure or len(owners) < 2

    def _stored(self, name: str, item: Item, rng: random.Random) -> str | None:
        """A value of a keyword label as it is stored, mostly the item's own or one of an item of its kind."""
        if name == self.vocabulary.thing and self.vocabulary.akin and rng.random() < _AKIN:
            return rng.choice(self.vocabulary.akin)
        if (unseen := self.vocabulary.unseen.get(name)) and rng.random() < _UNSEEN:
            return rng.choice(unseen)
        own = item.values.get(name)
        if own and rng.random() >= _ANY_VALUE:
            return rng.choice(own)
        kind = None
        # What things are is sure enough where a field holds it; what titles were read to name is met in any query.
        sure = name not in self.catalogue.things() or self.catalogue.schema.labels[name].field is not None
        if sure and rng.random() < _OF_KIND:
            kind = self.vocabulary.alike(item).get(name)
        pool = kind or self.vocabulary.pools[name]
        return rng.choice(pool) if pool else None

    def _form(self, name: str, stored: str, rng: random.Random) -> str:
        value = rng.choice(self.vocabulary.forms[name].get(stored, [stored]))
        return rewritten_amount(value, rng) or (joined_otherwise(value, rng) if rng.random() < 0.15 else value)

    def _written(self, pieces: Sequence[Piece], rng: random.Random) -> list[Piece]:
        """In the letters of a hasty shopper."""
        roll = rng.random()
        typo = rng.random() < _TYPO
        written = []
        for text, label in pieces:
            if typo and rng.random() < _TYPO_OF_PIECE:
                text = misspelt(text, rng)
                text = misspelt(text, rng) if rng.random() < _SECOND_TYPO else text
            written.append((text.lower() if roll < 0.85 else text.title() if roll < 0.9 else text, label))
        return written

    def _example(self, pieces: Sequence[Piece]) -> Example | None:
        words: list[str] = []
        mentions: list[Mention] = []
        unknown: list[tuple[int, int]] = []
        unsure: set[str] = set()
        for text, name in pieces:
            found = split_words(text).texts
            if not found:
                continue
            span = (len(words), len(words) + len(found) - 1)
            words += found
            if name is None:
                unknown.append(span)
            elif name:
                mentions.append(Mention(*span, self.catalogue.labels[name]))
                unsure |= self.vocabulary.labels_of.get(folded_words(found), set()) - {name}
        labels = {mention.label for mention in mentions}
        open_labels = {self.catalogue.labels[name] for name in unsure} - labels
        if not mentions:
            return None
        return Example(tuple(words), tuple(mentions), unsure=tuple(sorted(open_labels)), unknown=tuple(unknown))

    def _located(self, item: Item, text: str) -> Example | None:
        words = split_words(text).texts
        values: list[tuple[str, str]] = []
        for name, stored in item.values.items():
            values += [(form, name) for value in stored for form in self.vocabulary.forms[name].get(value, [value])]
        for name, amounts in item.amounts.items():
            label = self.catalogue.schema.labels[name]
            values += [(form, name) for amount in amounts for form in amounts_in_title(amount, label)]
        found = [one for place in Locator(values).find(words) for one in self._apart(place, words)]
        if not found:
            return None
        known = {at for first, last, _ in found for at in range(first, last + 1)}
        skipped = load_function_words("en").all
        unknown = tuple(
            (at, at)
            for at, word in enumerate(words)
            if at not in known and any(c.isalnum() for c in word) and word.casefold() not in skipped
        )
        mentions = tuple(Mention(first, last, self.catalogue.labels[name]) for first, last, name in found)
        return Example(tuple(words), mentions, unknown=unknown)

    def _apart(self, found: Found, words: Sequence[str]) -> Iterator[Found]:
        """A thing that a title names as queries have it: taken apart where another label has a word of it."""
        first, last, name = found
        if name != self.vocabulary.thing:
            yield found
            return
        for text, label in self.vocabulary.taken_apart(" ".join(words[first : last + 1]), name):
            count = len(text.split())
            yield first, first + count - 1, str(label)
            first += count
