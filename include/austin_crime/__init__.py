"""The pipeline: plain functions from the portal to the warehouse, without an orchestrator."""
