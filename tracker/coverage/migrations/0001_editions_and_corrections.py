"""Marks of changed elections, editions of the figures, and corrections of what was public."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('coverage', '0001_initial'),
        ('coverage', '0005_corrections'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_accounts_and_history'),
        ('elections', '0001_elections'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('election', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='marks', to='elections.election')),
            ],
            options={
                'verbose_name': 'mark',
                'verbose_name_plural': 'marks',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('election', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='tally', serialize=False, to='elections.election')),
                ('marks', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'tally',
                'verbose_name_plural': 'tallies',
            },
        ),
        migrations.CreateModel(
            name='Edition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('as_of', models.DateTimeField(help_text='When the rows were counted.', verbose_name='figures as of (UTC)')),
                ('published_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='published (UTC)')),
                ('content', models.TextField(blank=True, null=True, verbose_name='figures')),
                ('detail', models.TextField(blank=True, null=True, verbose_name='stations by mission')),
                ('total', models.TextField(verbose_name='totals')),
                ('changes', models.TextField(help_text='Against the edition before, as JSON.', verbose_name='what changed')),
                ('content_hash', models.CharField(max_length=64, verbose_name='hash of the content')),
                ('previous_hash', models.CharField(blank=True, max_length=64, verbose_name='hash of the edition before')),
                ('hash', models.CharField(max_length=64, verbose_name='hash')),
                ('thinned_at', models.DateTimeField(blank=True, null=True, verbose_name='thinned (UTC)')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='elections.election', verbose_name='election')),
                ('published_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
                ('history_number', models.BigIntegerField(blank=True, null=True, verbose_name='entry of the history')),
                ('history_hash', models.CharField(blank=True, max_length=64, null=True, verbose_name='hash of that entry')),
            ],
            options={
                'verbose_name': 'edition',
                'verbose_name_plural': 'editions',
                'ordering': ['election', '-number'],
                'constraints': [models.UniqueConstraint(fields=('election', 'number'), name='edition_number_once'), models.CheckConstraint(condition=models.Q(models.Q(('content__isnull', False), ('detail__isnull', False), ('thinned_at__isnull', True)), models.Q(('content__isnull', True), ('detail__isnull', True), ('thinned_at__isnull', False)), _connector='OR'), name='edition_thinned_or_whole'), models.CheckConstraint(condition=models.Q(models.Q(('history_hash__isnull', True), ('history_number__isnull', True)), models.Q(('history_hash__isnull', False), ('history_number__isnull', False)), _connector='OR'), name='edition_history_whole')],
            },
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(max_length=60, verbose_name='kind of record')),
                ('key', models.CharField(max_length=40, verbose_name='key')),
                ('kind', models.CharField(choices=[('changed', 'changed'), ('withdrawn', 'withdrawn'), ('restored', 'published again')], max_length=10, verbose_name='what happened')),
                ('before', models.JSONField(null=True, verbose_name='before')),
                ('after', models.JSONField(null=True, verbose_name='after')),
                ('held', models.JSONField(null=True, verbose_name='held back')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('at', models.DateTimeField(verbose_name='moment (UTC)')),
                ('hidden', models.BooleanField(default=False, verbose_name='hidden')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='elections.election', verbose_name='election')),
            ],
            options={
                'verbose_name': 'correction',
                'verbose_name_plural': 'corrections',
                'ordering': ['-id'],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['election', 'id'], name='correction_of_election'), models.Index(fields=['model', 'key', 'id'], name='correction_of_record')],
            },
        ),
    ]
