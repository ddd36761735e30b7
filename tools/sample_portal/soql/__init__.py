"""SoQL, the portal's query language: read, checked and written as SQL for DuckDB."""
