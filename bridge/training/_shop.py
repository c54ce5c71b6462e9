"""Generated shop queries and product texts with their annotation, from own word lists and free gazetteers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from bridge.evaluation import Example, Mention
from bridge.scorer import split_words
from bridge.training._gazetteers import TRAINING_GAZETTEERS, read_gazetteer
from bridge.training._shop_words import Family, shop_words

#: A piece of text with its label, or None for filler.
Piece = tuple[str, str | None]

#: Gazetteers that add product types, brands or values to a family: (gazetteer, family, label).
_ADDED = (
    ("appliance", "kitchen", "product type"),
    ("household_object", "furniture", "product type"),
    ("clothing", "clothes", "product type"),
    ("musical_instrument", "pets_and_more", "product type"),
    ("bread_or_pastry", "food", "product type"),
    ("cheese_curd", "food", "product type"),
    ("fish_seafood", "food", "product type"),
    ("menu_item", "food", "product type"),
    ("fruit", "food", "flavor"),
    ("gemstone", "pets_and_more", "material"),
    ("color_xkcd", "*", "color"),
    ("board_game", "toys", "product type"),
)

#: Labels that one text's annotation leaves open when another label is in it: the same words could carry both.
_BLURRED: Mapping[str, tuple[str, ...]] = {
    "flavor": ("ingredient", "feature", "scent"),
    "scent": ("ingredient", "flavor"),
    "dietary attribute": ("feature",),
    "feature": ("dietary attribute", "style", "material", "theme"),
    "capacity": ("size", "quantity", "feature"),
    "size": ("quantity", "capacity"),
    "quantity": ("size",),
    "origin": ("flavor", "style", "theme"),
    "style": ("feature", "theme"),
    "model": ("product type", "theme"),
    "theme": ("brand",),
    "material": ("feature", "flavor"),
    "color": ("material",),
    "ingredient": ("feature", "flavor", "scent"),
    "department": ("size",),
    "room": ("department",),
    "compatible product": ("brand", "model"),
}

_OPENERS = (
    "looking for",
    "i need",
    "show me",
    "buy",
    "best",
    "find me",
    "where to buy",
    "i want",
    "good",
    "do you have",
    "any",
    "need a",
    "gift:",
    "can i get",
    "search",
    "the best",
    "top rated",
    "shop",
)
_SENTENCES = (
    "{brand} {type} made with {value} for everyday use .",
    "Enjoy the {value} {type} from {brand} .",
    "This {type} by {brand} is {value} and comes with free shipping .",
    "are {type} with {value} and easy setup .",
    "is a {value} {type} that you will love . It is {value} .",
    "Our {type} : {value} , {value} , {value} .",
    "The {brand} {type} offers {value} , {value} and great quality .",
    "A {value} {type} perfect for families , friends and coworkers .",
    "Includes one {type} , {value} . Manufactured by {brand} .",
    "Features : {value} , {value} . Color : {color} .",
    "You get {value} {type} at the price of {price} .",
    "Made by {brand} , this {value} {type} is available in {color} and {color} .",
    "{type} , {value}",
    "{brand} is known for its {type} .",
)


def shop_texts(size: int, *, seed: int, gazetteers: Path | None = None) -> list[Example]:
    """Generate annotated shop texts: a third queries, a third titles, the rest sentences and mixed forms.

    Args:
        size: how many.
        seed: same seed, same texts.
        gazetteers: folder of value lists, one value a line; only those set aside for training are read.

    Raises:
        TrainingDataError: a gazetteer that is needed cannot be read.
    """
    rng = random.Random(f"{seed}/shop")
    families = _families(gazetteers)
    every_label = sorted({label for _, _, values in families for label in values} | {"product type", "brand", "price"})
    examples = []
    for _ in range(size):
        family = rng.choice(families)
        pieces = rng.choice((_query, _query, _title, _title, _sentence))(family, rng)
        if rng.random() < 0.1:
            pieces = [(_typo(text, rng) if rng.random() < 0.4 else text, label) for text, label in pieces]
        examples.append(_annotate(pieces, every_label))
    return examples


def _families(folder: Path | None) -> list[Family]:
    words = shop_words().families
    names = list(words)
    families = {name: (list(types), list(brands), {k: list(v) for k, v in values.items()})
                for name, (types, brands, values) in words.items()}  # fmt: skip
    for gazetteer, target, label in _ADDED if folder else ():
        assert gazetteer in TRAINING_GAZETTEERS
        extra = [value for value in read_gazetteer(folder, gazetteer) if len(value.split()) <= 4]  # type: ignore[arg-type]
        for name in names if target == "*" else [target]:
            types, _, values = families[name]
            place = types if label == "product type" else values.get(label)
            if place is not None:
                # Own words stay about half of what is drawn, however long the gazetteer is.
                repeat = max(1, len(extra) // max(1, len(place)))
                place[:] = place * repeat + extra
    return [Family(tuple(t), tuple(b), {k: tuple(v) for k, v in values.items()}) for t, b, values in families.values()]


def _some(values: Mapping[str, Sequence[str]], rng: random.Random, most: int) -> list[Piece]:
    labels = rng.sample(sorted(values), k=min(len(values), rng.randint(0, most)))
    return [(rng.choice(values[label]), label) for label in labels]


def _query(family: Family, rng: random.Random) -> list[Piece]:
    """`red nike shoes under $50`, in lower case, parts in any order, some left out."""
    types, brands, values = family
    before = _some(values, rng, 2)
    after: list[Piece] = []
    if before and rng.random() < 0.3:
        after = [(rng.choice(("", "in", "with", "for")), None), before.pop()]
    pieces = list(before)
    if rng.random() < 0.55:
        pieces.insert(rng.randint(0, len(pieces)), (rng.choice(brands), "brand"))
    if rng.random() < 0.88 or not pieces:
        kind = rng.choice(types)
        pieces.append((_plural(kind) if rng.random() < 0.2 else kind, "product type"))
    pieces += after
    if rng.random() < 0.2:
        pieces.append((rng.choice(shop_words().prices), "price"))
    if rng.random() < 0.06:
        pieces += [
            (rng.choice(("not", "without", "no", "but not", "except")), None),
            (rng.choice(types), "product type"),
        ]
    if rng.random() < 0.15:
        pieces.insert(0, (rng.choice(_OPENERS), None))
    if rng.random() < 0.08:
        rng.shuffle(pieces)
    return [(text.lower(), label) for text, label in pieces if text]


def _title(family: Family, rng: random.Random) -> list[Piece]:
    """`Kirkland Signature Organic Quinoa, 2 kg, 2-count`."""
    types, brands, values = family
    pieces: list[Piece] = [(rng.choice(brands), "brand")] if rng.random() < 0.85 else []
    if "model" in values and rng.random() < 0.4:
        pieces.append((rng.choice(values["model"]), "model"))
    rest = {label: v for label, v in values.items() if label not in {"model", "size", "quantity", "capacity"}}
    extra = _some(rest, rng, 4)
    cut = rng.randint(0, len(extra))
    pieces += extra[:cut]
    pieces.append((rng.choice(types), "product type"))
    separator = rng.choice((",", ",", "-", "|", "", "with"))
    for piece in extra[cut:] + _some(
        {k: v for k, v in values.items() if k in {"size", "quantity", "capacity"}}, rng, 2
    ):
        if separator:
            pieces.append((separator if separator != "with" else ",", None))
        pieces.append(piece)
    if rng.random() < 0.1:
        pieces.append(
            (rng.choice(("( renewed )", "free shipping", "value pack", "new arrival", "assorted", "various")), None)
        )
    return pieces


def _sentence(family: Family, rng: random.Random) -> list[Piece]:
    """A sentence of a description."""
    types, brands, values = family
    pieces: list[Piece] = []
    for token in rng.choice(_SENTENCES).split():
        if token == "{brand}":
            pieces.append((rng.choice(brands), "brand"))
        elif token == "{type}":
            pieces.append((rng.choice(types), "product type"))
        elif token == "{price}":
            pieces.append((f"${rng.randint(2, 900)}{rng.choice(('', '.99', '.50'))}", "price"))
        elif token == "{color}" and "color" in values:
            pieces.append((rng.choice(values["color"]), "color"))
        elif token in {"{value}", "{color}"}:
            label = rng.choice(sorted(values))
            pieces.append((rng.choice(values[label]), label))
        else:
            pieces.append((token, None))
    return pieces


def _annotate(pieces: Sequence[Piece], every_label: Sequence[str]) -> Example:
    words: list[str] = []
    mentions = []
    for text, label in pieces:
        found = split_words(text).texts
        if label is not None and found:
            mentions.append(Mention(len(words), len(words) + len(found) - 1, label))
        words += found
    labels = {mention.label for mention in mentions}
    unsure = {other for label in labels for other in _BLURRED.get(label, ())} - labels
    unsure |= {other for label in labels for other in _BLURRED.get(label, ()) if other == "product type"}
    # What the family cannot have is absent; of what it could have, only what was put in is known.
    return Example(tuple(words), tuple(mentions), unsure=tuple(sorted(unsure & set(every_label))))


def _plural(text: str) -> str:
    if text.endswith(("s", "x", "ch", "sh")):
        return text
    return text[:-1] + "ies" if text.endswith("y") and text[-2:-1] not in "aeiou" else text + "s"


def _typo(text: str, rng: random.Random) -> str:
    if len(text) < 5:
        return text
    at = rng.randrange(1, len(text) - 2)
    match rng.randrange(3):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        case _:
            return text[:at] + text[at] + text[at:]
