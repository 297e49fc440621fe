"""Elections, constituencies, the calendar, announced figures, and the simulated day of a demonstration."""

import datetime
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('elections', '0001_initial'),
        ('elections', '0002_composite_keys'),
        ('elections', '0003_publication_states'),
        ('elections', '0004_retention'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_accounts_and_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='Election',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted: waits for a publisher'), ('published', 'published'), ('withdrawn', 'withdrawn: was public, and is not any more')], db_index=True, default='draft', help_text='Only what is published is shown to the public.', max_length=10, verbose_name='publication')),
                ('slug', models.SlugField(help_text='Part of every public address of this election, such as az-2024-president. Do not change it later.', max_length=60, unique=True, verbose_name='address name')),
                ('name', models.CharField(help_text='The whole name, with the country and the date.', max_length=160, verbose_name='name in English')),
                ('name_az', models.CharField(blank=True, help_text='Shown on /az/ pages. Empty: the English name is shown there too.', max_length=160, verbose_name='name in Azerbaijani')),
                ('name_ru', models.CharField(blank=True, help_text='Shown on /ru/ pages. Empty: the English name is shown there too.', max_length=160, verbose_name='name in Russian')),
                ('kind', models.CharField(choices=[('presidential', 'Presidential election'), ('parliamentary', 'Parliamentary election'), ('local', 'Local election'), ('referendum', 'Referendum')], help_text='What people vote on.', max_length=20, verbose_name='kind')),
                ('call', models.CharField(choices=[('regular', 'Regular'), ('extraordinary', 'Extraordinary'), ('repeat', 'Repeat'), ('by_election', 'By-election')], default='regular', help_text='Why it is held now.', max_length=20, verbose_name='call')),
                ('round', models.PositiveSmallIntegerField(default=1, help_text='1, or 2 for a run-off.', verbose_name='round')),
                ('starts_on', models.DateField(help_text='The local date in the country of the election.', verbose_name='first voting day')),
                ('ends_on', models.DateField(help_text='The same date where voting takes one day.', verbose_name='last voting day')),
                ('authority', models.CharField(blank=True, help_text='Who runs it, such as the Central Election Commission.', max_length=160, verbose_name='election authority')),
                ('publishing', models.CharField(choices=[('live', 'live: every change is published as it is counted'), ('reviewed', 'reviewed: a publisher looks at each edition first')], default='live', help_text='How a new edition of the figures reaches the public.', max_length=10, verbose_name='publishing of figures')),
                ('demonstration', models.BooleanField(default=False, help_text='An invented election. Every page that shows it says so.', verbose_name='demonstration')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('country', models.ForeignKey(help_text='The country whose election it is; stations abroad stand in others.', on_delete=django.db.models.deletion.PROTECT, related_name='elections', to='core.country', verbose_name='country')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('timezone', models.ForeignKey(help_text='The zone of the election authority; its calendar is read in it.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.timezone', verbose_name='time zone')),
                ('approved_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
                ('embargo_until', models.DateTimeField(blank=True, help_text='Published already, and shown to nobody outside before this moment. Empty: at once.', null=True, verbose_name='embargo until (UTC)')),
                ('four_eyes', models.BooleanField(default=False, help_text='Nobody publishes what they wrote: one person submits a record, another one publishes it, and every edit needs that again. The database holds to it.', verbose_name='four eyes')),
                ('written_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='last written by')),
                ('contact_days', models.PositiveSmallIntegerField(blank=True, default=90, help_text='Counted from the last voting day: e-mail, telephone and passport number of observers and media go. Empty: kept. The number is to be confirmed by whoever is the controller of the data.', null=True, verbose_name='days until contact data is erased')),
                ('people_days', models.PositiveSmallIntegerField(blank=True, default=365, help_text='Counted from the last voting day: names go; codes, badges and figures stay. Empty: kept. To be confirmed by the controller as well. The invented people of a demonstration are kept.', null=True, verbose_name='days until people are erased')),
            ],
            options={
                'verbose_name': 'election',
                'verbose_name_plural': 'elections',
                'ordering': ['-starts_on', 'slug'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='election_ends_after_start', violation_error_message='The last voting day cannot be before the first.'), models.CheckConstraint(condition=models.Q(('ends_on__lte', django.db.models.expressions.CombinedExpression(models.F('starts_on'), '+', models.Value(datetime.timedelta(days=31))))), name='election_at_most_a_month', violation_error_message='Voting cannot take more than a month; check the years.'), models.CheckConstraint(condition=models.Q(('round__gte', 1)), name='election_round_from_one', violation_error_message='Rounds are counted from 1.'), models.UniqueConstraint(fields=('id', 'demonstration'), name='election_id_demonstration'), models.CheckConstraint(condition=models.Q(('kind__in', ['presidential', 'parliamentary', 'local', 'referendum'])), name='election_kind_known'), models.CheckConstraint(condition=models.Q(('call__in', ['regular', 'extraordinary', 'repeat', 'by_election'])), name='election_call_known'), models.CheckConstraint(condition=models.Q(('publishing__in', ['live', 'reviewed'])), name='election_publishing_known'), models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'submitted', 'published', 'withdrawn'])), name='election_publication_known')],
            },
        ),
        migrations.CreateModel(
            name='Constituency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted: waits for a publisher'), ('published', 'published'), ('withdrawn', 'withdrawn: was public, and is not any more')], db_index=True, default='draft', help_text='Only what is published is shown to the public.', max_length=10, verbose_name='publication')),
                ('number', models.CharField(help_text='As the election authority writes it.', max_length=20, verbose_name='number')),
                ('name', models.CharField(blank=True, help_text='As the election authority writes it. Empty if it has only a number.', max_length=120, verbose_name='name')),
                ('note', models.TextField(blank=True, help_text='For instance that it votes for the first time in so many years. Quote official phrases.', verbose_name='note')),
                ('note_source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of the note')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='constituencies', to='elections.election', verbose_name='election')),
                ('approved_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
                ('embargo_until', models.DateTimeField(blank=True, help_text='Published already, and shown to nobody outside before this moment. Empty: at once.', null=True, verbose_name='embargo until (UTC)')),
                ('written_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='last written by')),
            ],
            options={
                'verbose_name': 'constituency',
                'verbose_name_plural': 'constituencies',
                'ordering': ['election', 'number'],
                'constraints': [models.UniqueConstraint(fields=('election', 'number'), name='constituency_number_once', violation_error_message='This election already has a constituency with this number.'), models.UniqueConstraint(fields=('id', 'election'), name='constituency_id_election'), models.CheckConstraint(condition=models.Q(('number', ''), _negated=True), name='constituency_has_number', violation_error_message='Give the number of the constituency.'), models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'submitted', 'published', 'withdrawn'])), name='constituency_publication_known')],
            },
        ),
        migrations.CreateModel(
            name='AnnouncedFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted: waits for a publisher'), ('published', 'published'), ('withdrawn', 'withdrawn: was public, and is not any more')], db_index=True, default='draft', help_text='Only what is published is shown to the public.', max_length=10, verbose_name='publication')),
                ('metric', models.CharField(choices=[('stations_abroad', 'Polling stations abroad'), ('countries_abroad', 'Countries with polling stations abroad'), ('voters_abroad', 'Voters on the lists abroad'), ('first_station_to_open', 'First station to open'), ('last_station_to_close', 'Last station to close'), ('stations_total', 'Polling stations in all'), ('stations_reporting', 'Polling stations reporting'), ('stations_annulled', 'Polling stations annulled'), ('stations_liberated', 'Polling stations in “liberated territories”'), ('voters_liberated', 'Voters in “liberated territories”'), ('webcam_stations', 'Polling stations with webcams'), ('constituencies', 'Constituencies'), ('registered_voters', 'Registered voters'), ('ballots_printed', 'Ballots printed'), ('international_observers', 'International observers accredited'), ('observer_organizations', 'Organizations with international observers'), ('observer_countries', 'Countries of international observers'), ('local_observers', 'Local observers'), ('observers_total', 'Observers in all'), ('observer_ngos', 'Non-governmental organizations observing'), ('mission_observers', 'Observers of a mission'), ('mission_countries', 'Countries in a mission'), ('foreign_media', 'Foreign media accredited'), ('foreign_journalists', 'Foreign journalists accredited'), ('exit_poll_organizations', 'Exit poll organizations'), ('nominees_approved', 'Nominees approved'), ('candidates_registered', 'Candidates registered'), ('turnout', 'Turnout'), ('voters_voted', 'Voters who voted'), ('winner_share', 'Share of the winner')], help_text='What was counted.', max_length=40, verbose_name='metric')),
                ('scope', models.CharField(blank=True, help_text='Whom or where it covers, if not the whole election.', max_length=80, verbose_name='scope')),
                ('value', models.DecimalField(blank=True, decimal_places=2, help_text='The number as it was announced, not rounded and not corrected.', max_digits=14, null=True, verbose_name='value')),
                ('place', models.CharField(blank=True, help_text='Instead of a value, where the unit is a place.', max_length=80, verbose_name='place')),
                ('unit', models.CharField(choices=[('stations', 'stations'), ('countries', 'countries'), ('constituencies', 'constituencies'), ('voters', 'voters'), ('ballots', 'ballots'), ('persons', 'persons'), ('organizations', 'organizations'), ('candidates', 'candidates'), ('percent', 'percent'), ('place', 'place')], help_text='What the value counts; for a place, give the place instead.', max_length=20, verbose_name='unit')),
                ('qualifier', models.CharField(choices=[('exact', 'exactly'), ('about', 'about'), ('over', 'over'), ('nearly', 'nearly'), ('requested', 'requested'), ('counted', 'counted from a text')], default='exact', help_text='The word that came with the number: “over 40” is not contradicted by 49.', max_length=12, verbose_name='qualifier')),
                ('announced_by', models.CharField(help_text='The person or body that said it, not the newspaper that printed it.', max_length=120, verbose_name='announced by')),
                ('announced_on', models.DateField(blank=True, help_text='The day it was said. Empty if the source does not tell.', null=True, verbose_name='announced on')),
                ('as_of_date', models.DateField(blank=True, help_text='The day the figure describes.', null=True, verbose_name='as of (date)')),
                ('as_of_at', models.DateTimeField(blank=True, help_text='Only where the source gives the hour and its zone.', null=True, verbose_name='as of (moment, UTC)')),
                ('as_of_clock_time', models.TimeField(blank=True, help_text='Only where the source gives an hour but not its zone.', null=True, verbose_name='as of (clock time, zone not stated)')),
                ('conflict_group', models.SlugField(blank=True, help_text='Figures with the same word here speak of the same thing and are shown side by side.', max_length=40, verbose_name='conflict group')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('as_of_timezone', models.ForeignKey(blank=True, help_text='The zone in whose clock time the source gives that moment.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.timezone', verbose_name='time zone of that moment')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='announced_figures', to='elections.election', verbose_name='election')),
                ('approved_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
                ('embargo_until', models.DateTimeField(blank=True, help_text='Published already, and shown to nobody outside before this moment. Empty: at once.', null=True, verbose_name='embargo until (UTC)')),
                ('written_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='last written by')),
            ],
            options={
                'verbose_name': 'announced figure',
                'verbose_name_plural': 'announced figures',
                'ordering': ['metric', 'scope', models.OrderBy(models.F('announced_on'), nulls_last=True), 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('unit', 'place'), ('value__isnull', True), models.Q(('place', ''), _negated=True)), models.Q(models.Q(('unit', 'place'), _negated=True), ('place', ''), ('value__isnull', False)), _connector='OR'), name='figure_value_or_place', violation_error_message='Give a value, or a place where the unit is a place.'), models.CheckConstraint(condition=models.Q(('value__isnull', True), ('value__gte', 0), _connector='OR'), name='figure_value_not_negative', violation_error_message='A value cannot be negative.'), models.CheckConstraint(condition=models.Q(models.Q(('unit', 'percent'), _negated=True), ('value__lte', 100), _connector='OR'), name='figure_percent_up_to_100', violation_error_message='A percentage cannot be more than 100.'), models.CheckConstraint(condition=models.Q(('as_of_at__isnull', True), models.Q(('as_of_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('as_of_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='figure_moment_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(('announced_by', ''), _negated=True), name='figure_names_announcer', violation_error_message='Say who announced it.'), models.CheckConstraint(condition=models.Q(models.Q(('as_of_at__isnull', True), ('as_of_timezone__isnull', True)), models.Q(('as_of_at__isnull', False), ('as_of_clock_time__isnull', True), ('as_of_timezone__isnull', False)), _connector='OR'), name='figure_moment_has_zone', violation_error_message='Give the moment and its time zone together, or only the clock time.'), models.CheckConstraint(condition=models.Q(('metric__in', ['stations_abroad', 'countries_abroad', 'voters_abroad', 'first_station_to_open', 'last_station_to_close', 'stations_total', 'stations_reporting', 'stations_annulled', 'stations_liberated', 'voters_liberated', 'webcam_stations', 'constituencies', 'registered_voters', 'ballots_printed', 'international_observers', 'observer_organizations', 'observer_countries', 'local_observers', 'observers_total', 'observer_ngos', 'mission_observers', 'mission_countries', 'foreign_media', 'foreign_journalists', 'exit_poll_organizations', 'nominees_approved', 'candidates_registered', 'turnout', 'voters_voted', 'winner_share'])), name='figure_metric_known'), models.CheckConstraint(condition=models.Q(('unit__in', ['stations', 'countries', 'constituencies', 'voters', 'ballots', 'persons', 'organizations', 'candidates', 'percent', 'place'])), name='figure_unit_known'), models.CheckConstraint(condition=models.Q(('qualifier__in', ['exact', 'about', 'over', 'nearly', 'requested', 'counted'])), name='figure_qualifier_known'), models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'submitted', 'published', 'withdrawn'])), name='figure_publication_known')],
            },
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted: waits for a publisher'), ('published', 'published'), ('withdrawn', 'withdrawn: was public, and is not any more')], db_index=True, default='draft', help_text='Only what is published is shown to the public.', max_length=10, verbose_name='publication')),
                ('title', models.CharField(help_text='What happens, in a few words.', max_length=200, verbose_name='title')),
                ('kind', models.CharField(choices=[('legal', 'Legal'), ('preparation', 'Preparation'), ('candidates', 'Candidates'), ('voters', 'Voters'), ('abroad', 'Voting abroad'), ('observation', 'Observation'), ('campaign', 'Campaign'), ('voting', 'Voting'), ('results', 'Results')], help_text='The part of the election it belongs to.', max_length=20, verbose_name='kind')),
                ('starts_on', models.DateField(blank=True, help_text='Empty if only the order is known.', null=True, verbose_name='date')),
                ('ends_on', models.DateField(blank=True, help_text='Only for a period.', null=True, verbose_name='last day')),
                ('at', models.DateTimeField(blank=True, help_text='Only where an hour is known. For a period: when it ends.', null=True, verbose_name='moment (UTC)')),
                ('responsible_body', models.CharField(blank=True, help_text='Who must do it, or did it.', max_length=120, verbose_name='responsible body')),
                ('basis', models.CharField(choices=[('calendar_plan', 'planned in the official calendar'), ('reported', 'reported'), ('derived', 'worked out from local time')], default='reported', help_text='Planned: the calendar says so. Reported: a source says it happened. Worked out: computed from local hours.', max_length=20, verbose_name='basis')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='milestones', to='elections.election', verbose_name='election')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('timezone', models.ForeignKey(blank=True, help_text='The zone in whose clock time the moment was given.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.timezone', verbose_name='time zone of the moment')),
                ('approved_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
                ('embargo_until', models.DateTimeField(blank=True, help_text='Published already, and shown to nobody outside before this moment. Empty: at once.', null=True, verbose_name='embargo until (UTC)')),
                ('written_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='last written by')),
            ],
            options={
                'verbose_name': 'milestone',
                'verbose_name_plural': 'milestones',
                'ordering': [models.OrderBy(models.F('starts_on'), nulls_last=True), models.OrderBy(models.F('at'), nulls_first=True), 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), models.Q(('ends_on__gte', models.F('starts_on')), ('starts_on__isnull', False)), _connector='OR'), name='milestone_ends_after_start', violation_error_message='The last day cannot be before the date.'), models.CheckConstraint(condition=models.Q(('at__isnull', True), models.Q(('at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='milestone_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(models.Q(('at__isnull', True), ('timezone__isnull', True)), models.Q(('at__isnull', False), ('timezone__isnull', False)), _connector='OR'), name='milestone_moment_has_zone', violation_error_message='Give the moment and its time zone together.'), models.CheckConstraint(condition=models.Q(('kind__in', ['legal', 'preparation', 'candidates', 'voters', 'abroad', 'observation', 'campaign', 'voting', 'results'])), name='milestone_kind_known'), models.CheckConstraint(condition=models.Q(('basis__in', ['calendar_plan', 'reported', 'derived'])), name='milestone_basis_known'), models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'submitted', 'published', 'withdrawn'])), name='milestone_publication_known')],
            },
        ),
        migrations.CreateModel(
            name='SimulatedDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('demonstration', models.BooleanField(default=True, editable=False, verbose_name='demonstration')),
                ('seed', models.PositiveIntegerField(verbose_name='seed')),
                ('now', models.DateTimeField(verbose_name='simulated moment (UTC)')),
                ('last_event', models.TextField(blank=True, verbose_name='last event played')),
                ('election', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='simulated_day', to='elections.election', verbose_name='election')),
            ],
            options={
                'verbose_name': 'simulated day',
                'verbose_name_plural': 'simulated days',
                'constraints': [models.CheckConstraint(condition=models.Q(('demonstration', True)), name='simulated_day_demonstration'), models.CheckConstraint(condition=models.Q(('now__isnull', True), models.Q(('now__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('now__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='simulated_day_in_calendar', violation_error_message='The year must be between 1900 and 2199.')],
            },
        ),
        # A key of two columns, which Django does not know: only a demonstration has a simulated day.
        migrations.RunSQL(
            sql="""
                ALTER TABLE elections_simulatedday ADD CONSTRAINT simulated_day_only_of_demonstration
                FOREIGN KEY (election_id, demonstration)
                REFERENCES elections_election (id, demonstration) DEFERRABLE INITIALLY DEFERRED
            """,
            reverse_sql="ALTER TABLE elections_simulatedday DROP CONSTRAINT simulated_day_only_of_demonstration",
        ),
    ]
