"""Who wrote a record since it was last approved: the database fills it in (migration 0003 of fieldwork)."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('missions', '0003_accreditation_number'),
    ]

    operations = [
        migrations.AddField(
            model_name='engagement',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
        migrations.AddField(
            model_name='mission',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
        migrations.AddField(
            model_name='organization',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
        migrations.AddField(
            model_name='outlet',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
        migrations.AddField(
            model_name='statement',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
    ]
