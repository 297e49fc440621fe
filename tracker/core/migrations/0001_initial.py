import django.contrib.auth.models
import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

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
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
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
    ]
