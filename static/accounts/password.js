// A new password: shown on demand to whoever types it. And a form is sent once, however often its button is pressed.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-show]")) {
        const field = document.getElementById(button.dataset.show);
        const show = (shown) => {
            field.type = shown ? "text" : "password";
            [button.children[0].hidden, button.children[1].hidden] = [shown, !shown];
        };
        button.hidden = false;
        button.addEventListener("click", () => { show(field.type === "password"); });
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
