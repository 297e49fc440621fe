"""Polling stations and when they are open."""

import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('stations', '0001_initial'),
        ('stations', '0002_composite_keys'),
        ('stations', '0003_publication_states'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_accounts_and_history'),
        ('elections', '0001_elections'),
    ]

    operations = [
        migrations.CreateModel(
            name='PollingStation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted: waits for a publisher'), ('published', 'published'), ('withdrawn', 'withdrawn: was public, and is not any more')], db_index=True, default='draft', help_text='Only what is published is shown to the public.', max_length=10, verbose_name='publication')),
                ('setting', models.CharField(choices=[('domestic', 'domestic'), ('abroad', 'abroad'), ('special', 'special')], default='abroad', help_text='Abroad: for out-of-country voting. Special: in a hospital, a prison, on a ship.', max_length=10, verbose_name='setting')),
                ('status', models.CharField(choices=[('established', 'established'), ('cancelled', 'cancelled')], default='established', help_text='A cancelled station stays on record and is no longer counted.', max_length=12, verbose_name='status')),
                ('number', models.CharField(blank=True, help_text='The official number, unique within its constituency. Empty if not known.', max_length=20, verbose_name='number')),
                ('city', models.CharField(help_text='In the usual English spelling.', max_length=80, verbose_name='city')),
                ('city_basis', models.CharField(blank=True, choices=[('listed', 'named in the published list'), ('other_source', 'another source'), ('wikidata', 'seat of the embassy in Wikidata'), ('capital_inferred', 'capital assumed, no page found')], help_text='Whether the published list names the city, or how else it is known.', max_length=20, verbose_name='how the city is known')),
                ('host_mission', models.CharField(blank=True, help_text='The embassy or consulate that houses the station.', max_length=120, verbose_name='host mission')),
                ('host_mission_basis', models.CharField(blank=True, choices=[('source', 'named in a source'), ('source_2018', 'named in a source of 2018'), ('wikidata', 'Wikidata'), ('inferred', 'inferred')], help_text='Whether a source names the embassy or consulate, or it is inferred.', max_length=20, verbose_name='how the host mission is known')),
                ('address', models.CharField(blank=True, help_text='In the spelling of its source.', max_length=200, verbose_name='address')),
                ('latitude', models.DecimalField(blank=True, decimal_places=5, help_text='Degrees, north positive.', max_digits=8, null=True, validators=[django.core.validators.MinValueValidator(-90), django.core.validators.MaxValueValidator(90)], verbose_name='latitude')),
                ('longitude', models.DecimalField(blank=True, decimal_places=5, help_text='Degrees, east positive.', max_digits=8, null=True, validators=[django.core.validators.MinValueValidator(-180), django.core.validators.MaxValueValidator(180)], verbose_name='longitude')),
                ('coordinate_precision', models.CharField(blank=True, choices=[('city', 'city centre'), ('building', 'building')], help_text='The centre of the city, or the very building.', max_length=10, verbose_name='coordinates mark')),
                ('registered_voters', models.PositiveIntegerField(blank=True, help_text='Empty if not known; never zero for unknown.', null=True, verbose_name='registered voters')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('address_source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of the address')),
                ('city_source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of the city')),
                ('constituency', models.ForeignKey(blank=True, help_text='Empty if not known.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stations', to='elections.constituency', verbose_name='constituency')),
                ('country', models.ForeignKey(help_text='Where the station stands.', on_delete=django.db.models.deletion.PROTECT, related_name='stations', to='core.country', verbose_name='country')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stations', to='elections.election', verbose_name='election')),
                ('hours_source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of the hours')),
                ('number_source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of number and constituency')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of the station')),
                ('timezone', models.ForeignKey(help_text='The IANA zone whose clock hangs on the wall of the station, such as Asia/Almaty.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.timezone', verbose_name='time zone')),
                ('voters_source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of the voters')),
                ('approved_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
                ('embargo_until', models.DateTimeField(blank=True, help_text='Published already, and shown to nobody outside before this moment. Empty: at once.', null=True, verbose_name='embargo until (UTC)')),
                ('written_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='last written by')),
            ],
            options={
                'verbose_name': 'polling station',
                'verbose_name_plural': 'polling stations',
                'ordering': ['country__name_en', 'city', 'number', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('constituency', 'number'), name='station_number_once_in_constituency', violation_error_message='This number is already taken in this constituency.'), models.UniqueConstraint(condition=models.Q(models.Q(('number', ''), _negated=True), ('constituency__isnull', True)), fields=('election', 'country', 'city', 'host_mission', 'number'), name='station_number_once_at_host', violation_error_message='A station with this number is already recorded at this host mission.'), models.UniqueConstraint(fields=('id', 'election'), name='station_id_election'), models.CheckConstraint(condition=models.Q(('city', ''), _negated=True), name='station_has_city', violation_error_message='Give the city in which the station stands.'), models.CheckConstraint(condition=models.Q(('latitude__isnull', True), ('latitude__range', (-90, 90)), _connector='OR'), name='station_latitude_in_range', violation_error_message='A latitude lies between -90 and 90 degrees.'), models.CheckConstraint(condition=models.Q(('longitude__isnull', True), ('longitude__range', (-180, 180)), _connector='OR'), name='station_longitude_in_range', violation_error_message='A longitude lies between -180 and 180 degrees.'), models.CheckConstraint(condition=models.Q(models.Q(('coordinate_precision', ''), ('latitude__isnull', True), ('longitude__isnull', True)), models.Q(('coordinate_precision__gt', ''), ('latitude__isnull', False), ('longitude__isnull', False)), _connector='OR'), name='station_coordinates_marked', violation_error_message='Give latitude and longitude together, and say whether they mark the city or the building.'), models.CheckConstraint(condition=models.Q(('setting__in', ['domestic', 'abroad', 'special'])), name='station_setting_known'), models.CheckConstraint(condition=models.Q(('status__in', ['established', 'cancelled'])), name='station_status_known'), models.CheckConstraint(condition=models.Q(('city_basis__in', ['listed', 'other_source', 'wikidata', 'capital_inferred', ''])), name='station_city_basis_known'), models.CheckConstraint(condition=models.Q(('host_mission_basis__in', ['source', 'source_2018', 'wikidata', 'inferred', ''])), name='station_host_mission_basis_known'), models.CheckConstraint(condition=models.Q(('coordinate_precision__in', ['city', 'building', ''])), name='station_coordinate_precision_known'), models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'submitted', 'published', 'withdrawn'])), name='station_publication_known')],
            },
        ),
        migrations.CreateModel(
            name='VotingWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opens_at', models.DateTimeField(verbose_name='opens (UTC)')),
                ('closes_at', models.DateTimeField(verbose_name='closes (UTC)')),
                ('station', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='windows', to='stations.pollingstation', verbose_name='polling station')),
            ],
            options={
                'verbose_name': 'voting window',
                'verbose_name_plural': 'voting windows',
                'ordering': ['opens_at'],
                'indexes': [models.Index(fields=['opens_at', 'closes_at'], name='window_opens_closes')],
                'constraints': [models.CheckConstraint(condition=models.Q(('closes_at__gt', models.F('opens_at'))), name='window_closes_after_it_opens', violation_error_message='The station must close after it opens.'), models.CheckConstraint(condition=models.Q(models.Q(('opens_at__isnull', True), models.Q(('opens_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('opens_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), models.Q(('closes_at__isnull', True), models.Q(('closes_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('closes_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR')), name='window_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(('closes_at__lte', django.db.models.expressions.CombinedExpression(models.F('opens_at'), '+', models.Value(datetime.timedelta(days=2))))), name='window_at_most_two_days', violation_error_message='A station cannot be open for more than 48 hours without a break.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('station'), models.F('station'), models.Value('[]'), function='int8range'), '&&'), (models.Func(models.F('opens_at'), models.F('closes_at'), function='tstzrange', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&')], name='window_overlaps_no_other', violation_error_message='Two windows of one station overlap.')],
            },
        ),
        # A key of two columns, which Django does not know: station and constituency stay in one election.
        migrations.RunSQL(
            sql="""
                ALTER TABLE stations_pollingstation ADD CONSTRAINT station_constituency_same_election
                FOREIGN KEY (constituency_id, election_id)
                REFERENCES elections_constituency (id, election_id) DEFERRABLE INITIALLY DEFERRED
            """,
            reverse_sql="ALTER TABLE stations_pollingstation DROP CONSTRAINT station_constituency_same_election",
        ),
    ]
