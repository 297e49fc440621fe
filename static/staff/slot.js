// The form of a plan: the slot in UTC while it is typed on the clock of the chosen station.
"use strict";
window.addEventListener("load", () => {
    const date = document.querySelector('[data-hours="date"][data-utc-url]');
    const station = document.querySelector("[name=station]");
    const output = document.querySelector("output.utc-hours");
    if (!date || !station || !output) { return; }
    const show = () => {
        const query = {station: station.value};
        for (const name of ["date", "opens", "closes"]) {
            query[name] = document.querySelector(`[data-hours="${name}"]`).value;
        }
        window.askHours(date.dataset.utcUrl, query, output);
    };
    let timer;
    document.addEventListener("input", (event) => {
        if (!event.target.dataset.hours) { return; }
        clearTimeout(timer);
        timer = setTimeout(show, 200);
    });
    if (window.django?.jQuery) { window.django.jQuery(station).on("change", show); }
    show();
});
