"""Words that carry structure, per language, and what tells one language from another: `function.yaml` of its pack."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from bridge.tagging.grammar._packs import Pack, load_pack

Words = frozenset[str]


class FunctionPack(Pack):
    """`function.yaml` of one language, all words in lower case; what is left out is empty.

    A language that has no grammar yet lists only what it is recognised by: `others`, `shared` and `things`.
    """

    #: Words after which something else is described: `case for smartwatch`.
    prepositions: Words = frozenset()
    #: Words that join the members of a list as a choice (`or`) or add one (`and`).
    choices: Words = frozenset()
    additions: Words = frozenset()
    #: Words that open a list: `either red or blue`.
    openers: Words = frozenset()
    determiners: Words = frozenset()
    #: Further words without a meaning of their own.
    others: Words = frozenset()
    #: Words that lead to an amount or a negation and mean nothing without it: `shoes for under $50`.
    introducing: Words = frozenset()
    #: Expressions taken from other languages (`eau de parfum`): they say nothing of the language of a text.
    loans: tuple[str, ...] = ()
    #: Words of the language that are also words of another one, or names: one alone tells nothing.
    shared: Words = frozenset()
    #: Everyday words of what shops and libraries hold that are no words of English: `fernseher`, `zapatos`.
    things: Words = frozenset()

    @property
    def all(self) -> Words:
        """Every word without a meaning of its own."""
        return self.prepositions | self.choices | self.additions | self.openers | self.determiners | self.others


@lru_cache(maxsize=16)
def load_function_words(language: str) -> FunctionPack:
    """The function words of a language code (`en`, `de-AT`); empty where it has no pack."""
    return load_pack(language, "function", FunctionPack) or FunctionPack()


@lru_cache(maxsize=1)
def known_languages() -> tuple[str, ...]:
    """Codes of the languages whose function words are known, sorted."""
    folders = (folder for folder in files(__package__).iterdir() if folder.joinpath("function.yaml").is_file())
    return tuple(sorted(folder.name for folder in folders))
