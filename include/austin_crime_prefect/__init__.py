"""The few lines of the pipeline that need Prefect's own classes."""
