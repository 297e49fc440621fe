// Warns before a session ends, and makes it longer on demand. Other windows may have been at work, so the server is
// asked before anybody is warned.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const state = document.getElementById("session-state");
    const box = document.getElementById("session-warning");
    if (!state || !box) { return; }
    const said = box.querySelector("[data-said]");
    const stay = box.querySelector("button");
    const again = box.querySelector("a");
    const warn = Number(state.dataset.warn);
    let ends = 0;
    let last = false; // twelve hours are over: nothing makes it longer
    let timer = 0;

    const now = () => Date.now() / 1000;
    const know = ({ idle, whole }) => {
        last = whole <= idle;
        ends = now() + Math.min(idle, whole);
        window.clearTimeout(timer);
        timer = window.setTimeout(look, Math.max(0, Math.min(ends - now() - warn, 3600)) * 1000);
    };
    const ask = async (method) => {
        const headers = { Accept: "application/json" };
        if (method === "POST") { headers["X-CSRFToken"] = box.querySelector("[name=csrfmiddlewaretoken]").value; }
        const answer = await fetch(state.dataset.address, { method, headers, redirect: "manual", cache: "no-store" });
        return answer.ok ? answer.json() : null;
    };
    const over = () => {
        document.dispatchEvent(new Event("tracker:session-over"));
        said.textContent = state.dataset.over;
        stay.hidden = true;
        again.hidden = false;
        box.hidden = false;
    };
    const show = () => {
        said.textContent = last ? state.dataset.last : state.dataset.idle;
        stay.hidden = last;
        again.hidden = true;
        box.hidden = false;
        timer = window.setTimeout(look, Math.max(1, ends - now() + 1) * 1000);
    };
    const look = async () => {
        let left = null;
        try { left = await ask("GET"); } catch { left = { idle: ends - now(), whole: ends - now() + 1 }; }
        if (!left || Math.min(left.idle, left.whole) <= 0) { over(); return; }
        if (Math.min(left.idle, left.whole) > warn + 5) { box.hidden = true; know(left); return; }
        last = left.whole <= left.idle;
        ends = now() + Math.min(left.idle, left.whole);
        show();
    };
    stay.addEventListener("click", async () => {
        try {
            const left = await ask("POST");
            if (!left) { over(); return; }
            box.hidden = true;
            know(left);
        } catch { said.textContent = state.dataset.failed; }
    });
    know({ idle: Number(state.dataset.idleSeconds), whole: Number(state.dataset.wholeSeconds) });
});
