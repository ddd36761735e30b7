"""A local Socrata with invented reports: what the city's portal answers, for the demo, the tests and the benchmark."""
