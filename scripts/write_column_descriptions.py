"""Describe the columns of Superset's datasets by the comments in a warehouse that is made for it and thrown away."""

import re
from pathlib import Path
from typing import Any

import export_assets
import psycopg
import yaml

from austin_crime.warehouse import migrations
from local_stack.provisioning.postgres import temporary_server

DATASETS_DIR = Path(__file__).parents[1] / "superset" / "assets" / "datasets"
COMMENTS = """
    select nspname || '.' || relname as table_name, attname as column_name, col_description(pg_class.oid, attnum) as comment
    from pg_attribute
    inner join pg_class on pg_class.oid = attrelid and relkind in ('r', 'v')
    inner join pg_namespace on pg_namespace.oid = relnamespace and nspname in ('mart', 'ops')
    where attnum > 0 and not attisdropped
"""

Comments = dict[tuple[str, str], str]


def read_comments(connection: psycopg.Connection[Any]) -> Comments:
    """Return the comment of every column that readers see, by table and column."""
    return {(table, column): comment for table, column, comment in connection.execute(COMMENTS)}


def tables_of(dataset: dict[str, Any]) -> list[str]:
    """Return the tables that a dataset reads, in the order of its query."""
    if not dataset["sql"]:
        return [f"{dataset['schema']}.{dataset['table_name']}"]
    return re.findall(r"\b(?:from|join) ((?:mart|ops)\.\w+)", dataset["sql"])


def comment_of(column: dict[str, Any], dataset: dict[str, Any], comments: Comments) -> str | None:
    """Return the comment of the column of that name in the tables that a dataset reads; None if it is calculated."""
    if column["expression"]:
        return None
    found = (comments.get((table, column["column_name"])) for table in tables_of(dataset))
    return next(filter(None, found), None)


def describe(dataset: dict[str, Any], comments: Comments) -> None:
    """Describe each column that has a comment; what a person wrote about calculated ones stays."""
    for column in dataset["columns"]:
        column["description"] = comment_of(column, dataset, comments) or column["description"]


if __name__ == "__main__":
    with temporary_server() as server:
        url, _ = server.create_warehouse("docs")
        migrations.migrate(url)
        with psycopg.connect(url) as connection:
            comments = read_comments(connection)
    for path in DATASETS_DIR.glob("*.yaml"):
        dataset = yaml.safe_load(path.read_text(encoding="utf-8"))
        describe(dataset, comments)
        path.write_text(export_assets.dump(dataset, {}), encoding="utf-8")
