"""Everything that can be set about a sidecar, and the start-up checks that keep it safe."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bridge.errors import SetupError

#: Environment variables begin with this; `GLINER_BRIDGE_ENGINE_URL` sets `engine_url`.
ENV_PREFIX = "GLINER_BRIDGE_"

Count = Annotated[int, Field(ge=1)]
Milliseconds = Annotated[float, Field(ge=0.0, le=10_000.0)]
Port = Annotated[int, Field(ge=0, le=65_535)]


class Key(BaseModel):
    """One secret and the schemas that it opens; `*` opens all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[SecretStr, Field(min_length=16)]
    schemas: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)


class SidecarConfig(BaseModel):
    """Settings of one sidecar; immutable. Raises pydantic's ValidationError on a wrong or unknown setting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Schema files, or folders that are searched for `*.yaml`.
    schemas: tuple[Path, ...] = ()
    #: Address to listen on; anything but this machine needs `keys`.
    host: str = "127.0.0.1"
    #: Port for queries and everything else; 0 takes a free one.
    port: Port = 8765
    #: Port for documents, so that they never stand before a query.
    documents_port: Port = 8766
    #: Threads (= requests in progress) of each listener.
    threads: Count = 32
    documents_threads: Count = 64
    #: Checkpoint for schemas that say `default`, and for `/v1/tag` with `labels`.
    model: str = "default"
    #: Never ask the network for a checkpoint.
    offline: bool = False
    #: Threads that torch uses for one batch; None: torch's own choice.
    model_threads: Count | None = None
    #: Where values, fill rates and counts come from; None: no engine, dictionary from snapshots only.
    engine_url: str | None = None
    engine_username: str | None = None
    engine_password: SecretStr | None = None
    engine_api_key: SecretStr | None = None
    engine_ca_certs: Path | None = None
    engine_verify: bool = True
    #: Seconds between two readings of the values.
    refresh_seconds: Annotated[float, Field(ge=1.0)] = 300.0
    #: Folder of `<schema>.json`: the last values read, written after each reading, used when the engine is away.
    snapshots: Path | None = None
    #: Folder of the same files that documents are tagged with: pinned, so that equal documents get equal tags.
    pinned: Path | None = None
    keys: tuple[Key, ...] = ()
    #: Largest request body in bytes.
    max_body_bytes: Count = 16 * 1024 * 1024
    #: Most texts in one `/v1/tag` request, and most labels.
    max_texts: Count = 1_000
    max_labels: Count = 200
    #: Longest text of a query in characters; a longer one is searched as it stands.
    max_query_chars: Count = 1_000
    #: Words in one forward pass of queries.
    batch_words: Count = 2_048
    #: A batch of documents is cut so that it holds up a query no longer than about this.
    document_batch_ms: Milliseconds = 60.0
    #: How long an idle model waits for company before it scores. What arrives while it works is scored together anyway.
    gather_ms: Milliseconds = 0.0
    #: Words that may wait in each lane before requests are answered 429.
    queue_words: Count = 200_000
    #: Seconds that requests in progress get when the sidecar stops.
    grace_seconds: Annotated[float, Field(ge=0.0)] = 8.0

    def check(self) -> None:
        """Raise SetupError where the settings would open the sidecar to others without a key."""
        if not is_local(self.host) and not self.keys:
            raise SetupError(
                f"refusing to listen on {self.host} without a key: anyone who reaches it could read and tag",
                where=f"{ENV_PREFIX}HOST",
                hint=f"set {ENV_PREFIX}API_KEY or --keys FILE, or listen on 127.0.0.1",
            )


def is_local(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def load_keys(path: Path) -> tuple[Key, ...]:
    """Keys from a YAML or JSON file: a list of `{key, schemas}`. SetupError names the entry, never the secret."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(f"cannot read the key file: {error.strerror}", where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise SetupError("the key file is not YAML", where=str(path)) from None
    hint = "write a list of entries like  - {key: <16 characters or more>, schemas: [grocery]}"
    if not isinstance(entries, list) or not entries:
        raise SetupError("the key file holds no list of keys", where=str(path), hint=hint)
    keys = []
    for number, entry in enumerate(entries, start=1):
        try:
            keys.append(Key.model_validate(entry))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise SetupError(f"{place}: {first['msg']}", where=f"{path}: entry {number}", hint=hint) from None
    return tuple(keys)


def from_environment(environment: Mapping[str, str] | None = None, **settings: Any) -> SidecarConfig:
    """A configuration from `GLINER_BRIDGE_*` variables; `settings` that are not None stand above them.

    `GLINER_BRIDGE_SCHEMAS` is a list divided as in PATH, `GLINER_BRIDGE_API_KEY` one key for all schemas,
    `GLINER_BRIDGE_KEYS` a key file. SetupError names the variable that is wrong.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for name in SidecarConfig.model_fields:
        raw = environment.get(ENV_PREFIX + name.upper())
        if raw is None or raw == "":
            continue
        if name == "schemas":
            values[name] = tuple(Path(part) for part in raw.split(os.pathsep) if part)
        elif name == "keys":
            values[name] = load_keys(Path(raw))
        else:
            values[name] = raw
    if secret := environment.get(f"{ENV_PREFIX}API_KEY"):
        values["keys"] = (*values.get("keys", ()), {"key": secret, "schemas": ("*",)})
    values |= {name: value for name, value in settings.items() if value is not None}
    try:
        return SidecarConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        variable = f"{ENV_PREFIX}API_KEY" if name == "keys" else ENV_PREFIX + name.upper()
        option = "--" + name.replace("_", "-")
        raise SetupError(first["msg"], where=variable, hint=f"see {option} in gliner-bridge serve --help") from None
