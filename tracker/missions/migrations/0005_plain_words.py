"""Words of the forms in which a mission and its organization are entered. No column changes."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('missions', '0004_writers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='organization',
            name='slug',
            field=models.SlugField(error_messages={'unique': 'Another organization has this address name. Add what tells them apart, such as the country: cec-az.'}, help_text='Part of its public address, such as cis. Do not change it later.', max_length=80, unique=True, verbose_name='address name'),
        ),
        migrations.AlterField(
            model_name='mission',
            name='type',
            field=models.CharField(choices=[('long_term_eom', 'Election observation mission, long-term (EOM)'), ('leom', 'Limited election observation mission (LEOM)'), ('eam', 'Election assessment mission (EAM)'), ('eet', 'Election expert team (EET)'), ('nam', 'Needs assessment mission (NAM)'), ('long_term', 'Long-term mission'), ('short_term', 'Short-term mission'), ('joint', 'Joint mission'), ('parliamentary_short_term', 'Parliamentary mission, short-term'), ('parliamentary_bilateral', 'Delegation of a national parliament'), ('emb_delegation', 'Delegation of an election authority'), ('ngo_international', 'International citizen observation'), ('ngo_domestic', 'Domestic citizen observation')], help_text='What the mission calls itself. Short-term: the days around the vote; long-term: weeks. One mission of each type in an election.', max_length=30, verbose_name='type'),
        ),
        migrations.AlterField(
            model_name='statement',
            name='url',
            field=models.URLField(blank=True, help_text='Where the document itself can be read. If only a report about it is known, enter that as the source and leave this empty.', max_length=600, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='web address'),
        ),
    ]
