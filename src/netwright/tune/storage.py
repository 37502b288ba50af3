"""Where a study lives: an Optuna storage by path or URL, and the study in it, known by what it
tunes.

A path is a journal file (or SQLite, where it ends in .db or .sqlite), a URL is Optuna's
(sqlite:///..., postgresql://..., mysql://...), grpc://host:port one of its proxies.
"""

import contextlib
import hashlib
import json
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.study import StudyDirection

from netwright.data.data import Data, Rows, Split
from netwright.errors import UsageError
from netwright.plan.plan import Plan
from netwright.plan.space import Space

__all__ = ["fingerprint", "open_storage", "open_study", "quiet"]

OURS = "netwright"  # the study's attribute that holds its fingerprint
PROXY_SECONDS = 10.0  # that a gRPC proxy gets to answer
BIRTH_SECONDS = 5.0  # that another process gets between making a study and signing it


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from writing to stderr inside the block: what there is to say is ours to say."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def fingerprint(plan: Plan, space: Space, data: Data, metric: str) -> dict[str, str]:
    """Return what a study is known by: hashes of plan, space and data, and the metric."""
    plain = {name: value for name, value in plan.to_dict().items() if name != "why"}
    return {
        "plan": _hash(json.dumps(plain, sort_keys=True, default=str).encode()),
        "space": _hash(json.dumps(space.to_dict(), sort_keys=True).encode()),
        "data": _hash("".join(map(_split_hash, (data.train, data.validation))).encode()),
        "metric": metric,
    }


def _split_hash(split: Split) -> str:
    if not isinstance(split, Rows):  # streamed: the first rows stand for all
        first = next(iter(split.batches(1024)))
        split = Rows(f"{split.name}, {len(split)} rows", first.inputs, first.targets)
    found = hashlib.sha256(split.name.encode())
    for tensor in (*split.inputs, split.targets):
        found.update(str(tuple(tensor.shape)).encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def open_storage(where: str | None) -> BaseStorage:
    """Open a storage; None is one in memory. Raises UsageError where it cannot be reached."""
    if where is None:
        return InMemoryStorage()
    try:
        with warnings.catch_warnings():
            # Optuna calls its gRPC proxy experimental.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return _open(where)
    except UsageError:
        raise
    except Exception as error:  # of any database driver
        raise _unreachable(where, error) from error


def _open(where: str) -> BaseStorage:
    if where.startswith("grpc://"):
        return _open_proxy(where)
    if "://" in where:
        return RDBStorage(where)
    path = Path(where)
    if not path.parent.is_dir() or path.is_dir():
        raise UsageError(
            f"The storage {where!r} cannot be written: expected a file in a folder that exists, or "
            "a URL such as postgresql://user@host/database."
        )
    if path.suffix in (".db", ".sqlite", ".sqlite3"):
        return RDBStorage(f"sqlite:///{path.resolve()}")
    _mend_journal(path)
    # The lock by a file's creation needs no symbolic links, and works over NFS.
    return JournalStorage(JournalFileBackend(where, lock_obj=JournalFileOpenLock(where)))


def _open_proxy(where: str) -> BaseStorage:
    import grpc

    host, _, port = where.removeprefix("grpc://").partition(":")
    if not host or not port.isdigit():
        raise UsageError(f"The storage is {where!r}; expected grpc://host:port.")
    with grpc.insecure_channel(f"{host}:{port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=PROXY_SECONDS)
        except grpc.FutureTimeoutError as error:
            raise _unreachable(where, "no answer") from error
    return optuna.storages.GrpcStorageProxy(host=host, port=int(port))


def _mend_journal(path: Path) -> None:
    """Refuse a file that is no journal, untouched; cut a last line that a power loss left torn."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        first = file.readline()
        try:
            journal = "op_code" in json.loads(first)
        except (ValueError, TypeError):
            journal = False
        if not journal:
            raise UsageError(
                f"The storage {str(path)!r} is not a study's journal and was left untouched. Give "
                "another --storage."
            )
        file.seek(-1, 2)
        whole = file.read() == b"\n"
    if not whole:
        content = path.read_bytes()
        with path.open("rb+") as file:
            file.truncate(content.rfind(b"\n") + 1)


def _unreachable(where: str, error: object) -> UsageError:
    shown = re.sub(r"//([^:/@]*):[^@]*@", r"//\1:***@", where)  # no password on the screen
    said = str(error).replace(where, shown).strip().split("\n")[0]
    return UsageError(
        f"The storage {shown!r} cannot be reached ({said}). Check the address and that its server "
        "runs."
    )


def open_study(
    storage: BaseStorage, name: str, *, mark: dict[str, str], higher_is_better: bool
) -> tuple[optuna.Study, bool]:
    """Return the study of this name, and whether it was made now. Raises UsageError, with nothing
    written, where it is another's: its fingerprint is not `mark`."""
    existing = _load(storage, name)
    if existing is None:
        way = StudyDirection.MAXIMIZE if higher_is_better else StudyDirection.MINIMIZE
        try:
            study = optuna.create_study(storage=storage, study_name=name, direction=way)
        except optuna.exceptions.DuplicatedStudyError:  # another process was first
            existing = optuna.load_study(storage=storage, study_name=name)
        else:
            study.set_user_attr(OURS, mark)
            return study, True
    _same(existing, mark)
    return existing, False


def _load(storage: BaseStorage, name: str) -> optuna.Study | None:
    try:
        return optuna.load_study(storage=storage, study_name=name)
    except KeyError:  # there is none
        return None


def _same(study: optuna.Study, mark: dict[str, str]) -> None:
    until = time.monotonic() + BIRTH_SECONDS
    theirs: dict[str, Any] | None = study.user_attrs.get(OURS)
    while theirs is None and time.monotonic() < until:
        time.sleep(0.2)
        theirs = study.user_attrs.get(OURS)
    if theirs is None:
        raise UsageError(
            f"The storage holds a study {study.study_name!r} that netwright did not make; it was "
            "left untouched. Give another --storage, or another --study name."
        )
    different = [part for part in mark if mark[part] != theirs.get(part)]
    if different:
        raise UsageError(
            f"The storage holds a study {study.study_name!r} of another "
            f"{' and '.join(different)}; it was left untouched. Give the same ones, another "
            "--storage, or another --study name."
        )
