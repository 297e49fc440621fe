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

    // A form with a draft of its own (visit.js) keeps more, and what was typed later.
    const worthKeeping = (form) => form.method === "post" && !form.matches("[data-sign-in], [data-draft], #logout-form, .account-form")
        && form.querySelector("textarea, select, input[type=text], input[type=number], input[type=url], input[type=email], input:not([type])");
    const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !SKIPPED.includes(field.name) && !field.name.includes("__prefix__")
        && !["password", "submit", "button", "image"].includes(field.type));
    // The same form on the page as it is now: others may have made steps appear or go, which are forms too.
    const nameOf = (form) => `${form.id} ${form.getAttribute("action") || ""}`;
    const alike = (name) => [...document.forms].filter((form) => worthKeeping(form) && nameOf(form) === name);

    const read = (form) => fieldsOf(form).map((field) => {
        const { name, type, value } = field;
        if (type === "file") { return { name, files: [...field.files].map((file) => file.name) }; }
        if (type === "checkbox" || type === "radio") { return { name, value, checked: field.checked, touched: field.checked !== field.defaultChecked }; }
        if (field.tagName === "SELECT") {
            const touched = [...field.options].some((option) => option.selected !== option.defaultSelected);
            return { name, options: [...field.selectedOptions].map((option) => [option.value, option.text]), touched };
        }
        return { name, value, touched: type !== "hidden" && value !== field.defaultValue };
    });
    const keep = (form) => {
        const name = nameOf(form);
        const entry = { account, at: Date.now(), form: name, place: alike(name).indexOf(form), fields: read(form) };
        try { sessionStorage.setItem(key, JSON.stringify(entry)); } catch { /* no room: as without this script */ }
    };

    // Where each row of the inlines belongs on the page as it is now: {row as it was kept: row, or null for nowhere}.
    // Rows on record are found by their key, for others may have added or taken away some; the rest are new rows.
    const findRows = (form, fields) => {
        const rows = new Map();
        const kept = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
        for (const prefix of Object.keys(kept).filter((name) => name.endsWith("-TOTAL_FORMS")).map((name) => name.slice(0, -"-TOTAL_FORMS".length))) {
            const total = () => Number(form.elements[`${prefix}-TOTAL_FORMS`]?.value || 0);
            const keyAt = (place) => form.elements[`${prefix}-${place}-id`]?.value;
            const places = new Map();
            for (let place = 0; place < total(); place += 1) { if (keyAt(place)) { places.set(keyAt(place), place); } }
            let free = Number(form.elements[`${prefix}-INITIAL_FORMS`]?.value || 0);
            const more = document.getElementById(`${prefix}-group`);
            for (let place = 0; place < Number(kept[`${prefix}-TOTAL_FORMS`]); place += 1) {
                const row = `${prefix}-${place}-`;
                const id = kept[`${row}id`];
                if (id && places.has(id)) { rows.set(row, `${prefix}-${places.get(id)}-`); continue; }
                const touched = fields.some((field) => field.name.startsWith(row) && field.touched);
                if (free >= total() && touched) { more?.querySelector(".add-row a")?.click(); }
                // A row that others took away comes back, as a new one, only if something was typed into it.
                if (free >= total() || (id && !touched)) { rows.set(row, null); continue; }
                rows.set(row, `${prefix}-${free}-`);
                free += 1;
            }
        }
        return rows;
    };
    // Everything as it was sent, with what the form had shown (_opened, version): whether others changed something
    // since is found by the server, and only so.
    const write = (form, fields) => {
        const files = [];
        const rows = findRows(form, fields);
        const seen = new Map();
        const longestFirst = [...rows.keys()].sort((one, other) => other.length - one.length);
        for (const kept of fields) {
            if (kept.name.endsWith("_FORMS")) { continue; }
            if (kept.files) { files.push(...kept.files); continue; }
            const row = longestFirst.find((one) => kept.name.startsWith(one));
            if (row !== undefined && (rows.get(row) === null || kept.name === `${row}id`)) { continue; }
            const name = row === undefined ? kept.name : rows.get(row) + kept.name.slice(row.length);
            const named = [...form.elements].filter((field) => field.name === name);
            if ("checked" in kept) {
                for (const field of named) { if (field.value === kept.value) { field.checked = kept.checked; } }
            } else {
                const field = named[seen.get(name) || 0];
                seen.set(name, (seen.get(name) || 0) + 1);
                if (!field) { continue; }
                if (kept.options) {
                    for (const [value, text] of kept.options) {
                        if (![...field.options].some((option) => option.value === value)) { field.add(new Option(text, value)); }
                    }
                    for (const option of field.options) { option.selected = kept.options.some(([value]) => value === option.value); }
                } else {
                    field.value = kept.value;
                }
            }
            for (const field of named) { field.dispatchEvent(new Event("change", { bubbles: true })); }
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
        ? alike(entry.form)[entry.place] : null;
    // After the page's own scripts have set up the inlines.
    if (form) {
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
    const keepAll = () => { for (const typed of document.forms) { if (worthKeeping(typed)) { keep(typed); } } };
    document.addEventListener("tracker:session-over", () => {
        keepAll();
        window.addEventListener("pagehide", keepAll);
    });
});
