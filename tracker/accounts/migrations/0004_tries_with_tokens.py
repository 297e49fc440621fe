"""Wrong tokens of programs are tries like others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_tokens_end_with_sessions")]

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
                ],
                max_length=8,
                verbose_name="kind",
            ),
        ),
    ]
