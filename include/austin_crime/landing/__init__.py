"""What is kept as received: files of a load, batches and their manifests, reading a batch, the record for a replay."""
