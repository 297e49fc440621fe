"""Who observes: the organizations."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Country, Publishable, choices_enforced, http_constraint, http_only, source_key


@choices_enforced("organization")
class Organization(Publishable):
    """A body that observes elections, was asked to, declined, or comments on them."""

    owned_by = "self"

    class Kind(models.TextChoices):
        INTERGOVERNMENTAL = "intergovernmental", _("Intergovernmental organization")
        INTERPARLIAMENTARY = "interparliamentary", _("Interparliamentary body")
        NGO = "ngo", _("Non-governmental organization")
        EMB_NETWORK = "emb_network", _("Network of election authorities")
        NATIONAL_PARLIAMENT = "national_parliament", _("National parliament")
        NATIONAL_EMB = "national_emb", _("National election authority")
        STATE = "state", _("State")
        OTHER = "other", _("Other")

    class WebsiteBasis(models.TextChoices):
        SEEN_IN_SOURCE = "seen_in_source", _("seen in a source")
        NOT_CHECKED = "not_checked", _("well known, not checked")

    slug = models.SlugField(
        _("address name"),
        max_length=80,
        unique=True,
        help_text=_("Part of its public address, such as cis. Do not change it later."),
        error_messages={
            "unique": _(
                "Another organization has this address name. Add what tells them apart, such as the country: cec-az."
            )
        },
    )
    name = models.CharField(
        _("name"),
        max_length=160,
        unique=True,
        help_text=_("In English and in full."),
    )
    acronym = models.CharField(
        _("acronym"),
        max_length=20,
        blank=True,
        help_text=_("As it is commonly written, such as ODIHR. Unique within a country."),
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        help_text=_("What sort of body it is; missions are listed by it."),
    )
    country = models.ForeignKey(
        Country,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("country"),
        related_name="organizations",
        help_text=_("Only for a national body."),
    )
    website = models.URLField(
        _("website"),
        blank=True,
        validators=[http_only],
        help_text=_("Its own site. Public pages link to it."),
    )
    website_basis = models.CharField(
        _("how the website is known"),
        max_length=20,
        choices=WebsiteBasis,
        blank=True,
        help_text=_("Whether a source shows the address, or it is only well known."),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        constraints = [
            # A "CEC" in each country, and one among international bodies, which have none.
            models.UniqueConstraint(
                name="organization_acronym_once",
                fields=["acronym", "country"],
                condition=~Q(acronym=""),
                nulls_distinct=False,
                violation_error_message=_("Another organization of this country has this acronym."),
            ),
            http_constraint("organization_website_http", "website"),
            models.CheckConstraint(
                name="organization_has_name",
                condition=~Q(name=""),
                violation_error_message=_("Give the name of the organization."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        return self.acronym or self.name
