"""A repository that was written to stop the console: every text is judged, and in the time that its length takes.

Nothing here measures time. Where a text is gone through anew from each of its beginnings, one of these takes minutes,
and the test's own limit ends it.
"""

import pytest

from tests.ways.test_migrations_between import tree
from tui.ways import migration_undo as undo
from tui.ways.migrations_between import compare

PIECES = (
    "RunPython(", "RunPython((", "RunPython('", 'RunPython("""', "AddMigration(", "AddMigrationContext(nil, ",
    "/* ", "// ", "-- ", "down(", "down = function ", "down(async ", "fn down(", "function change ", "def change ",
    "def up ", "def down ", "t.remove ", "change_default from: ", "change_column_comment from: ", "drop_table do ",
    "remove_column :a ", "remove_index :a, ", "reversible ", "revert ", "modify :a from: ", 'execute "', 'execute """',
    "dependencies = [", "replaces = [", "('a', 'b'", "down_revision = (", "revision = ", '"""', "'''", "\n", " ", " # ",
    ",\n", "\\", "${", "`",
)  # fmt: skip
JUDGES = {
    "rails": (undo.rails, "class A\ndef change\n"),
    "django": (undo.django, "class Migration:\n"),
    "alembic": (undo.alembic, "def downgrade():\n"),
    "ecto": (undo.ecto, "def change do\n"),
    "phinx": (undo.phinx, "function change() {\n"),
    "goose": (undo.goose, "package migrations\n"),
    "sea_orm": (undo.sea_orm, "fn down() {\n"),
    "braced": (undo.braced("down"), "exports.down = "),
    "below": (undo.below("-- +goose Down"), "-- +goose Down\n"),
}


def hostile(head: str, piece: str) -> str:
    """As long as a text that is read may be, in lines as long as those may be."""
    line = piece * (undo.LONGEST_LINE // len(piece) - 1)
    lines = [line] * max(1, (undo.LONGEST - len(head) - 100) // (len(line) + 1))
    return head + "\n".join(lines)[: undo.LONGEST - len(head)]


@pytest.mark.parametrize("name", JUDGES)
def test_each_text_is_judged_however_it_is_made(name: str) -> None:
    judge, head = JUDGES[name]
    for piece in PIECES:
        text = hostile(head, piece)
        if undo.readable(text):
            judge(undo.Migration("1", "db/migrate/1_a.go", text), tree({}))


@pytest.mark.parametrize("piece", PIECES)
def test_two_trees_are_compared_whatever_is_in_them(piece: str) -> None:
    text = hostile("", piece)
    files = {
        "Gemfile": "rails", "manage.py": text, "shop/apps.py": text, "alembic.ini": text, "config/database.yml": text,
        "db/migrate/20260101000000_a.rb": text, "shop/migrations/0001_a.py": text, "versions/1.py": text,
        "priv/repo/migrations/1_a.exs": text, "mix.exs": text, "db/schema.rb": text,
    }  # fmt: skip
    assert compare(tree(files), tree({"manage.py": text}))


def test_a_text_that_no_person_wrote_says_no_way_back() -> None:
    short = "class A\ndef change\n add_column :a, :b, :text\nend\n"
    assert undo.readable(short) and undo.rails(undo.Migration("1", "a.rb", short), tree({}))
    for text in (short + "# " * undo.LONGEST_LINE, short + "#\n" * undo.LONGEST):
        (found,) = compare(tree({"Gemfile": "rails", "db/migrate/1_a.rb": text}), tree({"Gemfile": "rails"}))
        assert (found.forward_only, found.down) == (("1_a.rb",), ())


def test_numbers_of_any_length_are_put_in_order() -> None:
    long = "1" * 5000
    files = {f"db/migrate/{number}_a.rb": "class A\ndef change\nend\n" for number in ("9", "10", long, "007")}
    (found,) = compare(tree(files), tree({}))
    assert [name[:8] for name in found.between] == ["007_a.rb", "9_a.rb", "10_a.rb", "11111111"]


def test_a_circle_is_shown_and_offers_no_command() -> None:
    head = "from django.db import migrations\nclass Migration(migrations.Migration):\n    dependencies = "
    files = {
        "manage.py": "",
        "shop/migrations/__init__.py": "",
        "shop/migrations/0001_a.py": f"{head}[('shop', '0002_a')]\n",
        "shop/migrations/0002_a.py": f"{head}[('shop', '0001_a')]\n",
    }
    (found,) = compare(tree(files), tree({}))
    assert (len(found.between), found.down) == (2, ())
