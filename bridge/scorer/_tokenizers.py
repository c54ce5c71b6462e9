"""Finding the tokenizer of a checkpoint, with as little of transformers as it needs.

Importing all of transformers takes longer than everything else that a start does. Most tokenizers are their
`tokenizer.json` and nothing else, which the `tokenizers` library reads; of those that transformers builds anew, the
usual ones are imported alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from tokenizers import Tokenizer

from bridge.errors import CheckpointError


class FastTokenizer(Protocol):
    """What is used of a tokenizer of transformers."""

    is_fast: bool
    model_max_length: int
    pad_token: str | None
    pad_token_id: int | None
    backend_tokenizer: Tokenizer

    def __len__(self) -> int: ...
    def get_vocab(self) -> dict[str, int]: ...
    def add_tokens(self, tokens: Sequence[str], special_tokens: bool = False) -> object: ...


def load_tokenizer(folder: Path) -> FastTokenizer:
    """The fast tokenizer of a folder. CheckpointError where it cannot be loaded; code in the folder never runs."""
    try:
        tokenizer = _plain(folder) or _built(folder)
    except Exception as error:  # transformers and its converters raise whatever they like
        raise CheckpointError(
            f"the tokenizer cannot be loaded ({type(error).__name__}: {error})",
            where=str(folder),
            hint="add the backbone's tokenizer.json and tokenizer_config.json",
        ) from error
    return tokenizer


class _Plain:
    """A tokenizer that is its `tokenizer.json`."""

    is_fast = True

    def __init__(self, backend: Tokenizer, *, limit: int, pad: str) -> None:
        self.backend_tokenizer = backend
        self.model_max_length = limit
        self.pad_token: str | None = pad
        self.pad_token_id: int | None = backend.token_to_id(pad)

    def __len__(self) -> int:
        return int(self.backend_tokenizer.get_vocab_size(with_added_tokens=True))

    def get_vocab(self) -> dict[str, int]:
        return self.backend_tokenizer.get_vocab(with_added_tokens=True)

    def add_tokens(self, tokens: Sequence[str], special_tokens: bool = False) -> object:
        add = self.backend_tokenizer.add_special_tokens if special_tokens else self.backend_tokenizer.add_tokens
        return add(list(tokens))


#: Classes under which transformers takes a `tokenizer.json` as it is.
_AS_IT_IS = {"PreTrainedTokenizerFast", "TokenizersBackend"}
_SPECIAL = ("bos_token", "eos_token", "cls_token", "sep_token", "unk_token", "pad_token", "mask_token")
#: What else may stand in a `tokenizer_config.json` without changing how text becomes ids.
_IDLE = {
    "tokenizer_class", "model_max_length", "backend", "is_local", "clean_up_tokenization_spaces", "padding_side",
    "model_input_names", "local_files_only",
}  # fmt: skip


def _plain(folder: Path) -> _Plain | None:
    """The tokenizer without transformers; None where that would not surely give the same ids."""
    config = _json(folder / "tokenizer_config.json")
    file = folder / "tokenizer.json"
    special = {name: config[name] for name in _SPECIAL if config.get(name) is not None}
    others = {name for name, value in config.items() if name not in _SPECIAL and value not in (None, {}, [])}
    if (
        config.get("tokenizer_class") not in _AS_IT_IS
        or not others <= _IDLE
        or not all(isinstance(token, str) for token in special.values())
        or not isinstance(config.get("model_max_length"), int | float)
        or "pad_token" not in special
        or not file.is_file()
        or any((folder / name).exists() for name in ("special_tokens_map.json", "added_tokens.json"))
    ):
        return None
    backend = Tokenizer.from_file(str(file))
    known = {token.content for token in backend.get_added_tokens_decoder().values() if token.special}
    if not set(special.values()) <= known or not _adds(backend, special):
        return None
    return _Plain(backend, limit=int(config["model_max_length"]), pad=special["pad_token"])


def _adds(backend: Tokenizer, special: Mapping[str, str]) -> bool:
    """Whether sequences begin and end with the special tokens that transformers would make sure of."""
    tokens = backend.encode("a").tokens
    first, last = special.get("bos_token"), special.get("eos_token")
    return (first is None or tokens[0] == first) and (last is None or tokens[-1] == last)


#: Tokenizers that transformers builds from a vocabulary, by class and model type: where they are.
_KNOWN = {
    "BertTokenizer": ("bert", "transformers.models.bert.tokenization_bert"),
    "DebertaV2Tokenizer": ("deberta-v2", "transformers.models.deberta_v2.tokenization_deberta_v2"),
}


def _built(folder: Path) -> FastTokenizer:
    """The tokenizer by transformers."""
    tokenizer = _class(folder).from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    # Some tokenizers lost their additions with transformers 5. Only ever switched on: for tokenizers of the
    # [CLS] kind, switching off would remove those too.
    if getattr(tokenizer, "bos_token_id", None) is not None and hasattr(tokenizer, "add_bos_token"):
        tokenizer.add_bos_token = True
    if getattr(tokenizer, "eos_token_id", None) is not None and hasattr(tokenizer, "add_eos_token"):
        tokenizer.add_eos_token = True
    if tokenizer.pad_token is None and tokenizer.eos_token is not None:
        tokenizer.pad_token = tokenizer.eos_token
    found: FastTokenizer = tokenizer
    return found


def _class(folder: Path) -> Any:
    """The class that reads a folder: a usual one alone, else what transformers finds out, which imports everything."""
    config = _json(folder / "tokenizer_config.json")
    name = str(config.get("tokenizer_class", "")).removesuffix("Fast")
    model_type, module = _KNOWN.get(name, ("", ""))
    if (
        module
        and "auto_map" not in config
        and _json(folder / "config.json").get("model_type", model_type) == model_type
    ):
        return getattr(import_module(module), name)
    from transformers import AutoTokenizer

    return AutoTokenizer


def _json(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found if isinstance(found, dict) else {}
