// Forms of the staff pages: what was sent when the session was over comes back once somebody has signed in again.
// Kept in this window only, for the account that typed it; never a password, never a file.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const state = document.getElementById("session-state");
    if (!state) { return; }
    const account = state.dataset.account;
    const KEEP = 12 * 3600 * 1000;
    const SKIPPED = ["csrfmiddlewaretoken", "_save", "_continue", "_addanother", "_saveasnew", "action", "index"];
    const key = `typed:${location.pathname}`;

    const worthKeeping = (form) => form.method === "post" && !form.matches("[data-sign-in], #logout-form, .account-form")
        && form.querySelector("textarea, select, input[type=text], input[type=number], input[type=url], input[type=email], input:not([type])");
    const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !SKIPPED.includes(field.name)
        && !["password", "submit", "button", "image"].includes(field.type));

    const read = (form) => fieldsOf(form).map((field) => {
        if (field.type === "file") { return { name: field.name, files: [...field.files].map((file) => file.name) }; }
        if (field.type === "checkbox" || field.type === "radio") { return { name: field.name, value: field.value, checked: field.checked }; }
        if (field.tagName === "SELECT") { return { name: field.name, options: [...field.selectedOptions].map((option) => [option.value, option.text]) }; }
        return { name: field.name, value: field.value };
    });
    const keep = (form) => {
        const entry = { account, at: Date.now(), form: [...document.forms].indexOf(form), fields: read(form) };
        try { sessionStorage.setItem(key, JSON.stringify(entry)); } catch { /* no room: as without this script */ }
    };

    const chosen = (form, name) => [...form.elements].filter((field) => field.name === name);
    const growInlines = (form, fields) => {
        for (const { name, value } of fields) {
            if (!name.endsWith("-TOTAL_FORMS")) { continue; }
            const group = document.getElementById(`${name.slice(0, -"-TOTAL_FORMS".length)}-group`);
            const more = () => group && group.querySelector(".add-row a");
            for (let count = Number(form.elements[name] ? form.elements[name].value : value); count < Number(value) && more(); count += 1) { more().click(); }
        }
    };
    const write = (form, fields) => {
        const files = [];
        growInlines(form, fields);
        for (const kept of fields) {
            if (kept.name.endsWith("_FORMS")) { continue; }
            if (kept.files) { files.push(...kept.files); continue; }
            for (const field of chosen(form, kept.name)) {
                if ("checked" in kept) {
                    if (field.value === kept.value) { field.checked = kept.checked; }
                } else if (kept.options) {
                    for (const [value, text] of kept.options) {
                        if (![...field.options].some((option) => option.value === value)) { field.add(new Option(text, value)); }
                    }
                    for (const option of field.options) { option.selected = kept.options.some(([value]) => value === option.value); }
                } else if (field.type !== "hidden" || field.value === "") {
                    field.value = kept.value;
                }
                field.dispatchEvent(new Event("change", { bubbles: true }));
            }
        }
        return files;
    };

    let entry = null;
    try { entry = JSON.parse(sessionStorage.getItem(key)); } catch { /* not ours */ }
    // Whatever else was kept is of no use any more: another page has been reached.
    for (const other of Object.keys(sessionStorage)) {
        if (!other.startsWith("typed:")) { continue; }
        let row = null;
        try { row = JSON.parse(sessionStorage.getItem(other)); } catch { /* not ours */ }
        if (other === key || !row || row.account !== account || !row.interrupted || Date.now() - row.at > KEEP) { sessionStorage.removeItem(other); }
    }
    const form = entry && entry.interrupted && entry.account === account && Date.now() - entry.at < KEEP
        ? document.forms[entry.form] : null;
    // After the page's own scripts have set up the inlines.
    if (form && worthKeeping(form)) {
        window.setTimeout(() => {
            const files = write(form, entry.fields);
            const note = document.createElement("p");
            note.className = "put-back";
            note.setAttribute("role", "status");
            note.textContent = state.dataset.putBack + (files.length ? ` ${state.dataset.files} ${files.join(", ")}` : "");
            const away = document.createElement("button");
            away.type = "button";
            away.textContent = state.dataset.discard;
            away.addEventListener("click", () => { location.reload(); });
            note.append(away);
            form.before(note);
        });
    }

    document.addEventListener("submit", (event) => {
        if (event.target.id === "logout-form") {
            for (const other of Object.keys(sessionStorage)) { if (other.startsWith("typed:")) { sessionStorage.removeItem(other); } }
        } else if (worthKeeping(event.target)) { keep(event.target); }
    });
    // The warning (session.js) says that the session is over while somebody still types.
    document.addEventListener("tracker:session-over", () => {
        for (const typed of document.forms) { if (worthKeeping(typed)) { keep(typed); } }
    });
});
