// Proposes the address name of a new record, until a person writes one: of an election from its country, year and kind
// (az-2024-president), of an organization from its acronym or else its name (cis).
"use strict";
window.addEventListener("load", () => {
    const field = (name) => document.getElementById(`id_${name}`);
    // Puts what `make` gives into the slug whenever one of the fields changes.
    const follow = (slug, fields, make) => {
        if (!fields.every(Boolean)) { return; }
        // A form that came back with an error has what was proposed before, or what a person wrote.
        let proposed = slug.value === make() ? slug.value : "";
        const propose = () => {
            if (slug.value !== proposed) { return; } // what a person wrote stays
            proposed = make();
            slug.value = proposed;
        };
        // The look-up tells of a change through jQuery; the calendar beside a date only gives the field the focus.
        window.django.jQuery(fields).on("change", propose);
        for (const one of fields) {
            for (const event of ["input", "focus"]) { one.addEventListener(event, propose); }
        }
        propose();
    };
    // What is on record has an address that people link to.
    if (!window.django?.jQuery || !document.querySelector("#django-admin-form-add-constants[data-model-name]")) { return; }
    const election = document.querySelector("input[data-proposed-from]");
    if (election) {
        const parts = election.dataset.proposedFrom.split(" ").map(field);
        const [country, day, kind] = parts;
        const words = {presidential: "president", parliamentary: "parliament"};
        follow(election, parts, () => {
            const year = /^\d{4}/.exec(day.value)?.[0];
            return [country.value.toLowerCase(), year, words[kind.value] ?? kind.value].filter(Boolean).join("-");
        });
    }
    const organization = document.querySelector("input[data-slug-of]");
    if (organization) {
        const parts = organization.dataset.slugOf.split(" ").map(field);
        const made = (part) => window.URLify(part.value, organization.maxLength, false);
        follow(organization, parts, () => parts.map(made).find(Boolean) ?? "");
    }
});
