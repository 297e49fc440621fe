// Proposes the address name of a new election from its country, year and kind, as in az-2024-president.
"use strict";
window.addEventListener("load", () => {
    const slug = document.querySelector("input[data-proposed-from]");
    if (!slug || slug.value || !window.django?.jQuery) { return; }
    const parts = slug.dataset.proposedFrom.split(" ").map((name) => document.getElementById(`id_${name}`));
    if (!parts.every(Boolean)) { return; }
    const [country, day, kind] = parts;
    const words = {presidential: "president", parliamentary: "parliament"};
    let proposed = "";
    const propose = () => {
        if (slug.value !== proposed) { return; } // what a person wrote stays
        const year = /^\d{4}/.exec(day.value)?.[0];
        proposed = [country.value.toLowerCase(), year, words[kind.value] ?? kind.value].filter(Boolean).join("-");
        slug.value = proposed;
    };
    // The look-up tells of a change through jQuery; the calendar beside the date only gives the field the focus.
    window.django.jQuery([country, kind]).on("change", propose);
    for (const event of ["input", "change", "focus"]) { day.addEventListener(event, propose); }
    propose();
});
