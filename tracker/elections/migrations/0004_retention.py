"""How long an election keeps people's data."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('elections', '0003_publication_states'),
    ]

    operations = [
        migrations.AddField(
            model_name='election',
            name='contact_days',
            field=models.PositiveSmallIntegerField(blank=True, default=90, help_text='Counted from the last voting day: e-mail, telephone and passport number of observers and media go. Empty: kept. The number is to be confirmed by whoever is the controller of the data.', null=True, verbose_name='days until contact data is erased'),
        ),
        migrations.AddField(
            model_name='election',
            name='people_days',
            field=models.PositiveSmallIntegerField(blank=True, default=365, help_text='Counted from the last voting day: names go; codes, badges and figures stay. Empty: kept. To be confirmed by the controller as well. The invented people of a demonstration are kept.', null=True, verbose_name='days until people are erased'),
        ),
    ]
