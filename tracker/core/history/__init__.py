"""The history of everything: what is recorded, how it is chained, read, checked and, for personal values, erased.

The record is written by the database (`sql`), not by the code that changes rows, so that no door is without it.
"""
