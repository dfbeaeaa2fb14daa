"""Which mounts look like a database in files."""

import pytest

from tui.init_config import mounts


@pytest.mark.parametrize(
    ("mount", "sign"),
    [
        ("/var/lib/dokku/data/storage/search/badger:/data", "badger"),
        ("/srv/x:/var/lib/badgerdb", "badgerdb"),
        ("/srv/app.sqlite3:/app/db.sqlite3", "sqlite"),
        ("/srv/data.db:/data.db", ".db"),
        ("/srv/pgdata:/var/lib/postgresql/data", "pgdata"),
        ("/srv/x:/var/lib/mysql:rw", "mysql"),
        ("/srv/Redis-data:/data", "redis"),
        ("/srv/uploads:/app/uploads", None),
        ("/srv/badger:/data:ro", None),
        ("/run/postgresql:/run/postgresql", None),
        ("/srv/x/mysql.sock:/tmp/mysql.sock", None),
        ("/srv/badgers-photos:/photos", None),
        ("/srv/boltons:/lib", None),
        ("/srv/thumbs.dbx:/x", None),
        ("named-volume:/data", None),
    ],
)
def test_a_sign(mount: str, sign: str | None) -> None:
    assert mounts.single_writer((mount,)) == (None if sign is None else (mount, sign))


def test_the_words_of_a_report() -> None:
    assert mounts.split("-v /a:/b -v /c:/d:ro") == ("/a:/b", "/c:/d:ro")
    assert mounts.split("") == ()
