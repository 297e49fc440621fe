"""Who wrote a record since it was last approved: the database fills it in (migration 0003 of fieldwork), as it does who
asks for the end of four eyes."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('elections', '0001_elections'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='announcedfigure',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
        migrations.AddField(
            model_name='constituency',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
        migrations.AddField(
            model_name='election',
            name='four_eyes_end_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asks for the end of four eyes'),
        ),
        migrations.AddField(
            model_name='election',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
        migrations.AddField(
            model_name='milestone',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None, verbose_name='written by, since it was last approved'),
        ),
        migrations.AlterField(
            model_name='election',
            name='four_eyes',
            field=models.BooleanField(default=False, help_text='Nobody publishes what they wrote: one person submits a record, another one publishes it, and every edit needs that again. The database holds to it. It takes two to switch it off: the first who saves without the tick asks for it, and it ends when somebody else does the same.', verbose_name='four eyes'),
        ),
    ]
