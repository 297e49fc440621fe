"""Forms speak to people: each rule has its sentence, each choice its explanation."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models

from tests.factories import make_organization
from tracker.missions.models import Organization

REGISTER = ("core", "elections", "stations", "missions")
# Written by programs and shown read-only, so that no form reaches their rules or choices.
NOT_TYPED = {
    "Head",
    "Job",
    "SimulatedDay",
    "Accreditation",
    "AccreditationChange",
    "BulkDecision",
    "BulkDecisionRow",
}
TYPED = [
    model
    for app in REGISTER
    for model in apps.get_app_config(app).get_models()
    if model.__name__ not in NOT_TYPED
]


def reached_by_forms(rule: models.BaseConstraint) -> bool:
    """Choices are refused by their field first, and a rule about the primary key cannot be broken in a form."""
    key = isinstance(rule, models.UniqueConstraint) and "id" in rule.fields
    return not key and not rule.name.endswith("_known")


def test_every_rule_that_a_form_can_reach_has_a_sentence_of_its_own() -> None:
    rules = [rule for model in TYPED for rule in model._meta.constraints if reached_by_forms(rule)]
    assert len(rules) > 30
    default = models.BaseConstraint.default_violation_error_message
    assert [rule.name for rule in rules if rule.violation_error_message == default] == []


@pytest.mark.django_db
def test_the_sentence_is_what_a_person_reads() -> None:
    make_organization(acronym="CEC", country="AZ")
    twin = Organization(
        name="Another commission", slug="x", kind="national_emb", acronym="CEC", country_id="AZ"
    )
    with pytest.raises(ValidationError) as refused:
        twin.full_clean()
    assert refused.value.messages == ["Another organization of this country has this acronym."]


def test_every_choice_that_a_person_makes_is_explained() -> None:
    typed = [model for model in TYPED if model in admin.site._registry]
    choices = [
        field
        for model in typed
        for field in model._meta.fields
        if field.choices and field.editable and field.name not in admin.site._registry[model].readonly_fields
    ]
    assert len(choices) > 15
    assert [str(field) for field in choices if not field.help_text] == []
