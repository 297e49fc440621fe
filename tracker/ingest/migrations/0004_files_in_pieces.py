from django.db import migrations


class Migration(migrations.Migration):
    """Keep the bytes of files as they are: a compressed one is unpacked from its beginning for each piece of it.

    Holds for files that come from now on; those that are there can be read all the same.
    """

    dependencies = [("ingest", "0003_files_of_people")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE ingest_uploadedfile ALTER COLUMN content SET STORAGE EXTERNAL",
            "ALTER TABLE ingest_uploadedfile ALTER COLUMN content SET STORAGE EXTENDED",
        )
    ]
