"""Teams, where they are planned to be and were, and what went wrong."""

import datetime
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('fieldwork', '0001_initial'),
        ('fieldwork', '0003_publication_states'),
        ('fieldwork', '0005_roles'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_accounts_and_history'),
        ('elections', '0001_elections'),
        ('missions', '0001_missions_and_people'),
        ('stations', '0001_stations'),
    ]

    operations = [
        migrations.CreateModel(
            name='Assessment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveSmallIntegerField(help_text="1 is the first step of the mission's scale; the order is the mission's.", verbose_name='step')),
                ('label', models.CharField(max_length=60, verbose_name='word of the mission')),
                ('polarity', models.CharField(choices=[('positive', 'positive'), ('neutral', 'neither'), ('negative', 'negative')], max_length=10, verbose_name='polarity')),
                ('mission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assessments', to='missions.mission', verbose_name='mission')),
            ],
            options={
                'verbose_name': 'assessment',
                'verbose_name_plural': 'assessment scale',
                'ordering': ['mission', 'ordinal'],
                'constraints': [models.UniqueConstraint(fields=('mission', 'ordinal'), name='assessment_step_once', violation_error_message='This scale already has this step.'), models.UniqueConstraint(fields=('mission', 'label'), name='assessment_label_once', violation_error_message='This scale already has this word.'), models.UniqueConstraint(fields=('id', 'mission'), name='assessment_id_mission'), models.CheckConstraint(condition=models.Q(('ordinal__gte', 1)), name='assessment_step_from_one'), models.CheckConstraint(condition=models.Q(('label', ''), _negated=True), name='assessment_has_label'), models.CheckConstraint(condition=models.Q(('polarity__in', ['positive', 'neutral', 'negative'])), name='assessment_polarity_known')],
            },
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Short and unique in the mission: T-04.', max_length=40, verbose_name='name')),
                ('kind', models.CharField(choices=[('mobile', 'mobile: goes from station to station'), ('static', 'static: stays at one station')], default='mobile', max_length=10, verbose_name='kind')),
                ('area', models.CharField(blank=True, max_length=160, verbose_name='area of responsibility')),
                ('area_constituency', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='elections.constituency', verbose_name='constituency of the area')),
                ('area_country', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.country', verbose_name='country of the area')),
                ('members', models.ManyToManyField(blank=True, help_text='Two or more.', related_name='teams', to='missions.observer', verbose_name='members')),
                ('mission', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='teams', to='missions.mission', verbose_name='mission')),
            ],
            options={
                'verbose_name': 'team',
                'verbose_name_plural': 'teams',
                'ordering': ['mission', 'name'],
                'constraints': [models.UniqueConstraint(fields=('mission', 'name'), name='team_name_once_in_mission', violation_error_message='This mission already has a team with this name.'), models.UniqueConstraint(fields=('id', 'mission'), name='team_id_mission'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='team_has_name'), models.CheckConstraint(condition=models.Q(('kind__in', ['mobile', 'static'])), name='team_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted: waits for a publisher'), ('published', 'published'), ('withdrawn', 'withdrawn: was public, and is not any more')], db_index=True, default='draft', help_text='Only what is published is shown to the public.', max_length=10, verbose_name='publication')),
                ('category', models.CharField(choices=[('access', 'Observers hindered'), ('voter_list', 'Voter list'), ('secrecy', 'Secrecy of the vote'), ('procedure', 'Procedure'), ('materials', 'Materials missing'), ('pressure', 'Pressure or campaigning'), ('violence', 'Violence or threat'), ('count', 'Count and protocols'), ('other', 'Other')], max_length=12, verbose_name='category')),
                ('severity', models.CharField(choices=[('minor', 'minor'), ('serious', 'serious'), ('grave', 'grave')], default='minor', max_length=8, verbose_name='severity')),
                ('status', models.CharField(choices=[('reported', 'reported'), ('checking', 'being checked'), ('confirmed', 'confirmed'), ('dismissed', 'dismissed')], default='reported', max_length=10, verbose_name='status')),
                ('occurred_at', models.DateTimeField(verbose_name='when (UTC)')),
                ('place', models.CharField(blank=True, help_text='Where it was not at a station.', max_length=160, verbose_name='place')),
                ('description', models.TextField(help_text='For the mission. Never public.', verbose_name='description')),
                ('summary', models.TextField(blank=True, help_text='What the public reads once published. No names of people.', verbose_name='public summary')),
                ('submission_key', models.UUIDField(blank=True, editable=False, null=True, unique=True, verbose_name='submission key')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='elections.election', verbose_name='election')),
                ('station', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='stations.pollingstation', verbose_name='polling station')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='fieldwork.team', verbose_name='reported by team')),
                ('approved_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
                ('embargo_until', models.DateTimeField(blank=True, help_text='Published already, and shown to nobody outside before this moment. Empty: at once.', null=True, verbose_name='embargo until (UTC)')),
                ('written_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='last written by')),
            ],
            options={
                'verbose_name': 'incident',
                'verbose_name_plural': 'incidents',
                'ordering': ['-occurred_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('station__isnull', False), models.Q(('place', ''), _negated=True), _connector='OR'), name='incident_has_place', violation_error_message='Say where it happened: the station or the place.'), models.CheckConstraint(condition=models.Q(models.Q(('publication', 'published'), _negated=True), models.Q(('summary', ''), _negated=True), _connector='OR'), name='incident_published_with_summary', violation_error_message='Write the public summary before you publish.'), models.CheckConstraint(condition=models.Q(('occurred_at__isnull', True), models.Q(('occurred_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('occurred_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='incident_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(('category__in', ['access', 'voter_list', 'secrecy', 'procedure', 'materials', 'pressure', 'violence', 'count', 'other'])), name='incident_category_known'), models.CheckConstraint(condition=models.Q(('severity__in', ['minor', 'serious', 'grave'])), name='incident_severity_known'), models.CheckConstraint(condition=models.Q(('status__in', ['reported', 'checking', 'confirmed', 'dismissed'])), name='incident_status_known'), models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'submitted', 'published', 'withdrawn'])), name='incident_publication_known')],
            },
        ),
        migrations.CreateModel(
            name='IncidentChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('reported', 'reported'), ('checking', 'being checked'), ('confirmed', 'confirmed'), ('dismissed', 'dismissed')], max_length=10, verbose_name='status')),
                ('at', models.DateTimeField(verbose_name='moment (UTC)')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('publication', models.CharField(blank=True, choices=[('draft', 'draft'), ('submitted', 'submitted: waits for a publisher'), ('published', 'published'), ('withdrawn', 'withdrawn: was public, and is not any more')], max_length=10, verbose_name='publication')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='fieldwork.incident', verbose_name='incident')),
            ],
            options={
                'verbose_name': 'incident change',
                'verbose_name_plural': 'incident changes',
                'ordering': ['at', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('at__isnull', True), models.Q(('at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='incident_change_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(('status__in', ['reported', 'checking', 'confirmed', 'dismissed'])), name='incident_change_status_known'), models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'submitted', 'published', 'withdrawn', ''])), name='incident_change_publication_known')],
            },
        ),
        migrations.CreateModel(
            name='Deployment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='from (UTC)')),
                ('ends_at', models.DateTimeField(verbose_name='until (UTC)')),
                ('status', models.CharField(choices=[('planned', 'planned'), ('confirmed', 'confirmed'), ('called_off', 'called off')], default='planned', max_length=12, verbose_name='status')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('election', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='deployments', to='elections.election', verbose_name='election')),
                ('mission', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='deployments', to='missions.mission', verbose_name='mission')),
                ('station', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deployments', to='stations.pollingstation', verbose_name='polling station')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deployments', to='fieldwork.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'deployment',
                'verbose_name_plural': 'deployments',
                'ordering': ['starts_at', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'called_off'), _negated=True), fields=('team', 'station', 'starts_at'), name='deployment_slot_once', violation_error_message='This team is already planned at this station at this hour.'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='deployment_ends_after_it_starts', violation_error_message='The slot must end after it begins.'), models.CheckConstraint(condition=models.Q(models.Q(('starts_at__isnull', True), models.Q(('starts_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('starts_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), models.Q(('ends_at__isnull', True), models.Q(('ends_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('ends_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR')), name='deployment_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(('status__in', ['planned', 'confirmed', 'called_off'])), name='deployment_status_known')],
            },
        ),
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phase', models.CharField(choices=[('opening', 'Opening'), ('voting', 'Voting'), ('closing', 'Closing'), ('counting', 'Counting'), ('tabulation', 'Tabulation')], max_length=12, verbose_name='phase')),
                ('arrived_at', models.DateTimeField(verbose_name='arrival (UTC)')),
                ('departed_at', models.DateTimeField(blank=True, null=True, verbose_name='departure (UTC)')),
                ('findings', models.TextField(blank=True, help_text='Never public. No names of voters or staff.', verbose_name='findings')),
                ('status', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted'), ('verified', 'verified')], default='draft', max_length=10, verbose_name='status')),
                ('submission_key', models.UUIDField(blank=True, editable=False, null=True, unique=True, verbose_name='submission key')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('key_version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version of the form')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='entered (UTC)')),
                ('submitted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='submitted (UTC)')),
                ('verified_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='verified (UTC)')),
                ('assessment', models.ForeignKey(blank=True, help_text="On the mission's own scale.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='fieldwork.assessment', verbose_name='overall assessment')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('election', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='elections.election', verbose_name='election')),
                ('mission', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='missions.mission', verbose_name='mission')),
                ('station', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='stations.pollingstation', verbose_name='polling station')),
                ('submitted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='submitted by')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='fieldwork.team', verbose_name='team')),
                ('verified_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='verified by')),
            ],
            options={
                'verbose_name': 'visit',
                'verbose_name_plural': 'visits',
                'ordering': ['-arrived_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('departed_at__isnull', True), ('departed_at__gte', models.F('arrived_at')), _connector='OR'), name='visit_departs_after_arrival', violation_error_message='The team cannot leave before it arrives.'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'draft'), ('submitted_at__isnull', True)), models.Q(models.Q(('status', 'draft'), _negated=True), ('submitted_at__isnull', False)), _connector='OR'), name='visit_submission_dated'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'verified'), ('verified_at__isnull', False)), models.Q(models.Q(('status', 'verified'), _negated=True), ('verified_at__isnull', True)), _connector='OR'), name='visit_verification_dated'), models.CheckConstraint(condition=models.Q(models.Q(('arrived_at__isnull', True), models.Q(('arrived_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('arrived_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), models.Q(('departed_at__isnull', True), models.Q(('departed_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('departed_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR')), name='visit_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(('phase__in', ['opening', 'voting', 'closing', 'counting', 'tabulation'])), name='visit_phase_known'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'submitted', 'verified'])), name='visit_status_known')],
            },
        ),
    ]
