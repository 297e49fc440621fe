"""A number on a badge is one that can stand in the address which verifies it, whoever writes it.

Stops where a row breaks that: the number is printed on somebody's badge, and what it is to be is for people to decide.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("missions", "0002_reading_and_erasing_people")]

    operations = [
        migrations.AddConstraint(
            "accreditation",
            models.CheckConstraint(
                name="accreditation_number_written",
                condition=models.Q(("number", ""), ("number__regex", "^[0-9A-Z]+(-[0-9A-Z]+)*$"), _connector="OR"),
                violation_error_message="A number has Latin capitals, digits and single hyphens between them.",
            ),
        ),
    ]
