"""The last entry of the history remembered beside the chain; filled by `core.history.install`."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_answer_to_a_form'),
    ]

    operations = [
        migrations.CreateModel(
            name='Head',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(verbose_name='number')),
                ('hash', models.TextField(verbose_name='hash')),
            ],
            options={
                'verbose_name': 'head of the history',
                'verbose_name_plural': 'head of the history',
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='head_is_one')],
            },
        ),
    ]
