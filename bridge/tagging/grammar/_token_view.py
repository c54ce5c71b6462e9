"""Looking at tokens by position: words, figures, and what touches what. No position is out of range."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.tagging.grammar._tokens import Token

_QUOTES = "'’‘"
#: No date has more figures.
_MOST_FIGURES = 10


class TokenView:
    """The tokens of a text."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self._forms = [_form(token) for token in tokens]

    def form(self, at: int) -> str:
        """The word at a token, in lower case and without a possessive ending; empty where there is none. `&` is one."""
        return self._forms[at] if 0 <= at < len(self._forms) else ""

    def number(self, at: int) -> str | None:
        """The figures at a token; None where there are none, or more than any date has."""
        if not 0 <= at < len(self.tokens) or self.tokens[at].kind != "number" or len(self.tokens[at].form) > 10:
            return None
        form = self.tokens[at].form
        return form if form.isascii() else None

    def joined(self, at: int, forms: str) -> bool:
        """Whether the token is one of these characters."""
        return 0 <= at < len(self.tokens) and self.tokens[at].kind == "other" and self.tokens[at].form in forms

    def is_quote(self, at: int) -> bool:
        return self.joined(at, _QUOTES)

    def touches(self, at: int, free: str = "") -> bool:
        """Whether a token follows the one before it without a space, other than the characters in `free`."""
        if not 0 < at < len(self.tokens) or self.tokens[at].start != self.tokens[at - 1].end:
            return False
        return not (self.tokens[at].kind == "other" and self.tokens[at].form in free) if free else True


def _form(token: Token) -> str:
    if token.kind != "word" and token.form != "&":
        return ""
    return token.form[:-2] if token.form[-2:] in ("'s", "’s") else token.form
