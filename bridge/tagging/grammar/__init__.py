"""Grammars read amounts, dates and words that order out of a text, without a model.

find_quantities("organic coffee under $20", schema)   # one match: label price, value Interval(lt=20.0)

What a grammar knows of a language is a pack of YAML beside it (`en/quantities.yaml`); signs and symbols are the same in
all. Every grammar works on the same tokens, is linear in the text's length and raises on no text.
"""

from bridge.tagging.grammar._amounts import Amount
from bridge.tagging.grammar._date_labels import is_calendar_year
from bridge.tagging.grammar._dates import find_dates, read_date
from bridge.tagging.grammar._documents import DocumentPack, load_documents
from bridge.tagging.grammar._explicit import read_interval, read_number
from bridge.tagging.grammar._function import FunctionPack, known_languages, load_function_words
from bridge.tagging.grammar._match import QuantityMatch
from bridge.tagging.grammar._negation import NegationPack, load_negation, phrase_pattern
from bridge.tagging.grammar._numbers import MAX_NUMBER, parse_number
from bridge.tagging.grammar._packs import Pack, load_pack, parse_pack
from bridge.tagging.grammar._quantities import find_quantities
from bridge.tagging.grammar._sorts import SortMatch, find_sorts
from bridge.tagging.grammar._tokens import Token, tokenise
from bridge.tagging.grammar._values import ValuePack, load_values
from bridge.tagging.grammar._vocabulary import Rank, Vocabulary, load_vocabulary
from bridge.tagging.grammar._words import opens_amount, opens_designation, unit_words

__all__ = [
    "MAX_NUMBER",
    "Amount",
    "DocumentPack",
    "FunctionPack",
    "NegationPack",
    "Pack",
    "QuantityMatch",
    "Rank",
    "SortMatch",
    "Token",
    "ValuePack",
    "Vocabulary",
    "find_dates",
    "find_quantities",
    "find_sorts",
    "is_calendar_year",
    "known_languages",
    "load_documents",
    "load_function_words",
    "load_negation",
    "load_pack",
    "load_values",
    "load_vocabulary",
    "opens_amount",
    "opens_designation",
    "parse_number",
    "parse_pack",
    "phrase_pattern",
    "read_date",
    "read_interval",
    "read_number",
    "tokenise",
    "unit_words",
]
