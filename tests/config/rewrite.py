"""`python -m tests.config.rewrite`: the schema and the tables of its page, written anew from the definitions."""

from tests.config.test_schema import ROOT
from tui.config import json_schema, reference
from tui.drivers.vendors import sections


def main() -> None:
    """Write both; what stands above the page's line stays."""
    json_schema.shipped().write_text(json_schema.text(sections()))
    page = ROOT / "tui/help/services.md"
    head = page.read_text().split(reference.BEGIN)[0]
    page.write_text(f"{head}{reference.BEGIN}\n\n{reference.tables(sections()).strip()}\n")


if __name__ == "__main__":
    main()
