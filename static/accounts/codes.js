// Recovery codes: copied or saved by the browser itself; they are sent nowhere.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const codes = document.getElementById("codes");
    if (!codes) { return; }
    document.getElementById("codes-tools").hidden = false;
    const download = document.getElementById("codes-download");
    download.href = URL.createObjectURL(new Blob([`${codes.value}\n`], { type: "text/plain" }));
    document.getElementById("codes-print").addEventListener("click", () => window.print());
    document.getElementById("codes-copy").addEventListener("click", async () => {
        const said = document.getElementById("codes-said");
        try {
            await navigator.clipboard.writeText(codes.value);
        } catch {
            codes.select();
            if (!document.execCommand("copy")) { return; }
        }
        said.textContent = said.dataset.copied;
    });
});
