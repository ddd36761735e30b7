"""The rows of a query as JSON, CSV and GeoJSON, rendered by DuckDB: one text a row, in the portal's own layout."""

import json
from collections.abc import Sequence

from sample_portal.data.texts import json_value, plain, quote
from sample_portal.soql.query import Field, Query


def json_rows(query: Query) -> str:
    """Return SQL that gives each row as a JSON object, without the keys of nulls."""
    members = [
        f"{quote(',' + json.dumps(field.name, ensure_ascii=False) + ':')} || {_sent_value(f'c{number}', field)}"
        for number, field in enumerate(query.fields)
    ]
    return f"select '{{' || substr(concat({', '.join(members)}), 2) || '}}' from ({query.sql})"


def csv_header(fields: Sequence[Field]) -> str:
    """Return the first line of a CSV answer."""
    return ",".join(json.dumps(field.name, ensure_ascii=False) for field in fields) + "\n"


def csv_rows(query: Query) -> str:
    """Return SQL that gives each row as a line of CSV, every value in quotes and nulls empty."""
    values = [
        f"coalesce('\"' || replace({plain(f'c{number}', field.kind)}, '\"', '\"\"') || '\"', '')"
        for number, field in enumerate(query.fields)
    ]
    return f"select {' || chr(44) || '.join(values)} from ({query.sql})"


def geojson_rows(query: Query) -> str:
    """Return SQL that gives each row as a GeoJSON feature: its shape, and every other value as a property."""
    shapes = [f"c{number}" for number, field in enumerate(query.fields) if field.kind == "multipolygon"]
    properties = [
        f"{quote(',' + json.dumps(field.name) + ':')} || coalesce({json_value(f'c{number}', field.kind)}, 'null')"
        for number, field in enumerate(query.fields)
        if field.kind != "multipolygon"
    ]
    shape = f"cast({shapes[0]} as varchar)" if shapes else "'null'"
    return (
        f'select \'{{"type":"Feature","properties":{{\' || substr(concat({", ".join(properties)}), 2)'
        f" || '}},\"geometry\":' || coalesce({shape}, 'null') || '}}' from ({query.sql})"
    )


def _sent_value(name: str, field: Field) -> str:
    """Return SQL that gives a value as JSON, or the text that is sent instead of it."""
    value = json_value(name, field.kind)
    return f"coalesce({field.sent}, {value})" if field.sent else value
