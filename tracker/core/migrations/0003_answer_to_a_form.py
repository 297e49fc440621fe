"""A form of a workflow screen that is sent again is answered with the page that followed the first time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0002_who_entered_a_source")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="answer",
            field=models.CharField(
                blank=True, db_default="", help_text="Address of the page that followed.", max_length=2000
            ),
        ),
    ]
