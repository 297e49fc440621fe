// Proposes the time zone while country, city and coordinates are typed. The server decides; this only asks and shows.
"use strict";
window.addEventListener("load", () => {
    const zone = document.querySelector("select[data-propose-zone]");
    const country = document.getElementById("id_country");
    if (!zone || !country || !window.django?.jQuery) { return; }
    const $ = window.django.jQuery;
    const inputs = ["city", "latitude", "longitude"].map((name) => document.getElementById(`id_${name}`)).filter(Boolean);
    const line = document.createElement("div");
    line.className = "zone-proposal";
    line.setAttribute("aria-live", "polite");
    (zone.closest(".form-row") || zone.parentNode).append(line);
    let proposed = null;
    let latest = 0;

    const choose = (name) => {
        if (![...zone.options].some((option) => option.value === name)) { zone.add(new Option(name, name)); }
        $(zone).val(name).trigger("change");
    };

    const show = (proposal) => {
        const text = document.createElement("p");
        text.textContent = proposal.text;
        line.replaceChildren(text);
        for (const candidate of proposal.candidates.filter((one) => one.zone !== zone.value)) {
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = candidate.label;
            button.addEventListener("click", () => {
                proposed = null;
                choose(candidate.zone);
                show(proposal);
                $(zone).select2("focus");
            });
            line.append(button);
        }
    };

    const ask = async () => {
        const mine = ++latest;
        if (!country.value) { line.replaceChildren(); return; }
        const query = new URLSearchParams({country: country.value});
        for (const input of inputs) { query.set(input.name, input.value); }
        let proposal;
        try {
            const answer = await fetch(`${zone.dataset.proposeZone}?${query}`, {credentials: "same-origin"});
            if (!answer.ok) { return; }
            proposal = await answer.json();
        } catch { return; } // no line: the zone is chosen by hand
        if (mine !== latest) { return; } // typed on since
        // What a person chose stays; only an empty field, or our own earlier proposal, is filled.
        if (proposal.zone && (!zone.value || zone.value === proposed)) {
            proposed = proposal.zone;
            if (zone.value !== proposal.zone) { choose(proposal.zone); }
        }
        show(proposal);
    };

    let timer;
    const soon = () => { clearTimeout(timer); timer = setTimeout(ask, 300); };
    // The admin's own scripts announce a change while the page loads; only a different country is one.
    let last = country.value;
    $(country).on("change", () => {
        if (country.value !== last) { last = country.value; ask(); }
    });
    if (country.value && !zone.value) { ask(); }
    for (const input of inputs) { input.addEventListener("input", soon); }
});
