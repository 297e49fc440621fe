// The button that says yes counts what is ticked; a box with a limit says how much of it is left.
"use strict";
{
    const yes = document.querySelector(".ask-first .submit-row input[type=submit]");
    const parts = [...document.querySelectorAll(".ask-first input[name=parts]")];
    const count = () => {
        const ticked = parts.filter((part) => part.checked).length;
        yes.value = ticked ? yes.dataset.many.replace("#", Number(yes.dataset.count) + ticked) : yes.dataset.alone;
    };
    for (const part of parts) part.addEventListener("change", count);
    // A browser that comes back to the page keeps the ticks, not the words of the button.
    if (parts.length) window.addEventListener("pageshow", count);
    for (const box of document.querySelectorAll(".ask-first textarea[maxlength]")) {
        const left = document.createElement("p");
        left.className = "left";
        const tell = () => { left.textContent = `${box.value.length} / ${box.maxLength}`; };
        box.after(left);
        box.addEventListener("input", tell);
        window.addEventListener("pageshow", tell);
    }
}
