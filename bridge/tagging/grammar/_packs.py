"""Grammar packs: what the grammars know of a language, as YAML data in one folder a language.

`en/quantities.yaml`, `en/dates.yaml`, … each have a pydantic model that says which keys a pack of that name has. Every
scalar is read as the text that stands there (`no`, `on` and `off` are words here), and a model converts what it wants.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bridge.errors import SchemaError
from bridge.schema import read_yaml


class Pack(BaseModel):
    """Base of the models of packs: no unknown keys, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


P = TypeVar("P", bound=Pack)


@lru_cache(maxsize=64)
def load_pack(language: str, name: str, model: type[P]) -> P | None:
    """The pack of a name for a language code (`en`, `en-GB`), read once; None where that language has none.

    Raises SchemaError, naming file, line and key, where the file does not fit the model.
    """
    code = language.lower()[:2]
    file = files(__package__).joinpath(code, f"{name}.yaml")
    if not (code.isascii() and code.isalpha() and file.is_file()):
        return None
    return parse_pack(file.read_text("utf-8"), model, source=f"{code}/{name}.yaml")


def parse_pack(text: str, model: type[P], *, source: str = "<string>") -> P:
    """A pack from YAML text. Raises SchemaError with every problem, each as `source:line: key: what is wrong`."""
    document = read_yaml(text, source)
    if not document.problems:
        try:
            return model.model_validate(document.data)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                path = tuple(part for part in detail["loc"] if part != "[key]")
                document.problem(path, detail["msg"])
    raise SchemaError.together(document.problems)
