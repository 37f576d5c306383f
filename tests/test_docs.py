"""What the documents say of the code is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import typer
from typer.core import TyperGroup

from docs.screenshots import PICTURES, take
from docs.tables import STATEMENT, TABLES, render
from tui.cli import app

ROOT = Path(__file__).parents[1]


def test_the_conformance_statement_has_the_tables_of_the_code() -> None:
    text = STATEMENT.read_text()
    assert all(f"<!-- generated: {name} -->" in text for name in TABLES)
    assert render(text) == text, "run: python -m docs.tables"


def test_readme_names_every_verb() -> None:
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    readme = (ROOT / "README.md").read_text()
    missing = [verb for verb in command.commands if f"modalitty {verb}" not in readme]
    assert not missing


def test_the_pictures_can_be_taken_from_the_console_as_it_is(tmp_path: Path) -> None:
    taken = take(tmp_path)
    assert {path.name for path in taken} == {path.name for path in PICTURES.iterdir()}
    assert all("</svg>" in path.read_text() for path in taken)


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
