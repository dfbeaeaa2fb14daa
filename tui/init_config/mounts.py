"""The volumes that say that only one process may write at a time: databases that live in files.

Two containers of one app run side by side while Dokku switches. That is well for a folder of uploads, and not for an
embedded database: it locks its files, or breaks them. A mount's name is a sign, never a proof: what it makes us propose
is marked to be checked.
"""

import re
from collections.abc import Iterable

_ENGINES = (
    "badger", "sqlite", "leveldb", "rocksdb", "bolt", "bbolt", "lmdb", "pebble", "duckdb", "bleve", "tantivy", "lucene",
    "postgres", "postgresql", "pgdata", "mysql", "mariadb", "mongo", "mongodb", "redis", "valkey", "etcd", "clickhouse",
    "elasticsearch", "opensearch", "meilisearch", "typesense", "influxdb", "prometheus", "surrealdb", "pocketbase",
    "chroma", "qdrant", "h2db", "hsqldb", "berkeleydb",
)  # fmt: skip
_WORD = re.compile(rf"(?i)(?<![a-z])({'|'.join(_ENGINES)})(?:db)?(?![a-z])")
_FILE = re.compile(r"(?i)\.(?:db|sqlite3?|sqlite-wal|mdb|duckdb)(?=/|$)")
_ELSEWHERE = re.compile(r"(?i)\.sock(?:et)?$|^/(?:var/)?run/")


def split(text: str) -> tuple[str, ...]:
    """The mounts in what `storage:report` says: `-v HOST:CONTAINER[:OPTIONS]` as often as there are."""
    return tuple(word for word in text.split() if ":" in word and not word.startswith("-"))


def single_writer(mounts: Iterable[str]) -> tuple[str, str] | None:
    """The first mount that looks like a database in files, and the word that says so; None where none does."""
    for mount in mounts:
        host, _, rest = mount.partition(":")
        container, _, options = rest.partition(":")
        if "ro" in options.split(",") or _ELSEWHERE.search(host) or _ELSEWHERE.search(container):
            continue
        for path in (host, container):
            if found := _WORD.search(path) or _FILE.search(path):
                return mount, found[0].lower()
    return None
