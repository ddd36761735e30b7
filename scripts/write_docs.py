"""Write docs/tables.md from the comments in a warehouse that is made for it and thrown away."""

from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from austin_crime.warehouse import dictionary, migrations
from local_stack.provisioning.postgres import temporary_server

if __name__ == "__main__":
    with temporary_server() as server:
        url, _ = server.create_warehouse("docs")
        migrations.migrate(url)
        with psycopg.connect(url, row_factory=dict_row) as connection:
            page = dictionary.describe(connection)
    (Path(__file__).parents[1] / "docs" / "tables.md").write_text(page)
