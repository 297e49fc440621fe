/* Copies the HTML of a frame. Without it the text can be selected and copied by hand. */
"use strict";
document.querySelectorAll("button[data-copy]").forEach(function (button) {
  var text = document.getElementById(button.dataset.copy), said = button.parentNode.querySelector(".copied");

  function select() { text.focus(); text.select(); }

  /* Over plain HTTP a browser has no clipboard to offer, but the old command. */
  function copy() {
    if (navigator.clipboard) { return navigator.clipboard.writeText(text.value); }
    select();
    return document.execCommand("copy") ? Promise.resolve() : Promise.reject(new Error("refused"));
  }

  button.hidden = false;
  button.addEventListener("click", function () {
    copy().then(function () { said.textContent = button.dataset.copied; }, function () {
      select();
      said.textContent = button.dataset.failed;
    });
  });
  text.addEventListener("focus", function () { text.select(); });
});
