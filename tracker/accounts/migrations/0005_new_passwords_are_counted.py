"""To have a new password looked at is counted, as other tries are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_tries_with_tokens")]

    operations = [
        migrations.AlterField(
            model_name="signinattempt",
            name="kind",
            field=models.CharField(
                choices=[
                    ("password", "password"),
                    ("code", "second factor"),
                    ("link", "link by mail"),
                    ("token", "token of a program"),
                    ("new", "new password, looked at"),
                ],
                max_length=8,
                verbose_name="kind",
            ),
        ),
    ]
