// Look-ups (select2) for people who type: the best match is what Enter takes, and what nobody has on record is entered.
"use strict";
window.addEventListener("load", () => {
    if (!window.django?.jQuery) { return; }
    const $ = window.django.jQuery;

    // A form that came back leads to the first field that is wrong; of a look-up, to the box that stands in its place,
    // which is not there before jQuery says so.
    $(() => {
        const wrong = document.querySelector("#content [aria-invalid='true']");
        (wrong?.nextElementSibling?.querySelector(".select2-selection") ?? wrong)?.focus();
    });

    const ready = new WeakSet();

    // The green plus opens its form with what was typed: a short word in capitals is an acronym, all else a name.
    const takeOver = (select, typed) => {
        const plus = select.parentNode.querySelector(".add-related");
        const fields = (select.dataset.typedAs ?? "").split(" ").filter(Boolean);
        if (!plus || !fields.length) { return; }
        const address = new URL(plus.href);
        for (const name of fields) { address.searchParams.delete(name); }
        const acronym = /^\S{2,12}$/.test(typed) && typed === typed.toUpperCase() && typed !== typed.toLowerCase();
        const field = fields.find((name) => (name === "acronym") === acronym) ?? fields[0];
        if (typed) { address.searchParams.set(field, typed); }
        plus.href = address;
    };

    $(document).on("select2:open", "select.admin-autocomplete", ({target: select}) => {
        const lookup = $(select).data("select2");
        takeOver(select, "");
        if (ready.has(lookup)) { return; }
        ready.add(lookup);
        const options = () => lookup.$results.find(".select2-results__option[aria-selected]");
        lookup.on("query", ({term}) => {
            // What was found for other words is not what Enter means now.
            options().removeClass("select2-results__option--highlighted");
            takeOver(select, (term ?? "").trim());
        });
        // select2 itself would point at what is chosen already, wherever in the list that stands.
        lookup.on("results:all", ({query}) => { if (query.term) { options().first().trigger("mouseenter"); } });
        lookup.on("results:message", ({message}) => {
            // Where another field is chosen first, the look-up says that.
            const {limitedBy, noneFound} = select.dataset;
            if (limitedBy && !document.getElementById(limitedBy).value) { return; }
            if (message === "noResults" && noneFound && select.parentNode.querySelector(".add-related")) {
                lookup.$results.find(".select2-results__message").text(noneFound);
            }
        });
        lookup.on("select", () => takeOver(select, ""));
    });
});
