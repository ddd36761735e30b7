"""The whole stack on one machine without Docker: PostgreSQL, the sample portal, Airflow and Superset."""
