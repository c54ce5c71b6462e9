"""Amounts in text: a number with its multiplier, and the currency or unit before or after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bridge.schema import CURRENCIES, MEASURES, convert, is_currency
from bridge.tagging.grammar._numbers import Number, read_number, read_spaced
from bridge.tagging.grammar._tokens import Tokens
from bridge.tagging.grammar._units import SMALLER, find_marks
from bridge.tagging.grammar._words import QuantityWords


def _by_form(forms: Callable[[str], tuple[str, ...]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for code in CURRENCIES:
        for form in forms(code):
            found.setdefault(form, set()).add(code)
    return {form: frozenset(codes) for form, codes in found.items()}


_SIGNS = _by_form(lambda code: CURRENCIES[code].signs)
_CURRENCY_WORDS = _by_form(lambda code: CURRENCIES[code].words)
#: Letters that multiply where they touch the number: `$2k`. Without a currency `5m` is five metres.
_LETTERS: Mapping[str, float] = {"k": 1e3, "m": 1e6}
#: Codes that may stand before an amount (`USD 20`); those that are also words or names of other things may not.
_CODES_BEFORE = frozenset(code.lower() for code in CURRENCIES) - {"try", "php", "all", "cad"}


#: Of money a point groups thousands where three digits follow it: no price has three decimals, a weight may.
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
#: Kinds of a token that touches a unit, and of the unit's own token, that make it none: `5%off`, `5%3`.
_NO_UNIT = frozenset({("word", "word"), ("word", "other"), ("number", "other")})


@dataclass(frozen=True, slots=True)
class Amount:
    """A number in a text with what it counts.

    `currencies` are the codes that a sign or word allows, None where there is neither; `units` what the unit may mean,
    likeliest first. Without both it is a *bare* number. `first` and `last` are token positions, `last` exclusive;
    `digits` is the position after the number itself, `factor` what a `k` multiplied it by. `plus` is a `+` between
    number and unit: `4+ stars`. `dotted` is written as `1.200`: thousands where it is money.
    """

    value: float
    first: int
    last: int
    currencies: frozenset[str] | None = None
    units: tuple[str, ...] = ()
    digits: int = 0
    factor: float = 1.0
    spelled: bool = False
    plus: bool = False
    dotted: bool = False

    @property
    def bare(self) -> bool:
        return self.currencies is None and not self.units

    def unit_for(self, unit: str | None) -> str | None:
        """Which of its units is meant where a label is in `unit`: that one, else the first of the same dimension."""
        if unit is None or is_currency(unit):
            return None
        if unit in self.units:
            return unit
        dimension = MEASURES[unit].dimension
        return next((one for one in self.units if MEASURES[one].dimension == dimension), None)

    def value_in(self, unit: str | None) -> float | None:
        """The value in a label's unit; None where it counts something else. A bare number is in any unit already."""
        if is_currency(unit) and (self.bare or unit in (self.currencies or ())):
            return round(self.value * 1000, 6) if self.dotted else self.value
        if self.bare:
            return self.value
        if is_currency(unit):
            return None
        own = self.unit_for(unit)
        return None if own is None or unit is None else convert(self.value, own, unit)


class AmountReader:
    """Reads the amounts of one tokenised text.

    `fits(value, units)` says whether a label could hold such an amount: letters and words that also mean something
    else (`5 m`, `20 in`) are units only then. `names(at)` says whether the name of a label starts at a token.
    """

    def __init__(
        self,
        tokens: Tokens,
        words: QuantityWords,
        fits: Callable[[float, tuple[str, ...]], bool],
        names: Callable[[int], bool] | None = None,
    ) -> None:
        self._tokens = tokens
        self._pack = words.pack
        self._units = words.units
        self._openers = words.openers
        self._ish = words.pack.about_after
        self._fits = fits
        self._names = names or (lambda _: False)
        self._marks = find_marks(tokens)

    def read(self, at: int, *, compared: bool = False, joined: bool = False) -> Amount | None:
        """The amount that starts at a token, or None.

        None also where the number is part of something else: `3x4`, `10:30`, `24/7`, `1080p`. `compared`: a comparator
        stands before, so `a gallon` is one. `joined`: a dash or `x` before it belongs to a range or size.
        """
        first = at
        minus = self._tokens.word(at) in self._pack.numbers.minus
        currencies, at = self._currency_before(at + minus)
        number = read_number(self._tokens, at, self._pack.numbers)
        if number is None or (number.spelled and currencies is not None):
            return None
        if compared and number.last == at + 1:
            number = self._spaced(at, signed=currencies is not None) or number
        signed = currencies is None and not joined and self._has_minus(first)
        if not (joined or signed or self._free_before(first, currency=currencies is not None, compared=compared)):
            return None
        dotted = number.last == at + 1 and _THOUSANDS.fullmatch(self._tokens[at].form) is not None
        amount = Amount(
            number.value, first, number.last, currencies, (), number.last, spelled=number.spelled, dotted=dotted
        )
        amount = self._count(self._multiply(amount), number, compared=compared)
        if signed or minus:
            if not any(MEASURES[unit].dimension == "temperature" for unit in amount.units):
                return None
            amount = replace(amount, value=-amount.value, first=first - signed)
        if number.spelled and not _may_be_spelled(amount, number, compared=compared or self._names(amount.last)):
            return None
        if (number.fraction and amount.bare) or (not compared and self._is_name(amount)):
            return None
        return amount if self._free_after(amount) else None

    def read_unit(self, amount: Amount, at: int) -> Amount | None:
        """A bare amount with the unit or currency word that stands apart from it: `16 or more` `gb`."""
        counted = self._count(replace(amount, last=at), None, compared=True)
        return None if counted.bare else counted

    def fits_unit(self, amount: Amount) -> bool:
        """Whether the unit that stands behind a bare amount, if it is one, is one that a label could hold it in."""
        found = self._units.read(self._tokens, amount.last)
        return found is not None and self._fits(amount.value, found[0])

    # ------------------------------------------------------------------------------------------ parts of an amount

    def _currency_before(self, at: int) -> tuple[frozenset[str] | None, int]:
        """The currency that a sign (`$`), a spaced sign (`us $`) or a code (`USD`) before an amount names."""
        token, following = self._tokens.get(at), self._tokens.get(at + 1)
        if token is None or following is None:
            return None, at
        if token.kind == "sign":
            return _SIGNS.get(token.form), at + 1
        if token.kind == "word":
            if following.kind == "sign" and token.form + following.form in _SIGNS:
                return _SIGNS[token.form + following.form], at + 2
            number = at + 2 if following.form == "." else at + 1  # "rs. 500"
            if token.form in _CODES_BEFORE and number < len(self._tokens) and self._tokens[number].kind == "number":
                return _CURRENCY_WORDS[token.form], number
        return None, at

    def _spaced(self, at: int, *, signed: bool) -> Number | None:
        """A number of money in groups of three: `under 1 299,95 $`. Elsewhere they may be two: `over 15 450 hp`."""
        number = read_spaced(self._tokens, at)
        return number if number is not None and (signed or self._is_currency_word(number.last)) else None

    def _multiply(self, amount: Amount) -> Amount:
        token = self._tokens.get(amount.last)
        if token is None or token.kind != "word":
            return amount
        if self._tokens.touches(amount.last):
            factor = _LETTERS.get(token.form)
            if amount.currencies is None and token.form == "m" and not self._is_currency_word(amount.last + 1):
                factor = None  # five metres
            elif amount.currencies is None and token.form == "k" and self._fits(amount.value, ("kelvin",)):
                factor = None
        else:
            factor = self._pack.multipliers.get(token.form)
        if factor is None:
            return amount
        last = amount.last + 1
        return replace(amount, value=amount.value * factor, last=last, factor=factor, dotted=False)

    def _count(self, amount: Amount, number: Number | None, *, compared: bool) -> Amount:
        """The amount with the currency or unit behind it; as it is where nothing counts it."""
        at = amount.last
        plus = number is not None and self._tokens.is_other(at, "+") and self._tokens.touches(at)
        if plus:
            at += 1
        dash = self._tokens.is_hyphen(at)
        if dash:
            at += 1
        after = None if dash and self._tokens[at].kind == "sign" else self._currency_after(at)
        units = self._unit_at(at, amount, compared=compared) if amount.currencies is None else None
        if after is not None and (amount.currencies is None or after & amount.currencies):
            both = after if amount.currencies is None else after & amount.currencies
            counted = replace(amount, currencies=both, units=units[0] if units else (), last=at + 1, plus=plus)
        elif after is not None:
            counted = replace(amount, currencies=frozenset(), last=at + 1, plus=plus)  # two currencies: none
        elif units is not None:
            counted = self._with_smaller(replace(amount, units=units[0], last=units[1], plus=plus))
        else:
            return amount
        return counted

    def _currency_after(self, at: int) -> frozenset[str] | None:
        token = self._tokens.get(at)
        if token is None:
            return None
        if token.kind == "sign":
            follows = self._tokens.get(at + 1)
            opens = follows is not None and follows.kind == "number" and follows.start == token.end
            return _SIGNS[token.form] if self._tokens.touches(at) or not opens else None
        return _CURRENCY_WORDS.get(token.form) if token.kind == "word" else None

    def _unit_at(self, at: int, amount: Amount, *, compared: bool) -> tuple[tuple[str, ...], int] | None:
        """The units that stand at a token, and the position after them and their full stop: `36 in. wide`."""
        found = self._plain_unit_at(at, amount, compared=compared)
        if found is None or not (self._tokens.is_other(found[1], ".") and self._tokens.touches(found[1])):
            return found
        follows = self._tokens.get(found[1] + 1)
        goes_on = follows is not None and follows.kind == "word" and not self._tokens.touches(found[1] + 1)
        return (found[0], found[1] + 1) if goes_on else found

    def _plain_unit_at(self, at: int, amount: Amount, *, compared: bool) -> tuple[tuple[str, ...], int] | None:
        if at in self._marks:
            if at > amount.digits:
                return None
            last = at + 2 if self._marks.get(at + 1) == self._marks[at] == "inch" else at + 1
            return (self._marks[at],), last
        found = self._units.read(self._tokens, at)
        if found is None:
            return None
        units, last = found
        token, after = self._tokens[at], self._tokens.get(last)
        # A split word (`5ft10`) goes on with a number; nothing else goes on without a space.
        goes_on = after is not None and after.start == self._tokens[last - 1].end
        if goes_on and after is not None and (after.kind, token.kind) in _NO_UNIT and not self._is_side(last):
            return found if self._names(last) else None  # "16gbram"
        if token.form in self._pack.prepositions:
            meant = self._is_no_preposition(at, last, amount, units, compared=compared)
            return found if meant else None
        if self._units.is_doubtful(token) and last == at + 1 and not self._tokens.touches(at):
            # "size 9 w", "5 w 30": a letter of its own needs a number of its own, too.
            alone = after is None or after.kind != "number"
            apart = self._tokens.word(amount.first - 1) not in self._pack.designations
            return found if alone and apart and not amount.spelled and self._fits(amount.value, units) else None
        return found

    def _is_no_preposition(self, at: int, last: int, amount: Amount, units: tuple[str, ...], *, compared: bool) -> bool:
        """Whether a unit that is also a preposition (`in`) is meant as one: `48 in entry table`, not `2 in 1`."""
        if self._tokens.is_other(last, "-") and self._tokens.is_hyphen(last):
            last += 1
        following = self._tokens.get(last)
        if following is not None and read_number(self._tokens, last, self._pack.numbers) is not None:
            return False
        if amount.spelled:
            return False
        if self._tokens.touches(at):
            return True
        if not self._fits(amount.value, units):
            return False
        if following is None or following.kind in ("other", "times", "compare") or self._names(last):
            return True
        if following.form in self._pack.sides | self._pack.joins:
            return True
        # A number that opens the text has nothing before it that could be "in" something.
        return amount.first == 0 and not compared and following.form not in self._pack.after_preposition

    def _with_smaller(self, amount: Amount) -> Amount:
        """`5 ft 10 in`, `5'10"`, `2 lb 3 oz`: one amount in the smaller unit."""
        amount = self._with_a_half(amount)
        larger = next((unit for unit in amount.units if unit in SMALLER), None)
        token = self._tokens.get(amount.last)
        if larger is None or token is None or token.kind != "number":
            return amount
        smaller = SMALLER[larger]
        number = read_number(self._tokens, amount.last, self._pack.numbers)
        whole = convert(amount.value, larger, smaller)
        if number is None or whole is None or number.value >= (convert(1.0, larger, smaller) or 0.0):
            return amount
        found = self._units.read(self._tokens, number.last)
        if number.last in self._marks:
            found = ((self._marks[number.last],), number.last + 1)
            if self._marks.get(number.last + 1) == "inch":
                found = (found[0], number.last + 2)
        if found is not None and (smaller in found[0] or (smaller == "minute" and found[0] == ("m",))):
            last = found[1]  # also `1h 30m`
        elif self._tokens.touches(amount.last) and larger == "foot":
            last = number.last  # 5'10
        else:
            return amount
        return replace(amount, value=round(whole + number.value, 6), units=(smaller,), last=last)

    def _with_a_half(self, amount: Amount) -> Amount:
        """`an hour and a half`."""
        words, last = self._pack.numbers, amount.last
        if self._tokens.word(last) in words.joins and self._tokens.word(last + 1) in words.articles:
            part = words.parts.get(self._tokens.word(last + 2))
            if part is not None and self._units.read(self._tokens, last + 3) is None:
                return replace(amount, value=amount.value + part, last=last + 3)
        return amount

    # ------------------------------------------------------------------------------------------ what stands around

    def _is_name(self, amount: Amount) -> bool:
        """Whether number and unit together are a name: `3m`, `5g`."""
        if amount.last != amount.digits + 1 or not amount.units:
            return False
        return "".join(token.form for token in self._tokens[amount.first : amount.last]) in self._pack.names

    def _has_minus(self, first: int) -> bool:
        """Whether a minus sign touches the number and nothing touches the sign: `-5`."""
        if first == 0 or self._tokens[first - 1].form not in ("-", "−"):
            return False
        if self._tokens[first - 1].end != self._tokens[first].start:
            return False
        return first == 1 or self._tokens[first - 2].end != self._tokens[first - 1].start

    def _free_before(self, first: int, *, currency: bool, compared: bool) -> bool:
        """Whether nothing before the amount makes it part of a longer thing (`covid-19`, `1/2`, `a.5`, `10:30`)."""
        if first == 0 or self._tokens[first - 1].end != self._tokens[first].start:
            return True
        before = self._tokens[first - 1]
        if compared and before.form in self._openers:
            return True  # "under50$"
        if before.kind != "other":
            return before.kind == "compare" or (before.kind == "sign" and not currency)
        if before.form in ":,/":
            return first < 2 or self._tokens[first - 2].kind not in ("number", "times")
        return before.form in "([{\"'“‘~=+;|" or (before.form in "-–—" and currency)

    def _free_after(self, amount: Amount) -> bool:
        """Whether nothing that touches the amount's end makes it part of a longer thing (`1080p`, `5%`, `$5/lb`)."""
        last = amount.last
        if not self._tokens.touches(last):
            return True
        after = self._tokens[last]
        if after.kind == "other":
            if after.form == "-" and amount.units and self._tokens.is_hyphen(last):
                return not self._is_bare_number(last + 1)  # `5w-30` is a grade
            if after.form == "/":
                following = self._tokens.get(last + 1)
                return bool(amount.units) and following is not None and following.kind == "number"
            return after.form in ",.;!?)]}+-–—*" or (not amount.bare and after.form in "\"'”’|:")
        if after.kind in ("compare", "times") or after.form in self._ish:
            return True
        return self._names(last) or (not amount.bare and self._is_side(last))  # `3br`, `16gbram`, `36"w`

    def _is_side(self, at: int) -> bool:
        """Whether a letter of a size stands at a token: `36"w`."""
        return self._tokens.word(at) in self._pack.side_letters

    def _is_bare_number(self, at: int) -> bool:
        """Whether a number stands at a token that nothing counts."""
        number = read_number(self._tokens, at, self._pack.numbers)
        if number is None:
            return False
        return self._count(Amount(number.value, at, number.last, digits=number.last), number, compared=True).bare

    def _is_currency_word(self, at: int) -> bool:
        token = self._tokens.get(at)
        return token is not None and (token.kind == "sign" or token.form in _CURRENCY_WORDS)


def _may_be_spelled(amount: Amount, number: Number, *, compared: bool) -> bool:
    """Whether a number in words is meant as one: `fifty dollars`, `under fifty`; not `one hour photo`, `a pint`."""
    if number.article:
        return amount.units == ("dozen",) or (compared and not amount.bare)
    if amount.bare:
        return compared and amount.value > 1
    name_like = any(MEASURES[unit].dimension in ("count", "time") for unit in amount.units)
    return compared or amount.value != 1.0 or not name_like
