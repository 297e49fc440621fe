"""Accounts and their ticks in the words of the screens. Changes no table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0004_history_head")]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "base_manager_name": "objects",
                "verbose_name": "account",
                "verbose_name_plural": "accounts",
            },
        ),
        migrations.AlterField(
            model_name="user",
            name="is_active",
            field=models.BooleanField(
                default=True,
                help_text="A closed account signs in no more. It is not deleted: the history names it.",
                verbose_name="open",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="is_staff",
            field=models.BooleanField(
                default=False,
                help_text="Without them the account opens nothing but public pages.",
                verbose_name="staff pages",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="is_superuser",
            field=models.BooleanField(
                default=False,
                help_text="May do everything, whatever its roles, and alone gives full rights to others.",
                verbose_name="full rights",
            ),
        ),
    ]
