"""The portal over HTTP: a client, the dataset's metadata, months and counts, and the body of an answer."""
