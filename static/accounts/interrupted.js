// The pages to sign in: a form that was sent when its session was over is kept for after signing in (typed.js).
"use strict";
for (const key of Object.keys(sessionStorage)) {
    if (!key.startsWith("typed:")) { continue; }
    try {
        const entry = JSON.parse(sessionStorage.getItem(key));
        entry.interrupted = true;
        sessionStorage.setItem(key, JSON.stringify(entry));
    } catch { sessionStorage.removeItem(key); }
}
