// A step to the public leaves the page: whoever typed something and did not save it is told first.
"use strict";
{
    const box = document.querySelector(".state-now");
    const form = document.querySelector("#content-main > form[id$='_form']");
    const typed = () => JSON.stringify([...new FormData(form)].filter(([name, value]) => typeof value === "string"));
    if (box && form) {
        const warning = box.querySelector(".unsaved");
        let before = "";
        // Other scripts fill in look-ups when the page is loaded.
        window.addEventListener("load", () => setTimeout(() => { before = typed(); }));
        for (const step of box.querySelectorAll("form")) {
            step.addEventListener("submit", (event) => {
                // What came back with an error, or was put back after signing in again, is not saved either.
                const unsaved = box.dataset.unsaved || document.querySelector(".put-back") || (before && typed() !== before);
                if (warning.hidden && unsaved) {
                    event.preventDefault();
                    warning.hidden = false;
                }
            });
        }
    }
}
