"""The key and the indexes of mart.crimes: taken off before a load in bulk, and put back after it."""

from psycopg import Connection

QUERY = """
    select indexdef
    from pg_indexes
    where schemaname = 'mart' and tablename = 'crimes' and indexname <> 'crimes_pkey'
    order by indexname
"""


def take_off(connection: Connection) -> list[str]:
    """Drop the key and every index, and return the statements that make them again."""
    definitions = [row[0] for row in connection.execute(QUERY)]
    for definition in definitions:
        name = definition.split()[2]
        connection.execute(f"drop index mart.{name}".encode())
    connection.execute("alter table mart.crimes drop constraint crimes_pkey")
    return ["alter table mart.crimes add constraint crimes_pkey primary key (incident_id)", *definitions]


def put_back(connection: Connection, statements: list[str]) -> None:
    """Make the key and the indexes."""
    for statement in statements:
        connection.execute(statement.encode())
