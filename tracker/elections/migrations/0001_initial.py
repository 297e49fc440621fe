import datetime
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Election',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('slug', models.SlugField(help_text='Part of every public address of this election, such as az-2024-president. Do not change it later.', max_length=60, unique=True, verbose_name='address name')),
                ('name', models.CharField(max_length=160, verbose_name='name in English')),
                ('name_az', models.CharField(blank=True, max_length=160, verbose_name='name in Azerbaijani')),
                ('name_ru', models.CharField(blank=True, max_length=160, verbose_name='name in Russian')),
                ('kind', models.CharField(choices=[('presidential', 'Presidential election'), ('parliamentary', 'Parliamentary election'), ('local', 'Local election'), ('referendum', 'Referendum')], max_length=20, verbose_name='kind')),
                ('call', models.CharField(choices=[('regular', 'Regular'), ('extraordinary', 'Extraordinary'), ('repeat', 'Repeat'), ('by_election', 'By-election')], default='regular', help_text='Why it is held now.', max_length=20, verbose_name='call')),
                ('round', models.PositiveSmallIntegerField(default=1, verbose_name='round')),
                ('starts_on', models.DateField(help_text='The local date in the country of the election.', verbose_name='first voting day')),
                ('ends_on', models.DateField(help_text='The same date where voting takes one day.', verbose_name='last voting day')),
                ('authority', models.CharField(blank=True, max_length=160, verbose_name='election authority')),
                ('publishing', models.CharField(choices=[('live', 'live: every change is published as it is counted'), ('reviewed', 'reviewed: a publisher looks at each edition first')], default='live', help_text='How a new edition of the figures reaches the public.', max_length=10, verbose_name='publishing of figures')),
                ('demonstration', models.BooleanField(default=False, help_text='An invented election. Every page that shows it says so.', verbose_name='demonstration')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('country', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='elections', to='core.country', verbose_name='country')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('timezone', models.ForeignKey(help_text='The zone of the election authority; its calendar is read in it.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.timezone', verbose_name='time zone')),
            ],
            options={
                'verbose_name': 'election',
                'verbose_name_plural': 'elections',
                'ordering': ['-starts_on', 'slug'],
            },
        ),
        migrations.CreateModel(
            name='Constituency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('number', models.CharField(max_length=20, verbose_name='number')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                ('note', models.TextField(blank=True, help_text='For instance that it votes for the first time in so many years. Quote official phrases.', verbose_name='note')),
                ('note_source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of the note')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='constituencies', to='elections.election', verbose_name='election')),
            ],
            options={
                'verbose_name': 'constituency',
                'verbose_name_plural': 'constituencies',
                'ordering': ['election', 'number'],
            },
        ),
        migrations.CreateModel(
            name='AnnouncedFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('metric', models.CharField(choices=[('stations_abroad', 'Polling stations abroad'), ('countries_abroad', 'Countries with polling stations abroad'), ('voters_abroad', 'Voters on the lists abroad'), ('first_station_to_open', 'First station to open'), ('last_station_to_close', 'Last station to close'), ('stations_total', 'Polling stations in all'), ('stations_reporting', 'Polling stations reporting'), ('stations_annulled', 'Polling stations annulled'), ('stations_liberated', 'Polling stations in “liberated territories”'), ('voters_liberated', 'Voters in “liberated territories”'), ('webcam_stations', 'Polling stations with webcams'), ('constituencies', 'Constituencies'), ('registered_voters', 'Registered voters'), ('ballots_printed', 'Ballots printed'), ('international_observers', 'International observers accredited'), ('observer_organizations', 'Organizations with international observers'), ('observer_countries', 'Countries of international observers'), ('local_observers', 'Local observers'), ('observers_total', 'Observers in all'), ('observer_ngos', 'Non-governmental organizations observing'), ('mission_observers', 'Observers of a mission'), ('mission_countries', 'Countries in a mission'), ('foreign_media', 'Foreign media accredited'), ('foreign_journalists', 'Foreign journalists accredited'), ('exit_poll_organizations', 'Exit poll organizations'), ('nominees_approved', 'Nominees approved'), ('candidates_registered', 'Candidates registered'), ('turnout', 'Turnout'), ('voters_voted', 'Voters who voted'), ('winner_share', 'Share of the winner')], max_length=40, verbose_name='metric')),
                ('scope', models.CharField(blank=True, help_text='Whom or where it covers, if not the whole election.', max_length=80, verbose_name='scope')),
                ('value', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='value')),
                ('place', models.CharField(blank=True, help_text='Instead of a value, where the unit is a place.', max_length=80, verbose_name='place')),
                ('unit', models.CharField(choices=[('stations', 'stations'), ('countries', 'countries'), ('constituencies', 'constituencies'), ('voters', 'voters'), ('ballots', 'ballots'), ('persons', 'persons'), ('organizations', 'organizations'), ('candidates', 'candidates'), ('percent', 'percent'), ('place', 'place')], max_length=20, verbose_name='unit')),
                ('qualifier', models.CharField(choices=[('exact', 'exactly'), ('about', 'about'), ('over', 'over'), ('nearly', 'nearly'), ('requested', 'requested'), ('counted', 'counted from a text')], default='exact', max_length=12, verbose_name='qualifier')),
                ('announced_by', models.CharField(max_length=120, verbose_name='announced by')),
                ('announced_on', models.DateField(blank=True, null=True, verbose_name='announced on')),
                ('as_of_date', models.DateField(blank=True, help_text='The day the figure describes.', null=True, verbose_name='as of (date)')),
                ('as_of_at', models.DateTimeField(blank=True, null=True, verbose_name='as of (moment, UTC)')),
                ('as_of_clock_time', models.TimeField(blank=True, help_text='Only where the source gives an hour but not its zone.', null=True, verbose_name='as of (clock time, zone not stated)')),
                ('conflict_group', models.SlugField(blank=True, help_text='Figures with the same word here speak of the same thing and are shown side by side.', max_length=40, verbose_name='conflict group')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('as_of_timezone', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.timezone', verbose_name='time zone of that moment')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='announced_figures', to='elections.election', verbose_name='election')),
            ],
            options={
                'verbose_name': 'announced figure',
                'verbose_name_plural': 'announced figures',
                'ordering': ['metric', 'scope', models.OrderBy(models.F('announced_on'), nulls_last=True), 'id'],
            },
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('kind', models.CharField(choices=[('legal', 'Legal'), ('preparation', 'Preparation'), ('candidates', 'Candidates'), ('voters', 'Voters'), ('abroad', 'Voting abroad'), ('observation', 'Observation'), ('campaign', 'Campaign'), ('voting', 'Voting'), ('results', 'Results')], max_length=20, verbose_name='kind')),
                ('starts_on', models.DateField(blank=True, help_text='Empty if only the order is known.', null=True, verbose_name='date')),
                ('ends_on', models.DateField(blank=True, help_text='Only for a period.', null=True, verbose_name='last day')),
                ('at', models.DateTimeField(blank=True, help_text='Only where an hour is known. For a period: when it ends.', null=True, verbose_name='moment (UTC)')),
                ('responsible_body', models.CharField(blank=True, max_length=120, verbose_name='responsible body')),
                ('basis', models.CharField(choices=[('calendar_plan', 'planned in the official calendar'), ('reported', 'reported'), ('derived', 'worked out from local time')], default='reported', max_length=20, verbose_name='basis')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='milestones', to='elections.election', verbose_name='election')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('timezone', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.timezone', verbose_name='time zone of the moment')),
            ],
            options={
                'verbose_name': 'milestone',
                'verbose_name_plural': 'milestones',
                'ordering': [models.OrderBy(models.F('starts_on'), nulls_last=True), models.OrderBy(models.F('at'), nulls_first=True), 'id'],
            },
        ),
        migrations.AddConstraint(
            model_name='election',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='election_ends_after_start', violation_error_message='The last voting day cannot be before the first.'),
        ),
        migrations.AddConstraint(
            model_name='election',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__lte', django.db.models.expressions.CombinedExpression(models.F('starts_on'), '+', models.Value(datetime.timedelta(days=31))))), name='election_at_most_a_month', violation_error_message='Voting cannot take more than a month; check the years.'),
        ),
        migrations.AddConstraint(
            model_name='election',
            constraint=models.CheckConstraint(condition=models.Q(('round__gte', 1)), name='election_round_from_one', violation_error_message='Rounds are counted from 1.'),
        ),
        migrations.AddConstraint(
            model_name='election',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='election_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='election',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['presidential', 'parliamentary', 'local', 'referendum'])), name='election_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='election',
            constraint=models.CheckConstraint(condition=models.Q(('call__in', ['regular', 'extraordinary', 'repeat', 'by_election'])), name='election_call_known'),
        ),
        migrations.AddConstraint(
            model_name='election',
            constraint=models.CheckConstraint(condition=models.Q(('publishing__in', ['live', 'reviewed'])), name='election_publishing_known'),
        ),
        migrations.AddConstraint(
            model_name='constituency',
            constraint=models.UniqueConstraint(fields=('election', 'number'), name='constituency_number_once', violation_error_message='This election already has a constituency with this number.'),
        ),
        migrations.AddConstraint(
            model_name='constituency',
            constraint=models.UniqueConstraint(fields=('id', 'election'), name='constituency_id_election'),
        ),
        migrations.AddConstraint(
            model_name='constituency',
            constraint=models.CheckConstraint(condition=models.Q(('number', ''), _negated=True), name='constituency_has_number'),
        ),
        migrations.AddConstraint(
            model_name='constituency',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='constituency_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('unit', 'place'), ('value__isnull', True), models.Q(('place', ''), _negated=True)), models.Q(models.Q(('unit', 'place'), _negated=True), ('place', ''), ('value__isnull', False)), _connector='OR'), name='figure_value_or_place', violation_error_message='Give a value, or a place where the unit is a place.'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(('value__isnull', True), ('value__gte', 0), _connector='OR'), name='figure_value_not_negative', violation_error_message='A value cannot be negative.'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('unit', 'percent'), _negated=True), ('value__lte', 100), _connector='OR'), name='figure_percent_up_to_100', violation_error_message='A percentage cannot be more than 100.'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(('as_of_at__isnull', True), models.Q(('as_of_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('as_of_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='figure_moment_in_calendar', violation_error_message='The year must be between 1900 and 2199.'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(('announced_by', ''), _negated=True), name='figure_names_announcer'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('as_of_at__isnull', True), ('as_of_timezone__isnull', True)), models.Q(('as_of_at__isnull', False), ('as_of_clock_time__isnull', True), ('as_of_timezone__isnull', False)), _connector='OR'), name='figure_moment_has_zone', violation_error_message='Give the moment and its time zone together, or only the clock time.'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='figure_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(('metric__in', ['stations_abroad', 'countries_abroad', 'voters_abroad', 'first_station_to_open', 'last_station_to_close', 'stations_total', 'stations_reporting', 'stations_annulled', 'stations_liberated', 'voters_liberated', 'webcam_stations', 'constituencies', 'registered_voters', 'ballots_printed', 'international_observers', 'observer_organizations', 'observer_countries', 'local_observers', 'observers_total', 'observer_ngos', 'mission_observers', 'mission_countries', 'foreign_media', 'foreign_journalists', 'exit_poll_organizations', 'nominees_approved', 'candidates_registered', 'turnout', 'voters_voted', 'winner_share'])), name='figure_metric_known'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(('unit__in', ['stations', 'countries', 'constituencies', 'voters', 'ballots', 'persons', 'organizations', 'candidates', 'percent', 'place'])), name='figure_unit_known'),
        ),
        migrations.AddConstraint(
            model_name='announcedfigure',
            constraint=models.CheckConstraint(condition=models.Q(('qualifier__in', ['exact', 'about', 'over', 'nearly', 'requested', 'counted'])), name='figure_qualifier_known'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), models.Q(('ends_on__gte', models.F('starts_on')), ('starts_on__isnull', False)), _connector='OR'), name='milestone_ends_after_start', violation_error_message='The last day cannot be before the date.'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(('at__isnull', True), models.Q(('at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='milestone_in_calendar', violation_error_message='The year must be between 1900 and 2199.'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('at__isnull', True), ('timezone__isnull', True)), models.Q(('at__isnull', False), ('timezone__isnull', False)), _connector='OR'), name='milestone_moment_has_zone', violation_error_message='Give the moment and its time zone together.'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='milestone_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['legal', 'preparation', 'candidates', 'voters', 'abroad', 'observation', 'campaign', 'voting', 'results'])), name='milestone_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['calendar_plan', 'reported', 'derived'])), name='milestone_basis_known'),
        ),
        migrations.CreateModel(
            name='SimulatedDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('demonstration', models.BooleanField(default=True, editable=False, verbose_name='demonstration')),
                ('seed', models.PositiveIntegerField(verbose_name='seed')),
                ('now', models.DateTimeField(verbose_name='simulated moment (UTC)')),
                ('last_event', models.TextField(blank=True, verbose_name='last event played')),
            ],
            options={
                'verbose_name': 'simulated day',
                'verbose_name_plural': 'simulated days',
            },
        ),
        migrations.AddConstraint(
            model_name='election',
            constraint=models.UniqueConstraint(fields=('id', 'demonstration'), name='election_id_demonstration'),
        ),
        migrations.AddField(
            model_name='simulatedday',
            name='election',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='simulated_day', to='elections.election', verbose_name='election'),
        ),
        migrations.AddConstraint(
            model_name='simulatedday',
            constraint=models.CheckConstraint(condition=models.Q(('demonstration', True)), name='simulated_day_demonstration'),
        ),
        migrations.AddConstraint(
            model_name='simulatedday',
            constraint=models.CheckConstraint(condition=models.Q(('now__isnull', True), models.Q(('now__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('now__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='simulated_day_in_calendar', violation_error_message='The year must be between 1900 and 2199.'),
        ),
    ]
