// Recovery codes: copied or saved by the browser itself; they are sent nowhere.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const codes = document.getElementById("codes");
    if (!codes) { return; }
    document.getElementById("codes-tools").hidden = false;
    const said = document.getElementById("codes-said");
    const download = document.getElementById("codes-download");
    // A file that is found in a year says whose codes it holds, and for what.
    const whose = document.querySelector(".on-paper").textContent;
    download.href = URL.createObjectURL(new Blob([`${whose}\n\n${codes.value}\n`], { type: "text/plain" }));
    download.addEventListener("click", () => { said.textContent = said.dataset.downloaded; });
    document.getElementById("codes-print").addEventListener("click", () => window.print());
    document.getElementById("codes-copy").addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(codes.value);
        } catch {
            codes.select();
            if (!document.execCommand("copy")) { return; }
        }
        said.textContent = said.dataset.copied;
    });
});
