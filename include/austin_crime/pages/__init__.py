"""What the pages in Airflow show, as plain data: functions that take a connection and return JSON values."""
