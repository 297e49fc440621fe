"""A PostgreSQL of our own for `make run` and `make test`, with the standard library only.

Used on developers' machines and in CI, never in production.
"""
