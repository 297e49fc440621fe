// A new password: shown on demand to whoever types it, and looked at by the server before the form is sent, because a
// form that comes back has none in it any more. And a form is sent once, however often its button is pressed.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    // Nothing else that listens to the form learns that it was sent as long as its password is bad.
    const lookAt = (field, address) => {
        const said = document.getElementById(`${field.id}_error`);
        let seen = "", asked = null; // the password that was looked at last, and the promise of what is wrong with it
        said.setAttribute("role", "alert");
        field.setAttribute("aria-describedby", `${field.id}_helptext ${said.id}`);
        const ask = async (password) => {
            const csrfmiddlewaretoken = field.form.elements.csrfmiddlewaretoken.value;
            let complaints = [];
            try {
                const body = new URLSearchParams({ csrfmiddlewaretoken, password });
                const answer = await fetch(address, { method: "POST", body, cache: "no-store" });
                complaints = answer.ok ? (await answer.json()).complaints : [];
            } catch { /* the form itself is looked at as well */ }
            if (field.value === password) {
                said.textContent = complaints.join(" ");
                said.hidden = !complaints.length;
                field.setAttribute("aria-invalid", String(!said.hidden));
                field.closest(".account-field").classList.toggle("wrong", !said.hidden);
            }
            return complaints;
        };
        const look = () => {
            if (!asked || field.value !== seen) {
                seen = field.value;
                asked = ask(seen);
            }
            return asked;
        };
        let good = ""; // the password that nothing is wrong with
        field.addEventListener("change", () => { if (field.value) { look(); } });
        field.form.addEventListener("submit", async (event) => {
            if (field.value === good) { return; }
            event.preventDefault();
            event.stopImmediatePropagation();
            const { submitter } = event;
            const complaints = await look();
            if (field.value !== seen || field.value === good) { return; } // typed on, or sent already
            if (complaints.length) { field.focus(); return; }
            good = seen;
            field.form.requestSubmit(submitter);
        });
    };
    for (const button of document.querySelectorAll("[data-show]")) {
        const field = document.getElementById(button.dataset.show);
        const show = (shown) => {
            field.type = shown ? "text" : "password";
            [button.children[0].hidden, button.children[1].hidden] = [shown, !shown];
        };
        button.hidden = false;
        button.addEventListener("click", () => { show(field.type === "password"); });
        if (button.dataset.look) { lookAt(field, button.dataset.look); }
        // Hidden again before it is sent: browsers remember what is typed into fields of text.
        field.form.addEventListener("submit", () => { show(false); });
    }
    for (const form of document.querySelectorAll("form[data-once]")) {
        let sent = false;
        form.addEventListener("submit", (event) => {
            if (sent) { event.preventDefault(); }
            sent = true;
        });
        // Back again from another page, as it was left.
        window.addEventListener("pageshow", () => { sent = false; });
    }
});
