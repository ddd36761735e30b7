"""The few lines of the pipeline that need Airflow's own classes."""
