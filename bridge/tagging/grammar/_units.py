"""Units as text writes them: signs that every language shares, and the words of a language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from unicodedata import category

from bridge.schema import MEASURES
from bridge.tagging.grammar._tokens import Token, tokenise

#: What a mark that touches a number stands for: `15"`, `5'`.
INCH_MARKS = '"″”'
FOOT_MARKS = "'′’"
#: The smaller unit that may follow a larger one: `5 ft 10 in`, `2 lb 3 oz`, `1 hour 30 minutes`.
SMALLER: Mapping[str, str] = {"foot": "inch", "lb": "oz", "hour": "minute", "minute": "second"}


class UnitForms:
    """Every way to write a unit, looked up by its first token.

    A form may stand for several units: `oz` is a weight and a volume, `°` an angle and two temperatures. The likeliest
    comes first, in the order of `MEASURES`.
    """

    def __init__(self, words: Mapping[str, Iterable[str]], doubtful: Iterable[str] = ()) -> None:
        found: dict[tuple[str, ...], list[str]] = {}
        for symbol, measure in MEASURES.items():
            for form in (*measure.signs, *words.get(symbol, ())):
                key = tuple(token.form for token in tokenise(form))
                meant = found.setdefault(key, [])
                if symbol not in meant:
                    meant.append(symbol)
        self._forms: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        for key, meant in found.items():
            self._forms.setdefault(key[0], []).append((key, tuple(meant)))
        for forms in self._forms.values():
            forms.sort(key=lambda item: -len(item[0]))
        self._doubtful = frozenset(doubtful)
        #: Single words for units that a name may be written in one with: `16gbram`.
        self.joinable = frozenset(key[0] for key in found if len(key) == 1 and key[0].isalpha() and len(key[0]) > 1)

    def read(self, tokens: Sequence[Token], at: int) -> tuple[tuple[str, ...], int] | None:
        """The units that the tokens from one on may name, and the position after them; the longest form wins.

        The full stop of an abbreviation is passed over: `fl. oz`.
        """
        if at >= len(tokens):
            return None
        for form, meant in self._forms.get(tokens[at].form, ()):
            position = at + 1
            for part in form[1:]:
                if position < len(tokens) and tokens[position].form == "." and part != ".":
                    position += 1
                if position >= len(tokens) or tokens[position].form != part:
                    break
                position += 1
            else:
                return meant, position
        return None

    def is_doubtful(self, token: Token) -> bool:
        """Whether a form is also a letter or a word of its own, so that it is no unit without more support."""
        return token.form in self._doubtful or (len(token.form) == 1 and token.form.isalpha())


def find_marks(tokens: Sequence[Token]) -> dict[int, str]:
    """Positions of the marks that mean inches or feet, with the unit: those that close no quotation."""
    marks: dict[int, str] = {}
    open_double = open_single = False
    for at, token in enumerate(tokens):
        if token.kind != "other" or token.form not in INCH_MARKS + FOOT_MARKS + "“‘":
            continue
        before = tokens[at - 1] if at else None
        touches = before is not None and before.end == token.start
        on_number = touches and before is not None and (before.kind == "number" or category(before.form[-1]) == "No")
        if token.form in INCH_MARKS:
            if on_number and not open_double:
                marks[at] = "inch"
            elif token.form != "″":
                open_double = token.form == '"' and not open_double
        elif token.form == "“":
            open_double = True
        elif token.form in FOOT_MARKS:
            if touches and marks.get(at - 1) == "foot" and before is not None and before.form == token.form:
                marks[at - 1] = marks[at] = "inch"  # 36''
            elif on_number and not open_single:
                marks[at] = "foot"
            elif token.form != "′":
                open_single = token.form == "'" and not touches
        else:
            open_single = True
    return marks
