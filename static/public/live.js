/* Renews the part of a page that shows figures while it is open: asks the server whether it changed (304 if not) and
   replaces only the sections that differ, so that scroll, focus, selection and open parts stay. */
"use strict";
(function () {
  var live = document.getElementById("live");
  var seconds = live && Number(live.dataset.refresh);
  if (!seconds) { return; }
  var failures = 0;

  function patch(fresh) {
    var old = Array.from(live.children), now = Array.from(fresh.children);
    if (old.length !== now.length) { live.replaceChildren.apply(live, now); return; }
    old.forEach(function (part, index) {
      if (part.outerHTML === now[index].outerHTML || hasFocus(part)) { return; }
      var scrolls = Array.from(part.querySelectorAll(".scroll")).map(function (box) { return [box.scrollLeft, box.scrollTop]; });
      part.replaceWith(now[index]);
      now[index].querySelectorAll(".scroll").forEach(function (box, number) {
        if (scrolls[number]) { box.scrollLeft = scrolls[number][0]; box.scrollTop = scrolls[number][1]; }
      });
    });
  }

  /* A part in which somebody is at work with the keyboard waits until they have left it. */
  function hasFocus(part) { return document.hasFocus() && part.contains(document.activeElement); }

  function ask() {
    if (document.hidden) { later(); return; }
    fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.text();
    }).then(function (text) {
      failures = 0;
      var page = new DOMParser().parseFromString(text, "text/html"), fresh = page.getElementById("live");
      /* The clock of a demonstration stands in its banner, outside the figures. */
      var clock = document.getElementById("simulated-time"), moment = page.getElementById("simulated-time");
      if (clock && moment) { clock.textContent = moment.textContent; }
      if (fresh) { seconds = Number(fresh.dataset.refresh) || seconds; patch(fresh); }
      later();
    }).catch(function () { failures += 1; later(); });
  }

  function later() { setTimeout(ask, 1000 * Math.min(seconds * Math.pow(2, failures), 120)); }
  later();
})();
