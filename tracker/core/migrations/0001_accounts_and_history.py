"""Accounts with their roles, countries, time zones, sources, jobs, and the tables of the history."""

import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('core', '0001_initial'),
        ('core', '0002_accounts_and_roles'),
        ('core', '0003_submissions'),
        ('core', '0004_history'),
        ('core', '0005_sessions'),
        ('core', '0006_passwords_apart'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='TimeZone',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='IANA name')),
            ],
            options={
                'verbose_name': 'time zone',
                'verbose_name_plural': 'time zones',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('election_desk', 'Election desk'), ('accreditation_officer', 'Accreditation officer'), ('mission_coordinator', 'Mission coordinator'), ('publisher', 'Publisher'), ('auditor', 'Auditor'), ('administrator', 'Administrator')], max_length=24), blank=True, default=list, size=None, verbose_name='roles')),
                ('demonstration', models.BooleanField(default=False, editable=False)),
                ('session_epoch', models.PositiveIntegerField(default=0, editable=False)),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('roles__contained_by', ['election_desk', 'accreditation_officer', 'mission_coordinator', 'publisher', 'auditor', 'administrator'])), name='user_roles_known', violation_error_message='Choose among the roles of the list.')],
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='Country',
            fields=[
                ('iso2', models.CharField(max_length=2, primary_key=True, serialize=False, verbose_name='ISO code')),
                ('iso3', models.CharField(max_length=3, verbose_name='ISO code, three letters')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('name_az', models.CharField(max_length=80, verbose_name='name in Azerbaijani')),
                ('name_ru', models.CharField(max_length=80, verbose_name='name in Russian')),
            ],
            options={
                'verbose_name': 'country',
                'verbose_name_plural': 'countries',
                'ordering': ['name_en'],
                'constraints': [models.CheckConstraint(condition=models.Q(('iso2__regex', '^[A-Z]{2}$')), name='country_iso2_two_capitals', violation_error_message='The ISO code is two capital letters, such as AZ.'), models.CheckConstraint(condition=models.Q(('iso3__regex', '^[A-Z]{3}$')), name='country_iso3_three_capitals', violation_error_message='The longer ISO code is three capital letters, such as AZE.')],
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publisher', models.CharField(blank=True, help_text='Who published it: the agency, commission, mission or newspaper.', max_length=120, verbose_name='publisher')),
                ('title', models.CharField(blank=True, help_text='As the page or document calls itself.', max_length=300, verbose_name='title')),
                ('url', models.URLField(blank=True, help_text='Empty for a paper document.', max_length=600, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='address')),
                ('published_on', models.CharField(blank=True, help_text='The date the page shows: 2024-02-07, or 2024-02 where the day is missing. Empty if undated.', max_length=10, validators=[django.core.validators.RegexValidator('^\\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\\d|3[01]))?)?$', 'Write 2024-02-07, 2024-02 or 2024.')], verbose_name='date published')),
                ('read_on', models.DateField(blank=True, help_text='When somebody last opened it and found there what it is cited for.', null=True, verbose_name='date read')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
            ],
            options={
                'verbose_name': 'source',
                'verbose_name_plural': 'sources',
                'ordering': ['publisher', 'published_on', 'url'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('url', ''), _negated=True), fields=('url',), name='source_url_once', violation_error_message='A source with this address is already on record.'), models.CheckConstraint(condition=models.Q(('url', ''), ('url__regex', '^https?://'), _connector='OR'), name='source_url_http', violation_error_message='Write a web address in full, beginning with https:// or http://.'), models.CheckConstraint(condition=models.Q(models.Q(('url', ''), _negated=True), models.Q(('title', ''), _negated=True), _connector='OR'), name='source_names_url_or_title', violation_error_message='Give the address or, for a paper document, the title.'), models.CheckConstraint(condition=models.Q(('published_on', ''), ('published_on__regex', '^\\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\\d|3[01]))?)?$'), _connector='OR'), name='source_published_on_iso', violation_error_message='Write 2024-02-07, 2024-02 or 2024.')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('arguments', models.JSONField(default=dict, help_text='Keys of rows; no personal data.', verbose_name='arguments')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='waiting', max_length=10, verbose_name='state')),
                ('done', models.PositiveIntegerField(default=0, verbose_name='done')),
                ('total', models.PositiveIntegerField(blank=True, null=True, verbose_name='of')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='times begun')),
                ('cancel_asked', models.BooleanField(default=False, verbose_name='asked to stop')),
                ('requested_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for (UTC)')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='begun (UTC)')),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True, verbose_name='last heard of (UTC)')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='ended (UTC)')),
                ('result', models.TextField(blank=True, help_text='A sentence; no personal data.', verbose_name='result')),
                ('error', models.TextField(blank=True, verbose_name='what went wrong')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
            ],
            options={
                'verbose_name': 'job',
                'verbose_name_plural': 'jobs',
                'ordering': ['-requested_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind', ''), _negated=True), name='job_has_kind'), models.CheckConstraint(condition=models.Q(('total__isnull', True), ('done__lte', models.F('total')), _connector='OR'), name='job_done_within_total'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'cancelled']), ('started_at__isnull', False), _connector='OR'), name='job_begun_dated'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('state__in', ['waiting', 'running'])), models.Q(models.Q(('state__in', ['waiting', 'running']), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='job_end_dated'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done', 'failed', 'cancelled'])), name='job_state_known')],
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('key', models.UUIDField(primary_key=True, serialize=False)),
                ('digest', models.CharField(help_text='SHA-256 of what was sent.', max_length=64)),
                ('record', models.CharField(blank=True, help_text='Key of what was saved.', max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), db_index=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'submission',
                'verbose_name_plural': 'submissions',
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(null=True, unique=True, verbose_name='number')),
                ('at', models.DateTimeField(verbose_name='moment (UTC)')),
                ('account', models.BigIntegerField(null=True, verbose_name='account')),
                ('origin', models.TextField(verbose_name='door')),
                ('request', models.TextField(verbose_name='request')),
                ('reason', models.TextField(verbose_name='reason')),
                ('role', models.TextField(verbose_name='database role')),
                ('txid', models.BigIntegerField(verbose_name='transaction')),
                ('rows', models.BigIntegerField(null=True, verbose_name='rows')),
                ('previous_hash', models.TextField(blank=True, verbose_name='hash of the entry before')),
                ('hash', models.TextField(blank=True, verbose_name='hash')),
            ],
            options={
                'verbose_name': 'change',
                'verbose_name_plural': 'changes',
                'ordering': ['-id'],
                'default_permissions': ('view',),
                'indexes': [models.Index(condition=models.Q(('number', None)), fields=['txid'], name='change_open'), models.Index(fields=['account', 'id'], name='change_account'), models.Index(fields=['origin', 'id'], name='change_origin', opclasses=['text_pattern_ops', 'int8_ops']), models.Index(condition=models.Q(('request', ''), _negated=True), fields=['request'], name='change_request'), models.Index(fields=['at'], name='change_at')],
            },
        ),
        migrations.CreateModel(
            name='ChangedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table_name', models.TextField(verbose_name='table')),
                ('key', models.TextField(verbose_name='key')),
                ('kind', models.CharField(choices=[('insert', 'added'), ('update', 'changed'), ('delete', 'deleted'), ('erase', 'personal values erased')], max_length=6, verbose_name='kind')),
                ('before', models.JSONField(null=True, verbose_name='before')),
                ('after', models.JSONField(null=True, verbose_name='after')),
                ('digest', models.BinaryField(verbose_name='digest')),
                ('change', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='changed', to='core.change')),
            ],
            options={
                'verbose_name': 'changed row',
                'verbose_name_plural': 'changed rows',
                'ordering': ['-id'],
                'default_permissions': (),
                'indexes': [models.Index(fields=['table_name', 'key', 'id'], name='changedrow_of_row'), models.Index(fields=['change', 'id'], name='changedrow_of_change')],
            },
        ),
        migrations.CreateModel(
            name='PersonalValue',
            fields=[
                ('changed_row', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='personal', serialize=False, to='core.changedrow')),
                ('table_name', models.TextField(verbose_name='table')),
                ('key', models.TextField(verbose_name='key')),
                ('salt', models.BinaryField(verbose_name='salt')),
                ('before', models.JSONField(null=True, verbose_name='before')),
                ('after', models.JSONField(null=True, verbose_name='after')),
            ],
            options={
                'verbose_name': 'personal value in the history',
                'verbose_name_plural': 'personal values in the history',
                'default_permissions': (),
                'indexes': [models.Index(fields=['table_name', 'key'], name='personalvalue_of_row')],
            },
        ),
    ]
