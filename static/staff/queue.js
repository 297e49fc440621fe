// The queue: choose all rows of the page at once, and say how many are chosen.
"use strict";
{
    const form = document.getElementById("decide");
    const boxes = form ? [...form.querySelectorAll("input[name=row]")] : [];
    const label = form?.querySelector("[data-choose-all]");
    const all = label?.querySelector("input");
    const chosen = form?.querySelector("[data-chosen]");
    const ticked = form?.querySelector("input[name=scope][value=chosen]");
    if (all && boxes.length) {
        const show = () => {
            const number = boxes.filter((box) => box.checked).length;
            all.checked = number === boxes.length;
            all.indeterminate = number > 0 && number < boxes.length;
            chosen.textContent = `(${number})`;
        };
        label.hidden = false;
        all.addEventListener("change", () => {
            for (const box of boxes) { box.checked = all.checked; }
            if (all.checked) { ticked.checked = true; }
            show();
        });
        for (const box of boxes) {
            box.addEventListener("change", () => { if (box.checked) { ticked.checked = true; } show(); });
        }
        show();
    }
}
