// What was typed for a visit is kept on this device for a day at most, and not beyond signing out.
"use strict";
{
    const PREFIX = "visit-draft:";
    const DAY = 24 * 3600 * 1000;
    const each = (use) => {
        try {
            for (const key of Object.keys(localStorage)) { if (key.startsWith(PREFIX)) { use(key); } }
        } catch { /* no storage: nothing is kept */ }
    };
    each((key) => {
        let draft = null;
        try { draft = JSON.parse(localStorage.getItem(key)); } catch { /* not ours */ }
        if (!draft || !(Date.now() - draft.at < DAY)) { localStorage.removeItem(key); }
    });
    document.addEventListener("submit", (event) => {
        if (event.target.id === "logout-form") { each((key) => localStorage.removeItem(key)); }
    });
}
