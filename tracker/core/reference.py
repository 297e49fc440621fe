"""The reference tables - countries and time zones - kept equal to the data the code ships with."""

from django.db import DEFAULT_DB_ALIAS

from tracker.core.countries import INVENTED_COUNTRY, read_countries
from tracker.core.timezones import zone_names


def sync_reference_tables(*, using: str = DEFAULT_DB_ALIAS, **signal: object) -> None:
    """Write ISO 3166 countries (CLDR names) and the IANA zones of the tzdata package into their tables.

    Runs after every `migrate`, so a new release of either source arrives with the upgrade that brings it.
    Rows are added and renamed, never removed: a station may still stand in a zone that was renamed since.
    """
    from tracker.core.models import Country, TimeZone

    if not {Country._meta.db_table, TimeZone._meta.db_table} <= _tables(using):
        return  # migrated backwards past the tables
    names = ["iso3", "name_en", "name_az", "name_ru"]
    Country.objects.using(using).bulk_create(
        [Country(**row) for row in read_countries()],
        update_conflicts=True,
        unique_fields=["iso2"],
        update_fields=names,
    )
    TimeZone.objects.using(using).bulk_create(
        [TimeZone(name=name) for name in sorted(zone_names())], ignore_conflicts=True
    )


def write_invented_country() -> None:
    """Write the country of demonstrations into the table of countries, where the real ones are."""
    from tracker.core.models import Country

    names = {name: value for name, value in INVENTED_COUNTRY.items() if name != "iso2"}
    Country.objects.update_or_create(iso2=INVENTED_COUNTRY["iso2"], defaults=names)


def _tables(using: str) -> set[str]:
    from django.db import connections

    return set(connections[using].introspection.table_names())
