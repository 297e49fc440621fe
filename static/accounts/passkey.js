// Says on the page what allauth's script only tells the console. Enter in the name does what the button does.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const add = document.getElementById("add-passkey");
    if (!add) { return; }
    add.closest("form").addEventListener("submit", (event) => { event.preventDefault(); add.click(); });
});
document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const words = document.getElementById("passkey-error");
    if (words) { words.hidden = false; }
});
