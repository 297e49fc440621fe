// What the page asks is about what is ticked: its title, its sentence, its button and what it shows of the records follow
// the ticks. A box with a limit says how much of it is left.
"use strict";
{
    const parts = [...document.querySelectorAll(".ask-first input[name=parts]")];
    const choices = document.getElementById("choices");
    if (parts.length && choices) {
        const { groups, said } = JSON.parse(choices.textContent);
        const shown = [...document.querySelectorAll(".ask-first .says")].slice(-parts.length);
        const put = (selector, words) => {
            const place = document.querySelector(selector);
            if (place && place.textContent !== words) place.textContent = words;
        };
        const follow = () => {
            const numbers = Array(Math.max(...groups) + 1).fill(0);
            parts.forEach((part, at) => {
                if (part.checked) numbers[groups[at]] += 1;
                if (shown.length === parts.length) shown[at].hidden = !part.checked;
            });
            const [title, words, yes] = said[numbers.join(",")];
            const heading = document.querySelector("h1");
            document.title = document.title.replace(heading.textContent, title);
            heading.textContent = title;
            put(".asked-title", title);
            put(".asked-words", words);
            document.querySelector(".ask-first .submit-row input[type=submit]").value = yes;
        };
        for (const part of parts) part.addEventListener("change", follow);
        // A browser that comes back to the page keeps the ticks, not the words.
        window.addEventListener("pageshow", follow);
    }
    for (const box of document.querySelectorAll(".ask-first textarea[maxlength]")) {
        const left = document.createElement("p");
        left.className = "left";
        const tell = () => { left.textContent = `${box.value.length} / ${box.maxLength}`; };
        box.after(left);
        box.addEventListener("input", tell);
        window.addEventListener("pageshow", tell);
    }
}
