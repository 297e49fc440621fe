// Gives a name to the fields whose label stands elsewhere on the page, for people who hear the form.
"use strict";
{
    // Cells of an inline table are labelled by the head of their column.
    const labelCells = (root) => {
        for (const cell of root.querySelectorAll(".tabular td[class*='field-']")) {
            const table = cell.closest("table");
            const name = [...cell.classList].find((word) => word.startsWith("field-")).slice("field-".length);
            const head = table && table.querySelector(`th.column-${CSS.escape(name)}`);
            if (!head) { continue; }
            const text = head.textContent.trim();
            cell.dataset.label = text;
            for (const field of cell.querySelectorAll("input:not([type=hidden]), select, textarea")) {
                if (!field.hasAttribute("aria-label") && !field.labels?.length) { field.setAttribute("aria-label", text); }
            }
        }
        for (const box of root.querySelectorAll("td.delete input[type=checkbox]")) {
            const head = box.closest("table").querySelector("thead th:last-child");
            if (head) { box.closest("td").dataset.label = head.textContent.trim(); }
            if (!box.labels?.length && head) { box.setAttribute("aria-label", head.textContent.trim()); }
        }
    };

    // A look-up (select2) shows a box of its own in place of the select and forgets the label.
    const labelLookups = (root) => {
        for (const select of root.querySelectorAll("select.admin-autocomplete")) {
            const box = select.nextElementSibling?.querySelector(".select2-selection");
            if (!box) { continue; }
            const text = select.getAttribute("aria-label") || select.labels?.[0]?.textContent.trim().replace(/:$/, "");
            if (!text) { continue; }
            const value = box.querySelector(".select2-selection__rendered");
            const shown = value && value.textContent.replace("×", "").trim();
            box.removeAttribute("aria-labelledby");
            box.setAttribute("aria-label", shown ? `${text}: ${shown}` : text);
            if (value?.getAttribute("role") === "textbox") { value.setAttribute("aria-label", text); }
            const search = box.querySelector(".select2-search__field");
            if (search) { search.setAttribute("aria-label", text); }
        }
    };

    // A moment is two fields, for the day and the hour; the label of the row belongs to both.
    const labelMoments = () => {
        for (const field of document.querySelectorAll("p.datetime input")) {
            const row = field.closest(".flex-container, .form-row");
            const name = row?.querySelector("legend, label")?.textContent.trim().replace(/:$/, "");
            const part = [...field.parentNode.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
            const before = part.filter((node) => node.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING).pop();
            if (name && !field.hasAttribute("aria-label")) {
                field.setAttribute("aria-label", [name, before?.textContent.trim().replace(/:$/, "")].filter(Boolean).join(", "));
            }
        }
    };

    const labelAll = () => { labelCells(document); labelLookups(document); labelMoments(); };

    window.addEventListener("load", () => {
        labelAll();
        document.addEventListener("formset:added", () => setTimeout(labelAll));
        document.addEventListener("lookup:made", () => setTimeout(labelAll));
        if (!window.django?.jQuery) { return; }
        const $ = window.django.jQuery;
        $(document).on("change", "select.admin-autocomplete", () => setTimeout(labelAll));
        $(document).on("select2:open", "select.admin-autocomplete", (event) => {
            const search = document.querySelector(".select2-container--open .select2-dropdown .select2-search__field");
            const name = event.target.getAttribute("aria-label") || event.target.labels?.[0]?.textContent.trim();
            if (search && name) {
                search.setAttribute("aria-label", name.replace(/:$/, ""));
                search.focus();
            }
        });
    });
}
