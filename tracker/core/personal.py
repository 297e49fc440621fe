"""Text that may name people, in rows that more accounts see than may see people."""

from typing import Any

from django.db import models
from django.db.models.expressions import Col


class PersonalText(models.TextField):
    """A text that is withheld from whoever may see the row and no people.

    The staff's role of the database cannot read the column. It asks a function (`core.wall`) that gives the text to
    whoever sees people and to whose row it is, and "" to everybody else. Migrations see a plain text.
    """

    def get_col(self, alias: Any, output_field: Any = None) -> Any:
        # Without an alias it is the column itself, of a constraint or an index.
        plain: Any = super().get_col
        return plain(alias, output_field) if alias is None else _Asked(alias, self, output_field)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


class _Asked(Col):
    """The text, asked of the function."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        opts = self.target.model._meta
        row, key = compiler.quote_name_unless_alias(self.alias), connection.ops.quote_name(opts.pk.column)
        return f"public.{function_of(self.target)}({row}.{key})", []


def function_of(field: models.Field) -> str:
    """The name of the function that gives the text of one row."""
    return f"said_{field.model._meta.db_table}"


def personal_texts(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.local_fields if isinstance(field, PersonalText)]
