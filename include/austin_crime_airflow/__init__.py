"""What needs Airflow's own classes; the work is done by the pipeline's steps."""
