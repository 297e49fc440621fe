"""The datasets as JSON at /api/v1/: read-only, for everybody, described by OpenAPI."""
