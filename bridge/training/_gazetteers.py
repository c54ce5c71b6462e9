"""Generated sentences around values of gazetteers; a type is only ever a negative of types it cannot overlap with."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from bridge.errors import TrainingDataError
from bridge.evaluation import Example, Mention
from bridge.scorer import split_words

#: Names of types by gazetteer. The gazetteers that may train are fixed by `may_train`, before any training.
NAMES: dict[str, tuple[str, ...]] = {
    "appliance": ("appliance", "household appliance", "kitchen or home appliance", "device"),
    "board_game": ("board game", "game", "tabletop game"),
    "book_author": ("author", "writer", "book author"),
    "book_title": ("book title", "book", "title of a book"),
    "bread_or_pastry": ("bread or pastry", "baked good", "pastry"),
    "car_brand": ("car brand", "car maker", "vehicle make", "automobile manufacturer"),
    "cheese_curd": ("cheese", "type of cheese", "dairy product"),
    "clothing": ("clothing", "garment", "item of clothing", "apparel"),
    "color_xkcd": ("color", "colour", "shade"),
    "disease": ("disease", "illness", "medical condition"),
    "dog_breed": ("dog breed", "breed of dog", "type of dog"),
    "drug": ("drug", "medication", "medicine"),
    "fish_seafood": ("fish or seafood", "seafood", "type of fish"),
    "fruit": ("fruit", "kind of fruit"),
    "gemstone": ("gemstone", "precious stone", "mineral"),
    "hospital": ("hospital", "medical center", "clinic"),
    "household_object": ("household object", "everyday object", "thing in the house"),
    "industry": ("industry", "business sector", "line of business"),
    "menu_item": ("menu item", "dish", "meal"),
    "musical_instrument": ("musical instrument", "instrument"),
    "nba_team": ("basketball team", "sports team", "nba team"),
    "newspaper": ("newspaper", "news outlet", "publication"),
    "nfl_team": ("football team", "sports club", "nfl team"),
    "pizza_topping": ("pizza topping", "topping"),
    "plant": ("plant", "plant species", "flower or tree"),
    "programming_language": ("programming language", "coding language"),
    "scientist": ("scientist", "researcher", "famous scientist"),
    "sport": ("sport", "athletic activity", "kind of sport"),
    "symptom": ("symptom", "sign of illness"),
    "tv_show": ("tv show", "television series", "tv series"),
    "us_state": ("us state", "american state", "state"),
}

#: Gazetteers whose types may overlap: none of a group is taught as absent because another one is there.
_GROUPS = (
    {"appliance", "household_object", "clothing", "musical_instrument", "board_game", "sport"},
    {
        "bread_or_pastry",
        "cheese_curd",
        "fish_seafood",
        "fruit",
        "menu_item",
        "pizza_topping",
        "plant",
        "color_xkcd",
        "household_object",
    },
    {"book_author", "scientist"},
    {"book_title", "tv_show", "newspaper", "board_game"},
    {"disease", "symptom"},
    {"nba_team", "nfl_team", "us_state"},
    {"gemstone", "color_xkcd"},
    {"hospital", "industry"},
)

_FRAMES = (
    "{}",
    "{}",
    "i like {} very much",
    "tell me about {}",
    "what is {} ?",
    "{} and {}",
    "we talked about {} yesterday",
    "search for {}",
    "is {} any good ?",
    "compare {} with {}",
    "my friend told me about {}",
    "the article mentions {} , {} and {}",
    "there was {} near the {}",
    "she wrote a review of {}",
    "how much is {}",
    "{} is one of the best known in the country",
    "in 2019 , {} became popular again",
    "find information on {}",
    "they asked for {} instead of {}",
    "a short history of {}",
    "{} ( see also {} )",
    "do people still care about {} ?",
    "yesterday we saw {} on the way home",
    "the difference between {} and {}",
    "please add {} to the list",
    "buy {} online",
    "{} near me",
    "photos of {}",
    "an introduction to {} for beginners",
    "nobody expected {} to win",
    "experts say that {} matters more than {}",
    "Many visitors come here because of {} .",
    "The report deals with {} in detail .",
    "He has been interested in {} since childhood .",
    "Some prefer {} , others {} .",
    "All about {} : facts , pictures and prices .",
    "According to the study , {} is rare .",
)


def may_train(gazetteer: str) -> bool:
    """Whether a gazetteer may train: the first byte of its name's SHA-256 is even. The others measure unseen labels."""
    return hashlib.sha256(gazetteer.encode()).digest()[0] % 2 == 0


TRAINING_GAZETTEERS = tuple(name for name in NAMES if may_train(name))


def read_gazetteer(folder: Path, name: str) -> list[str]:
    """The values of one gazetteer, blank lines dropped.

    Raises:
        TrainingDataError: it cannot be read.
    """
    path = folder / f"{name}.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise TrainingDataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    return [line.strip() for line in lines if line.strip()]


def gazetteer_texts(size: int, *, seed: int, folder: Path) -> list[Example]:
    """Generate annotated sentences about values of the training gazetteers; the same seed gives the same texts.

    Raises:
        TrainingDataError: a gazetteer cannot be read.
    """
    rng = random.Random(f"{seed}/gazetteers")
    values = {name: read_gazetteer(folder, name) for name in TRAINING_GAZETTEERS}
    examples = []
    for _ in range(size):
        words: list[str] = []
        mentions: list[Mention] = []
        used: set[str] = set()
        same = rng.choice(TRAINING_GAZETTEERS) if rng.random() < 0.5 else None
        for token in rng.choice(_FRAMES).split():
            if token != "{}":
                words += split_words(token).texts
                continue
            name = same or rng.choice(TRAINING_GAZETTEERS)
            value = rng.choice(values[name])
            found = split_words(value.lower() if rng.random() < 0.5 else value).texts
            mentions.append(Mention(len(words), len(words) + len(found) - 1, NAMES[name][0]))
            words += found
            used.add(name)
        unsure = {NAMES[other][0] for group in _GROUPS if group & used for other in group} - {NAMES[n][0] for n in used}
        examples.append(Example(tuple(words), tuple(mentions), unsure=tuple(sorted(unsure))))
    return examples


#: Phrasings of the generated labels.
PHRASINGS = {names[0]: names[1:] for names in NAMES.values()}
