"""Where a checkpoint is: a folder, the embedded default, or a repository on the Hugging Face hub."""

from __future__ import annotations

import re
from pathlib import Path

from bridge.errors import CheckpointError

#: The checkpoint that ships with the package.
DEFAULT = Path(__file__).resolve().parent.parent / "models" / "default"
CONFIG_FILE = "gliner_config.json"
SAFETENSORS, PICKLE = "model.safetensors", "pytorch_model.bin"
#: Data only: no Python, no ONNX graphs, no second copy of the weights.
_SMALL_FILES = ["*.json", "*.txt", "*.model", "*.jinja"]
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def find_checkpoint(name: str | Path, *, revision: str | None = None, offline: bool = False) -> Path:
    """The folder that holds the checkpoint, downloaded into the hub's cache where needed.

    Args:
        name: a folder, a hub id such as `urchade/gliner_small-v2.1`, or `default`.
        revision: branch, tag or commit of a hub repository.
        offline: use the cache only; the network is never touched.

    Raises:
        CheckpointError: there is none.
    """
    if name == "default":
        if not (DEFAULT / CONFIG_FILE).is_file():
            raise CheckpointError(
                "this installation carries no default model",
                where=str(DEFAULT),
                hint="train one with `gliner-bridge train`, or name a folder or a hub id",
            )
        return DEFAULT
    folder = _path(name)
    if folder.is_dir():
        if not (folder / CONFIG_FILE).is_file():
            raise CheckpointError(f"the folder has no {CONFIG_FILE}", where=str(folder))
        return folder
    if folder.is_file() or isinstance(name, Path) or not _HUB_ID.fullmatch(name):
        raise CheckpointError("no such folder", where=str(name), hint="name a folder, a hub id or `default`")
    found = download(name, [CONFIG_FILE, SAFETENSORS, *_SMALL_FILES], revision=revision, offline=offline)
    if not (found / CONFIG_FILE).is_file():
        raise CheckpointError(f"the repository has no {CONFIG_FILE}", where=name, hint="is it a GLiNER model?")
    if not (found / SAFETENSORS).is_file():
        found = download(name, [CONFIG_FILE, PICKLE, *_SMALL_FILES], revision=revision, offline=offline)
    return found


def find_backbone(name: str, *, near: Path, offline: bool = False) -> Path:
    """The folder with a backbone's config and tokenizer, which old checkpoints name but do not carry.

    Args:
        name: `model_name` of the config: a folder (also relative to the checkpoint) or a hub id.
        near: the checkpoint's folder.

    Raises:
        CheckpointError: there is none.
    """
    for folder in (_path(name), near / name):
        if folder.is_dir():
            return folder
    if not _HUB_ID.fullmatch(name):
        raise CheckpointError("no such folder", where=name, hint="the checkpoint needs its backbone's tokenizer")
    return download(name, _SMALL_FILES, revision=None, offline=offline)


def _path(name: str | Path) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # no such user
        return Path(name)


def download(repository: str, patterns: list[str], *, revision: str | None, offline: bool) -> Path:
    """A snapshot of the matching files of a hub repository."""
    from httpx import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    where = f"{repository}@{revision}" if revision else repository
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=patterns, local_files_only=offline))
    except LocalEntryNotFoundError as error:
        hint = "load it once without offline" if offline else "check the connection, or name a local folder"
        raise CheckpointError("not in the local cache", where=where, hint=hint) from error
    except HFValidationError as error:
        raise CheckpointError("neither a folder nor a hub id", where=where) from error
    except (HfHubHTTPError, HTTPError, OSError) as error:
        raise CheckpointError(
            f"cannot be fetched from the hub ({type(error).__name__})",
            where=where,
            hint="check the id, the revision and your access, or name a local folder",
        ) from error
