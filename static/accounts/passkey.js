// Says on the page what allauth's script only tells the console.
"use strict";
document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const words = document.getElementById("passkey-error");
    if (words) { words.hidden = false; }
});
