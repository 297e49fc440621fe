// The visit form: finds the station while one types, writes the station's own time, keeps what is typed when the
// line or the session drops, and sends it once. Without this script the form is an ordinary one.
"use strict";
window.addEventListener("load", () => {
    const form = document.getElementById("visit-form");
    if (!form) { return; }
    const state = document.getElementById("line-state");
    const say = (name) => { state.textContent = name ? form.dataset[name] : ""; };
    const key = form.dataset.draft;
    const field = (name) => form.elements[name];

    // --- kept on this device ---
    // What was sent and not answered yet, as it was when it was sent: {how, fields}. What is typed meanwhile is not in it.
    let pending = null;
    const read = () => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
    const drop = () => { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } };
    const typed = () => {
        const values = {};
        for (const [name, value] of new FormData(form)) {
            if (name !== "csrfmiddlewaretoken" && name !== "do") { values[name] = value; }
        }
        return values;
    };
    const keep = (more = {}) => {
        const option = station.selectedOptions[0];
        const chosen = option?.value ? {value: option.value, text: option.textContent, zone: option.dataset.zone || ""} : null;
        try { localStorage.setItem(key, JSON.stringify({at: Date.now(), fields: typed(), station: chosen, pending, ...more})); } catch { /* full or forbidden */ }
    };

    // --- the station ---
    const station = field("station");
    const text = document.getElementById("station-text");
    const list = document.getElementById("found-stations");
    const chosenLine = document.getElementById("chosen-station");
    const zoneLine = document.getElementById("zone");
    document.getElementById("station-search").hidden = false;
    document.getElementById("station-plain").hidden = true;

    // The server's moment, which is another one in a demonstration: so much ahead of the clock of this device.
    const ahead = (Date.parse(form.dataset.now) || Date.now()) - Date.now();
    const clock = (zone) => {
        const parts = new Intl.DateTimeFormat("en-CA", {
            timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
        }).formatToParts(new Date(Date.now() + ahead));
        const part = Object.fromEntries(parts.map(({type, value}) => [type, value]));
        return {date: `${part.year}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}`};
    };
    let byHand = Boolean(field("arrived").value); // an hour somebody typed, or the server proposed, stays
    const showStation = () => {
        const option = station.selectedOptions[0];
        chosenLine.textContent = option?.value ? option.textContent : "";
        const zone = option?.dataset.zone;
        zoneLine.textContent = zone || "";
        if (!zone || byHand) { return; }
        try {
            const now = clock(zone);
            field("date").value = now.date;
            field("arrived").value = now.time;
        } catch { /* a zone this browser does not know: typed by hand, or empty for now */ }
    };
    const choose = ({value, text: words, zone}) => {
        if (![...station.options].some((option) => option.value === value)) {
            const option = new Option(words, value);
            option.dataset.zone = zone;
            station.add(option);
        }
        station.value = value;
        field("station_number").value = "";
        text.value = "";
        list.replaceChildren();
        showStation();
        keep();
    };
    const offer = (found) => {
        list.replaceChildren(...found.map((one) => {
            const item = document.createElement("li");
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = one.text;
            button.addEventListener("click", () => { choose(one); chosenLine.tabIndex = -1; chosenLine.focus(); });
            item.append(button);
            return item;
        }));
        if (!found.length && text.value.trim()) {
            const item = document.createElement("li");
            item.textContent = form.dataset.none;
            list.append(item);
        }
    };
    const options = () => [...station.options].filter((option) => option.value)
        .map((option) => ({value: option.value, text: option.textContent, zone: option.dataset.zone}));
    const here = (words) => options().filter((one) => words.every((word) => one.text.toLowerCase().includes(word))).slice(0, 8);
    let asked = 0;
    const find = async () => {
        const words = text.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
        const mine = ++asked;
        if (!words.length && form.dataset.stations) { offer(options().slice(0, 8)); return; }
        const found = here(words);
        offer(found);
        if (!form.dataset.stations) { return; }
        try {
            const answer = await fetch(`${form.dataset.stations}&${new URLSearchParams({q: text.value})}`, {credentials: "same-origin"});
            if (!answer.ok || answer.redirected || mine !== asked) { return; }
            const more = (await answer.json()).stations.map((one) => ({value: String(one.id), text: one.text, zone: one.zone}));
            offer([...found, ...more.filter((one) => !found.some((other) => other.value === one.value))]);
        } catch { field("station_number").value = text.value; } // no line: what was typed finds it on the server later
    };
    text.addEventListener("input", (event) => { event.stopPropagation(); find(); });
    text.addEventListener("focus", find);
    text.addEventListener("keydown", (event) => {
        if (event.key === "ArrowDown") { event.preventDefault(); list.querySelector("button")?.focus(); }
        if (event.key === "Enter") { event.preventDefault(); list.querySelector("button")?.click(); }
    });
    list.addEventListener("keydown", (event) => {
        const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
        if (!step) { return; }
        event.preventDefault();
        const buttons = [...list.querySelectorAll("button")];
        (buttons[buttons.indexOf(document.activeElement) + step] || text).focus();
    });

    // --- something went wrong ---
    const wrong = field("wrong");
    const showIncident = () => { document.getElementById("incident").hidden = !wrong.checked; };
    wrong.addEventListener("change", showIncident);

    // --- what was typed before ---
    const restore = (draft) => {
        const otherTeam = draft.fields.team !== field("team").value;
        if (draft.station && ![...station.options].some((option) => option.value === draft.station.value)) {
            const option = new Option(draft.station.text, draft.station.value);
            option.dataset.zone = draft.station.zone;
            station.add(option);
        }
        for (const [name, value] of Object.entries(draft.fields)) {
            if (otherTeam && ["team", "assessment"].includes(name)) { continue; }
            const target = field(name);
            if (!target) { continue; }
            if (target.type === "checkbox") { target.checked = true; } else { target.value = value; }
        }
        if (draft.fields.arrived) { byHand = true; }
    };

    // --- sending ---
    let sending = false;
    let pause = 0;
    let timer = null;
    const received = document.getElementById("received");
    const later = () => {
        clearTimeout(timer);
        pause = Math.min(pause ? pause * 2 : 5, 60);
        timer = setTimeout(() => { if (pending) { send(pending); } }, pause * 1000);
    };
    const showErrors = (errors) => {
        const places = [...form.querySelectorAll("[data-errors]")];
        const known = places.map((box) => box.dataset.errors);
        const homeless = Object.entries(errors).filter(([name]) => !known.includes(name)).flatMap(([, words]) => words);
        places.forEach((box) => {
            const name = box.dataset.errors;
            const found = [...(errors[name] || []), ...(name === "__all__" ? homeless : [])];
            const lines = document.createElement("ul");
            lines.className = "errorlist";
            lines.append(...found.map((words) => Object.assign(document.createElement("li"), {textContent: words})));
            box.replaceChildren(...(found.length ? [lines] : []));
        });
        const first = form.querySelector("[data-errors] .errorlist");
        if (first) { first.tabIndex = -1; first.focus(); }
    };
    const showReceived = (url) => {
        received.hidden = false;
        received.querySelector("a").href = url;
        document.getElementById("discard").hidden = false;
    };
    document.getElementById("discard").addEventListener("click", () => {
        if (!window.confirm(form.dataset.sure)) { return; }
        drop();
        location.assign(location.pathname + location.search);
    });
    // Sending it again would be answered the same way: it stays here, and somebody has to look.
    const refuse = (said, errors) => {
        pending = null;
        sending = false;
        keep();
        say(said);
        showErrors(errors);
    };
    const send = async (what) => {
        if (sending) { return; }
        sending = true;
        pending = what;
        keep();
        say("sending");
        const body = new FormData();
        Object.entries(what.fields).forEach(([name, value]) => body.set(name, value));
        body.set("csrfmiddlewaretoken", field("csrfmiddlewaretoken").value);
        body.set("do", what.how);
        try {
            const answer = await fetch(form.action || location.href, {
                method: "POST", body, credentials: "same-origin", headers: {"X-Requested-With": "fetch"},
            });
            const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
            if (answer.redirected || (answer.status === 403 && !isJson)) {
                // The session is over, or began anew elsewhere: sign in, and everything is still here.
                pending = null;
                keep({signedOut: true});
                if (answer.redirected) {
                    location.assign(`${form.dataset.login}?${new URLSearchParams({next: location.pathname + location.search})}`);
                } else { location.reload(); }
                return;
            }
            if (answer.status >= 500 || [408, 425, 429].includes(answer.status)) { throw new Error(String(answer.status)); }
            if (!isJson) { refuse("refused", {__all__: [`${form.dataset.strange} (${answer.status})`]}); return; }
            const said = await answer.json();
            if (!answer.ok) {
                if (said.version) { field("version").value = said.version; }
                refuse("wrong", said.errors || {__all__: [`${form.dataset.strange} (${answer.status})`]});
                if (said.url) { showReceived(said.url); }
                return;
            }
            if (JSON.stringify(typed()) !== JSON.stringify(what.fields)) {
                // More was typed while it was on its way: that is not there yet.
                refuse("since", {});
                showReceived(said.url);
                return;
            }
            pending = null;
            drop();
            location.assign(said.url);
        } catch {
            sending = false;
            say("kept");
            later();
        }
    };
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        pause = 0;
        send({how: event.submitter?.value || "submit", fields: typed()});
    });
    form.addEventListener("input", (event) => {
        if (["arrived", "date"].includes(event.target.name)) { byHand = true; }
        keep();
    });
    form.addEventListener("change", () => keep());
    window.addEventListener("online", () => { if (pending) { pause = 0; send(pending); } });
    // A form that comes back from the browser's memory after it was sent would carry its old key.
    window.addEventListener("pageshow", (event) => { if (event.persisted) { location.reload(); } });

    const draft = read();
    if (draft?.fields) {
        restore(draft);
        say(draft.signedOut ? "back" : "restored");
    }
    showStation();
    showIncident();
    if (draft?.pending?.fields && !draft.signedOut) { send(draft.pending); }
});
