/* Offers the reader's own time zone beside the ones of the election. Everything works without it. */
"use strict";
document.querySelectorAll("[data-own-zone]").forEach(function (input) {
  var own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  var list = input.list;
  if (!own || !list || Array.from(list.options).some(function (option) { return option.value === own; })) {
    return;
  }
  var option = document.createElement("option");
  option.value = own;
  list.prepend(option);
});
