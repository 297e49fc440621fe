// The station's form: hours in UTC while they are typed, constituencies of the chosen election, its voting dates.
"use strict";
window.addEventListener("load", () => {
    if (!window.django?.jQuery) { return; }
    const $ = window.django.jQuery;
    const zone = document.getElementById("id_timezone");
    const election = document.getElementById("id_election");
    const rows = () => [...document.querySelectorAll("#windows-group tr.form-row:not(.empty-form)")];
    const part = (row, name) => row.querySelector(`[data-hours="${name}"]`);

    const showUtc = (row) => {
        const date = part(row, "date");
        const output = row.querySelector("output.utc-hours");
        if (!date || !output || !zone) { return; }
        const query = {zone: zone.value};
        for (const name of ["date", "opens", "closes"]) { query[name] = part(row, name).value; }
        window.askHours(date.dataset.utcUrl, query, output);
    };

    const proposeDates = (dates) => {
        const fresh = rows().filter((row) => !row.classList.contains("has_original"));
        fresh.forEach((row, place) => {
            const date = part(row, "date");
            if (!dates[place] || (date.value && date.value !== row.dataset.proposed)) { return; }
            date.value = row.dataset.proposed = dates[place];
            showUtc(row);
        });
    };

    const group = document.getElementById("windows-group");
    if (group) {
        const timers = new WeakMap();
        group.addEventListener("input", (event) => {
            const row = event.target.closest("tr.form-row");
            if (!row || !event.target.dataset.hours) { return; }
            clearTimeout(timers.get(row));
            timers.set(row, setTimeout(() => showUtc(row), 200));
        });
        rows().forEach(showUtc);
    }
    if (zone) { $(zone).on("change", () => rows().forEach(showUtc)); }

    if (election) {
        const constituency = document.querySelector('[data-limited-by="id_election"]');
        const limit = () => {
            const ajax = {data: (params) => ({
                term: params.term,
                page: params.page,
                app_label: constituency.dataset.appLabel,
                model_name: constituency.dataset.modelName,
                field_name: constituency.dataset.fieldName,
                election: election.value,
            })};
            const language = {noResults: () => constituency.dataset.empty};
            $(constituency).select2(election.value ? {ajax} : {ajax, language});
            document.dispatchEvent(new Event("lookup:made")); // a new box has no name yet (labels.js)
        };
        if (constituency) {
            constituency.lang = ""; // the page's own; else the look-up takes its words from here before ours
            // In jQuery's own order: the admin's look-ups may be set up only after the page has loaded, over ours.
            $(limit);
        }
        let last = election.value;
        $(election).on("change", async () => {
            // The admin's own scripts announce a change while the page loads: that must not clear anything.
            if (election.value === last) { return; }
            last = election.value;
            if (constituency) {
                $(constituency).val(null).trigger("change");
                limit();
            }
            const first = rows().map((row) => part(row, "date")).find(Boolean);
            if (!first || !election.value) { return; }
            try {
                const address = first.dataset.utcUrl.replace(/utc\/$/, "voting-days/");
                const answer = await fetch(`${address}?${new URLSearchParams({election: election.value})}`);
                if (answer.ok) { proposeDates((await answer.json()).dates); }
            } catch { /* no line: the date is typed */ }
        });
    }
});
