// Asks the server what local hours mean in UTC while they are typed, and shows the answer: for windows and for slots.
"use strict";
window.askHours = async (address, query, output) => {
    const asked = String(new URLSearchParams(query));
    output.dataset.asked = asked;
    try {
        const answer = await fetch(`${address}?${asked}`, {credentials: "same-origin"});
        if (!answer.ok || output.dataset.asked !== asked) { return; }
        const hours = await answer.json();
        output.textContent = hours.text || hours.error || "";
        output.classList.toggle("wrong", Boolean(hours.error));
    } catch { output.textContent = ""; } // no line: shown after saving
};
